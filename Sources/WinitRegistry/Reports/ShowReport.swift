// The JSON of `show`.

package import WinitJSON
import WinitStorage

/// A run and its tensors.
package struct ShowReport: Sendable, JSONReport {
  package let run: Run
  /// The tensors, in the order of the spec.
  package let tensors: [RunTensor]

  package init(run: Run, tensors: [RunTensor]) {
    self.run = run
    self.tensors = tensors
  }

  package var jsonValue: JSONValue { .object(run.jsonValue, [.init("tensors", .array(tensors.map(\.jsonValue)))]) }
}
