// version: show the versions and the vector kernel.

import ArgumentParser
import WinitCore
import WinitRegistry

struct VersionCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "version", abstract: "Show the versions of the command and the law, and the vector kernel in use.",
    discussion: """
      The law defines the bits of every tensor; equal law versions give equal bits. The kernel is the set of vector \
      instructions that fills tensors; $WINIT_KERNEL selects another one.
      """)

  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let report = VersionReport()
      let kernels = report.available.map(\.rawValue).joined(separator: ", ")
      try emit(
        json.enabled
          ? report.json
          : Table(fields: [
            ["winit-registry", report.toolVersion], ["law", report.lawVersion],
            ["kernel", "\(report.kernel.rawValue) (available: \(kernels))"],
          ]).text)
    }
  }
}
