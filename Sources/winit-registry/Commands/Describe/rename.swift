// rename: rename all runs of a name.

import ArgumentParser
import WinitRegistry

struct RenameCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "rename", abstract: "Rename all runs of a name.",
    discussion: """
      Versions, ids and aliases stay the same. Names are never reused, so that a reference keeps its meaning: no other run \
      may ever have had the new name.

        winit-registry rename gpt2 gpt2-small       # gpt2:v1 becomes gpt2-small:v1
      """)

  @Argument(help: "The present name, such as gpt2.", completion: .runNames) var old: String
  @Argument(help: "The new name, such as gpt2-small: letters, digits, `.`, `_`, `/` and `-`.") var new: String
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let count = try registry.open().rename(old, to: new)
      let report = RenameReport(from: old, to: new, runCount: count)
      try emit(json.enabled ? report.json : "renamed `\(old)` to `\(new)` (\(counted(count, "run")))")
    }
  }
}
