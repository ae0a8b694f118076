// The words that a shell offers for the arguments and options of the commands.

import ArgumentParser
import WinitInitializers
import WinitRegistry

extension CompletionKind {
  /// References to runs: names, and with `:` versions and aliases.
  static let runs: CompletionKind = fromRegistry { $0.references(startingWith: $1.text) }

  /// References to deleted runs.
  static let deletedRuns: CompletionKind = fromRegistry { $0.deletedReferences(startingWith: $1.text) }

  /// The names of runs, without versions.
  static let runNames: CompletionKind = fromRegistry { $0.runNames(startingWith: $1.text) }

  /// Aliases, without names.
  static let aliases: CompletionKind = fromRegistry { $0.aliases(startingWith: $1.text) }

  /// The tensors of the first run on the command line.
  static let tensors: CompletionKind = fromRegistry { $0.tensors(ofRunAmong: $1.operands, startingWith: $1.text) }

  static let experiments: CompletionKind = fromRegistry { $0.experiments(startingWith: $1.text) }

  static let tagKeys: CompletionKind = fromRegistry { $0.tagKeys(startingWith: $1.text) }

  /// Schemes, by name and alias.
  static let schemes: CompletionKind = words { _ in SchemeCatalog.schemes.flatMap { [$0.name] + $0.aliases } }

  static let presets: CompletionKind = words { _ in ModelSpec.presetNames }

  /// The options of the preset that --preset names, with the values that the help names.
  static let presetOptions: CompletionKind = words { request in
    guard let preset = request.value(of: "--preset"), let report = try? PresetOptionsReport(preset) else { return [] }
    return report.options.flatMap { option in
      option.kind == "boolean" ? ["\(option.name)=true", "\(option.name)=false"] : ["\(option.name)="]
    }
  }

  static let dtypes: CompletionKind = list(DType.allCases.map(\.rawValue))

  static let floatingPointDTypes: CompletionKind = list(DType.allCases.filter(\.isFloatingPoint).map(\.rawValue))

  static let specs: CompletionKind = file(extensions: ["yaml", "yml", "json"])

  /// Checkpoints: files, indices and folders.
  static let checkpoints: CompletionKind = file(extensions: ["safetensors", "json"])

  /// Words that depend on the registry that the command line selects.
  private static func fromRegistry(_ names: @escaping @Sendable (RegistryNames, CompletionRequest) -> [String]) -> Self
  {
    words { request in request.registry.map { names($0, request) } ?? [] }
  }

  private static func words(_ words: @escaping @Sendable (CompletionRequest) -> [String]) -> CompletionKind {
    custom { all, index, prefix in
      words(CompletionRequest(all, index, prefix: prefix)).map(escapedForScript)
    }
  }
}

/// Returns a word in the form that ArgumentParser's script of the requesting shell expects. The script of zsh passes the
/// words to `_describe`, which takes the text after a colon as a description.
private func escapedForScript(_ word: String) -> String {
  guard CompletionShell.requesting == .zsh else { return word }
  return word.flatMap { "\\:".contains($0) ? ["\\", $0] : [$0] }.reduce(into: "") { $0.append($1) }
}
