// Slices of tensors, as Python writes them.

package import WinitCore

/// A basic slice of a tensor, such as `0:10,:,-1`.
///
/// For each leading axis it has one index, which drops the axis, or a range `start:stop`. Negative numbers count from
/// the end, ranges are clipped to the axis, and axes that are not named are taken whole, all as in Python. Steps are
/// not supported. Whether a slice fits the shape of a tensor is checked when the tensor is read.
///
/// ```swift
/// let rows = try registry.floats(of: "fc.weight", in: run, slice: TensorSlice("0:10,:"))
/// let share = TensorSlice([.range(start: rank * 512, stop: (rank + 1) * 512)])
/// ```
public struct TensorSlice: Sendable, Hashable, CustomStringConvertible {
  /// The part of one axis that a slice takes.
  public enum Axis: Sendable, Hashable {
    /// One position, which must lie in the axis. The result does not have the axis.
    case index(Int)
    /// The positions from `start` to `stop`, without `stop`; nil for the beginning or the end of the axis.
    case range(start: Int? = nil, stop: Int? = nil)
  }

  package let core: Slice

  init(_ core: Slice) { self.core = core }

  /// Creates a slice from one entry for each leading axis. Without entries it takes the whole tensor.
  public init(_ axes: [Axis]) {
    core = Slice(
      axes.map { axis in
        switch axis {
        case .index(let index): .index(index)
        case .range(let start, let stop): .range(start: start, stop: stop)
        }
      })
  }

  /// Reads a slice as it is typed: `0:10,:`. White space around numbers is allowed, and one pair of brackets around the
  /// slice.
  ///
  /// - Throws: `RegistryError` with the code `invalidSlice`.
  public init(_ text: String) throws {
    core = try translatingErrors { try Slice(parsing: text) }
  }

  /// The slice as it is typed, for example `0:10,:`.
  public var description: String { core.description }
}
