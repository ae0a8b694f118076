// A shape in manifests and records.

public import WinitJSON

extension Shape {
  /// The dims as an array of numbers.
  public var json: JSONValue { .array(dims.map(JSONValue.integer)) }
}
