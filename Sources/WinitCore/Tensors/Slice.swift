// Slices in Python's notation, before the shape is known.

/// A basic slice such as `0:10,:,-1`: one entry for each leading axis, either an index, which drops the axis, or a
/// range `start:stop`.
///
/// As in Python, negative numbers count from the end, ranges are clipped to the axis, and the axes after the last entry
/// are taken whole. Steps are not supported.
package struct Slice: Sendable, Hashable, CustomStringConvertible {
  /// The entry for one axis.
  package enum Axis: Sendable, Hashable {
    /// One position. The result does not have the axis.
    case index(Int)
    /// A range `start:stop`. Both bounds are optional.
    case range(start: Int?, stop: Int?)
  }

  /// One entry for each leading axis.
  package let axes: [Axis]

  /// Creates a slice from its entries.
  package init(_ axes: [Axis]) { self.axes = axes }

  /// Reads a text such as `0:10,:`. White space around numbers is allowed, and so is one pair of brackets around the
  /// text.
  package init(parsing text: String) throws(SliceError) {
    var body = Substring(text).trimmed
    if body.hasPrefix("["), body.hasSuffix("]"), body.count >= 2 {
      body = body.dropFirst().dropLast().trimmed
    }
    guard !body.isEmpty else { throw .empty(text) }
    var axes: [Axis] = []
    var items = body.split(separator: ",", omittingEmptySubsequences: false)
    if items.count > 1, items[items.count - 1].trimmed.isEmpty { items.removeLast() }
    for item in items {
      let bounds = item.split(separator: ":", omittingEmptySubsequences: false).map(\.trimmed)
      switch bounds.count {
      case 1:
        guard let index = Slice.integer(bounds[0]) else {
          throw .notAnIndex(String(item.trimmed), in: text)
        }
        axes.append(.index(index))
      case 2:
        var ends: [Int?] = []
        for bound in bounds {
          let value = Slice.integer(bound)
          guard bound.isEmpty || value != nil else { throw .notAnInteger(String(bound), in: text) }
          ends.append(value)
        }
        axes.append(.range(start: ends[0], stop: ends[1]))
      default:
        throw .step(String(item.trimmed), in: text)
      }
    }
    self.axes = axes
  }

  /// The slice in the notation that `init(parsing:)` reads.
  package var description: String {
    axes.map { axis in
      switch axis {
      case .index(let index): "\(index)"
      case .range(let start, let stop): (start.map(String.init) ?? "") + ":" + (stop.map(String.init) ?? "")
      }
    }.joined(separator: ",")
  }

  /// Reads a decimal integer with an optional sign. A number outside 64 bits gives the nearest number inside. Returns
  /// nil for any other text.
  private static func integer(_ text: Substring) -> Int? {
    let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text) ?? (text.hasPrefix("-") ? -Int.max : Int.max)
  }
}

extension Substring {
  /// The text without spaces and tabs at either end.
  fileprivate var trimmed: Substring {
    var text = self
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
