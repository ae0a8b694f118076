// Tensors that differ only by numbers in their names, as one line of a table.

/// Tensors of one shape, dtype and scheme whose names differ only by numbers, such as `h.{0-11}.attn.c_attn.weight`.
package struct TensorFamily: Sendable {
  /// The name with the numbers of the members: `{0-11}` for a range, `{0,2,...,58}` for equal steps, or a list. The
  /// label of one tensor is its name.
  package var label: String
  /// The members in their own order; at least one.
  package var members: [TensorDiagnosis]

  /// A name with more numbers than these is a family of its own.
  private static let maximumNumbers = 8

  /// Groups tensors to families, in the order of their first members. A family of several numbers holds every
  /// combination of them, so that its label says which tensors it holds.
  package static func families(of tensors: [TensorDiagnosis]) -> [TensorFamily] {
    let names = tensors.map { NumberedName($0.name, maximumNumbers: maximumNumbers) }
    var groups: [GroupKey: [Int]] = [:]
    for (i, tensor) in tensors.enumerated() { groups[GroupKey(names[i], tensor), default: []].append(i) }
    var families: [(first: Int, family: TensorFamily)] = []
    for group in groups.values {
      for members in products(of: group, names) {
        let label = names[members[0]].label(with: members.map { names[$0].numbers })
        families.append((members[0], TensorFamily(label: label, members: members.map { tensors[$0] })))
      }
    }
    return families.sorted { $0.first < $1.first }.map(\.family)
  }

  /// What the members of a family share. Texts are compared as bytes, as tensor names are.
  private struct GroupKey: Hashable {
    let pattern: [[UInt8]]
    let shape: [Int]
    let dtype: [UInt8]
    let scheme: [UInt8]?
    let isTied: Bool

    init(_ name: NumberedName, _ tensor: TensorDiagnosis) {
      pattern = name.texts.map { Array($0.utf8) }
      (shape, dtype) = (tensor.shape, Array(tensor.dtype.utf8))
      (scheme, isTied) = (tensor.scheme.map { Array($0.utf8) }, tensor.tiedTo != nil)
    }
  }

  /// Splits tensors of one pattern until each part holds every combination of its numbers.
  private static func products(of group: [Int], _ names: [NumberedName], from position: Int = 0) -> [[Int]] {
    guard let first = group.first else { return [] }
    let width = names[first].numbers.count
    let combinations = (0..<width).reduce(1.0) { product, i in
      product * Double(Set(group.map { names[$0].numbers[i] }).count)
    }
    if combinations == Double(group.count), Set(group.map { names[$0].numbers }).count == group.count { return [group] }
    // Two tensors of one name, which only a foreign document has.
    guard position < width else { return group.map { [$0] } }
    // Values of this number that occur with the same other numbers stay together.
    let byValue = Dictionary(grouping: group) { names[$0].numbers[position] }
    let byRest = Dictionary(grouping: byValue.keys) { value in
      Set((byValue[value] ?? []).map { names[$0].numbers(without: position) })
    }
    return byRest.values.flatMap { values in
      products(of: values.flatMap { byValue[$0] ?? [] }.sorted(), names, from: position + 1)
    }
  }
}
