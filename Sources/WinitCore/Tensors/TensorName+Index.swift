// A dictionary of elements by tensor name.

extension Sequence {
  /// Returns a dictionary of the elements by tensor name. If several elements have the same name, it has the first one.
  package func firstByName(_ name: (Element) -> TensorName) -> [TensorName: Element] {
    Dictionary(map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
  }
}
