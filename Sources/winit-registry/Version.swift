// version: what this is, and what it runs on.

import ArgumentParser
import WinitRegistry

struct Version: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the version, the law, and the kernel that was picked for this processor.")

  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let available = SIMDKernel.allCases.filter(\.isAvailable).map(\.rawValue)
      if json.enabled {
        let facts: JSONValue = [
          "version": .string(toolVersion), "law_version": .string(lawVersion),
          "kernel": .string(SIMDKernel.current.rawValue), "kernels": .array(available.map(JSONValue.string)),
        ]
        try emit(facts.pretty)
      } else {
        try emit(
          table([
            ["winit-registry", toolVersion], ["law", lawVersion],
            ["kernel", "\(SIMDKernel.current.rawValue) (of \(available.joined(separator: ", ")))"],
          ]))
      }
    }
  }
}
