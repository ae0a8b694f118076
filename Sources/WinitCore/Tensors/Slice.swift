// Slices as Python writes them: what a person says, before any shape is known.

/// A basic slice such as `0:10,:,-1`: for each leading axis one index, which drops the axis, or a range
/// `start:stop`. Negative numbers count from the end and ranges are clipped to the axis, as in Python;
/// axes not named are taken whole. Steps are not supported.
public struct Slice: Sendable, Hashable, CustomStringConvertible {
  /// What is taken of one axis.
  public enum Axis: Sendable, Hashable {
    /// One position; the axis is dropped from the result.
    case index(Int)
    /// `start:stop`, either of which may be left out.
    case range(start: Int?, stop: Int?)
  }

  /// One entry for each leading axis.
  public let axes: [Axis]

  /// A slice of these axes.
  public init(_ axes: [Axis]) { self.axes = axes }

  /// Reads `0:10,:`. White space around numbers is allowed, and one pair of brackets around the whole.
  public init(parsing text: String) throws(SliceError) {
    var body = Substring(text).trimmed
    if body.hasPrefix("["), body.hasSuffix("]"), body.count >= 2 {
      body = body.dropFirst().dropLast().trimmed
    }
    guard !body.isEmpty else { throw .malformed(text, "it is empty; write `:` for a whole axis") }
    var axes: [Axis] = []
    var items = body.split(separator: ",", omittingEmptySubsequences: false)
    if items.count > 1, items[items.count - 1].trimmed.isEmpty { items.removeLast() }
    for item in items {
      let bounds = item.split(separator: ":", omittingEmptySubsequences: false).map(\.trimmed)
      switch bounds.count {
      case 1:
        guard let index = Slice.integer(bounds[0]) else {
          throw .malformed(text, "`\(item.trimmed)` is neither an integer nor a range such as `0:10`")
        }
        axes.append(.index(index))
      case 2:
        var ends: [Int?] = []
        for bound in bounds {
          let value = Slice.integer(bound)
          guard bound.isEmpty || value != nil else { throw .malformed(text, "`\(bound)` is not an integer") }
          ends.append(value)
        }
        axes.append(.range(start: ends[0], stop: ends[1]))
      default:
        throw .malformed(text, "`\(item.trimmed)` has a step, which is not supported; write start:stop")
      }
    }
    self.axes = axes
  }

  /// As it would be typed.
  public var description: String {
    axes.map { axis in
      switch axis {
      case .index(let index): "\(index)"
      case .range(let start, let stop): (start.map(String.init) ?? "") + ":" + (stop.map(String.init) ?? "")
      }
    }.joined(separator: ",")
  }

  /// A decimal integer with an optional sign, and nothing else; one beyond 64 bits counts as the nearest within.
  private static func integer(_ text: Substring) -> Int? {
    let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text) ?? (text.hasPrefix("-") ? -Int.max : Int.max)
  }
}

/// Why a slice cannot be taken.
public enum SliceError: Error, Equatable, CustomStringConvertible {
  /// The text is not a slice.
  case malformed(String, String)
  /// More axes are named than the tensor has.
  case tooManyAxes(Slice, Shape)
  /// A single index lies outside its axis.
  case outOfRange(index: Int, axis: Int, Shape)

  /// What is wrong, for a person.
  public var description: String {
    switch self {
    case .malformed(let text, let why): "`\(text)` is not a slice: \(why)"
    case .tooManyAxes(let slice, let shape):
      "the slice `\(slice)` is for a rank of at least \(slice.axes.count), but the shape is \(shape)"
    case .outOfRange(let index, let axis, let shape):
      "index \(index) is out of range for axis \(axis) of \(shape), whose length is \(shape.dims[axis])"
    }
  }
}

extension Substring {
  var trimmed: Substring {
    var text = self
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
