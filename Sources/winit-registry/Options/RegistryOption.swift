// The option that names the registry file.

import ArgumentParser
import Foundation
import WinitRegistry

/// The registry file.
struct RegistryOption: ParsableArguments {
  @Option(
    name: .customLong("registry"), parsing: .unconditional,
    help: ArgumentHelp("The registry file. (default: $WINIT_REGISTRY, else winit.sqlite)", valueName: "path"))
  var given: String?

  var path: String {
    if let given { return given }
    let variable = ProcessInfo.processInfo.environment["WINIT_REGISTRY"] ?? ""
    return variable.isEmpty ? "winit.sqlite" : variable
  }

  func open() throws -> Registry { try Registry(opening: path) }
}
