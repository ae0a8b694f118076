// The JSON of `show`.

package import WinitJSON
import WinitStorage

/// A run and its tensors.
package struct ShowReport: Sendable, JSONReport {
  package let run: Run
  /// The tensors, in the order of the spec.
  package let tensors: [RunTensor]
  /// The skipped tensors, and the metadata of an imported checkpoint.
  package let details: RunDetails

  package init(run: Run, tensors: [RunTensor], details: RunDetails) {
    self.run = run
    self.tensors = tensors
    self.details = details
  }

  package var jsonValue: JSONValue {
    .object(
      run.jsonValue,
      [
        .init("skipped_tensors", .strings(details.skipped)),
        .init("file_metadata", .object(details.metadata.map { .init($0.key, .string($0.value)) })),
        .init("tensors", .array(tensors.map(\.jsonValue))),
      ])
  }
}
