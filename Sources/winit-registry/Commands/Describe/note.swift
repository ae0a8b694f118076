// note: set the note of a run.

import ArgumentParser
import WinitRegistry

struct NoteCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "note", abstract: "Set the note of a run, replacing the old note.",
    discussion: """
        winit-registry note gpt2:v3 'diverged at step 100'
      """)

  @Argument(help: "The run, such as gpt2:v3.", completion: .runs) var reference: String
  @Argument(help: "The note, free text; '' removes the note.") var text: String
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      var update = RunMetadataUpdate()
      update.note = text
      let run = try registry.update(try registry.run(toChange: reference), update)
      try emit(json.enabled ? run.json : run.metadataText(in: registry))
    }
  }
}
