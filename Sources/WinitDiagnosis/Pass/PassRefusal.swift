// The reason why there is no pass.

/// A network, a batch or a weight that a pass cannot run, with the reason as a sentence. It is no fault of the model.
package struct PassRefusal: Error, Sendable, Hashable, CustomStringConvertible {
  package let reason: String

  package init(_ reason: String) { self.reason = reason }

  package var description: String { reason }
}
