// The JSON of `create`, and of `import` of a checkpoint.

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
      ])
  }
}
