// get: weights out of the registry, into a file.

public import ArgumentParser
import Foundation
import WinitRegistry

extension ExportFormat: ExpressibleByArgument {}

struct Get: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a run's weights, or part of them, to a file.",
    discussion: """
      Stored bytes are read; a recipe is filled again. Either way every chunk is checked against its recorded digest \
      before a byte of it is written. The file appears whole or not at all.

      A slice is written as in Python: `0:10,:` is ten rows, `-1` the last one; trailing axes may be left out. It \
      costs about its own size, not the tensor's.

      With `-o FOLDER/` and --format npy or raw each tensor becomes a file in a new folder; characters of its name that a \
      file's name should not have are written as % and two digits.
      """)

  @Argument(help: "The run: NAME, NAME:v2, NAME@sha256:… or sha256:….")
  var reference: String

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp(
      "The file; `-` for standard output. (default: NAME-vN, the tensor if it is one, and the format's ending)",
      valueName: "path"))
  var output: String?

  @Option(
    name: .customLong("tensor"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Only this tensor; may be given several times.", valueName: "name"))
  var tensors: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only this part of each tensor, such as '0:10,:'.", valueName: "slice"))
  var slice: String?

  @Option(
    help:
      "safetensors (any number of tensors), npy or raw (one). (default: by the file's ending .npy, .bin or .raw, else safetensors)"
  )
  var format: ExportFormat?

  @Flag(inversion: .prefixedNo, help: "Write tensors that have another's values (same_as) too.")
  var tied = true

  @Flag(help: "Replace the file if it exists.")
  var force = false

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if output == "-", json.enabled { throw ValidationError("--json and `-o -` both need standard output") }
    if output == "-", isatty(STDOUT_FILENO) == 1 {
      throw ValidationError("`-o -` would write bytes to the terminal; pipe them, or name a file")
    }
    if output == nil, slice != nil || tensors.count > 1 {
      throw ValidationError("a slice, or some of the tensors, needs a name for the file: -o PATH")
    }
  }

  func run() throws {
    try reportingErrors {
      let selection = Selection(
        tensors: tensors.isEmpty ? nil : tensors.map { TensorName($0) },
        slice: try slice.map { try Slice(parsing: $0) }, includesTied: tied)
      let registry = try registry.open()
      let run = try registry.run(reference)
      if slice != nil {
        for tensor in try registry.tensors(of: run)
        where tensor.recipe.law.needsWhole && !tensor.isStored
          && (tensors.isEmpty || tensors.contains(tensor.name.string))
        {
          printError(
            "note: no slice of tensor `\(tensor.name)` (\(tensor.recipe.law.name)) can be filled without the whole, which is made now"
          )
        }
      }
      let format = format ?? ExportFormat(endingOf: output ?? "")
      let progress = ProgressBar(run.isStored ? "reading" : "filling")
      if output == "-" {
        do {
          warn(
            try registry.exportToStandardOutput(
              run, selection, format: format, threads: threads.threads, progress: progress.update))
        } catch let error as FileError where error.code == EPIPE {}
        return
      }
      let path = output ?? defaultPath(run, format)
      if path.hasSuffix("/"), format != .safetensors {
        let receipt = try registry.exportFolder(
          run, selection, format: format, to: path, threads: threads.threads, progress: progress.update)
        warn(receipt)
        try emit(json.enabled ? receipt.json(path).pretty : receipt.text(path))
        return
      }
      let receipt = try registry.export(
        run, selection, format: format, to: path, replacing: force, threads: threads.threads,
        progress: progress.update)
      warn(receipt)
      try emit(json.enabled ? receipt.json(path).pretty : receipt.text(path))
    }
  }

  /// In the current directory, whatever characters the names have.
  private func defaultPath(_ run: Run, _ format: ExportFormat) -> String {
    let words = ["\(run.name)-v\(run.version)"] + tensors + [format == .raw ? "bin" : format.rawValue]
    let safe = words.joined(separator: ".").unicodeScalars.map { scalar -> String in
      let isSafe =
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || "._-".unicodeScalars.contains(scalar)
      return isSafe ? String(scalar) : "-"
    }
    return safe.joined()
  }

  private func warn(_ receipt: ExportReceipt) {
    for name in receipt.damaged {
      printError(
        "warning: the stored bytes of tensor `\(name)` are damaged; what was written was filled again from its recipe and has the recorded digest. `verify` shows the extent"
      )
    }
  }
}

extension ExportReceipt {
  fileprivate func json(_ path: String) -> JSONValue {
    [
      "path": .string(path), "reference": .string(run.reference), "id": .string(run.id.description),
      "tensor_count": .integer(tensorCount), "byte_count": .integer(byteCount),
      "seconds": .number(duration / .seconds(1)),
      "damaged": .array(damaged.map { .string($0.string) }),
    ]
  }

  fileprivate func text(_ path: String) -> String {
    let tensors = tensorCount == 1 ? "1 tensor" : "\(tensorCount) tensors"
    return
      "wrote \(path): \(tensors) of \(run.reference), \(humanBytes(byteCount)), in \(humanDuration(duration))"
  }
}

extension ExportFormat {
  /// The format that the ending of a file's name calls for.
  fileprivate init(endingOf path: String) {
    switch path.split(separator: ".").last {
    case "npy": self = .npy
    case "bin", "raw": self = .raw
    default: self = .safetensors
    }
  }
}
