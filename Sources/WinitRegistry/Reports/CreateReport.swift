// The JSON of `create`, `graft`, and of `import` of a checkpoint.

package import WinitJSON
import WinitSpec

extension CreateReceipt {
  /// The run, the bytes that it added and shares, the time of the operation, and the warnings.
  package var jsonValue: JSONValue {
    .object(
      run.jsonValue,
      [
        .init("stored_bytes", .integer(storedBytes)), .init("shared_bytes", .integer(sharedBytes)),
        .init("seconds", .seconds(duration)), .init("warnings", .strings(warnings)),
        .init("same_id", .strings(sameID)),
      ] + (sources.isEmpty ? [] : [.init("sources", .array(sources.map(\.jsonValue)))]))
  }
}

extension CreateReceipt.TensorSource {
  fileprivate var jsonValue: JSONValue {
    ["reference": .string(reference), "tensor_count": .integer(tensorCount)]
  }
}
