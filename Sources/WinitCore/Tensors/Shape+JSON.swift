// A shape as JSON, the form it has in manifests and in the registry.

package import WinitJSON

extension Shape {
  /// The dimensions as an array of numbers.
  package var json: JSONValue { .array(dims.map(JSONValue.integer)) }
}
