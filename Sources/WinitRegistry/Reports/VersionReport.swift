// The JSON of `version`.

package import WinitCore
package import WinitJSON
import WinitStorage

/// The versions of the software and of the law, and the vector kernels of this processor.
package struct VersionReport: Sendable, JSONReport {
  package let toolVersion: String
  package let lawVersion: String
  /// The kernel in use.
  package let kernel: SIMDKernel
  /// The kernels that this processor can run.
  package let available: [SIMDKernel]

  /// Reads the versions and asks the processor.
  package init() {
    toolVersion = Registry.version
    lawVersion = WinitCore.lawVersion
    kernel = .current
    available = SIMDKernel.allCases.filter(\.isAvailable)
  }

  package var jsonValue: JSONValue {
    [
      "version": .string(toolVersion), "law_version": .string(lawVersion), "kernel": .string(kernel.rawValue),
      "kernels": .strings(available.map(\.rawValue)), "schema": .integer(Store.schema),
    ]
  }
}
