// get: write the weights of a run to a file.

public import ArgumentParser
import Foundation
import WinitJSON
import WinitRegistry

extension FileFormat: ExpressibleByArgument {}

struct GetCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "get", abstract: "Write the weights of a run, or a part of them, to a file.",
    discussion: """
      Reads stored bytes, and regenerates what is not stored. Checks every chunk (1 MiB of a tensor) against its recorded \
      digest before writing it. The file appears when it is complete.

      A slice is written as in Python, without steps: one index or range for each axis, from the first axis. `0:10,:` is \
      the first ten rows; `-1` is the last row, without its axis. The cost depends on the size of the slice, not of the \
      tensor; only orthogonal and sparse tensors are regenerated whole.

      With `-o FOLDER/`, the file is model.safetensors in a new folder. With --max-shard-size, it becomes shards and an \
      index with the names that huggingface_hub uses. With --format npy or raw, every tensor becomes a file of its own; in \
      the names of these files, special characters are written as % and two hexadecimal digits.

        winit-registry get gpt2 -o gpt2.safetensors
        winit-registry get gpt2 --tensor transformer.wte.weight --slice 0:10 -o w.npy
        winit-registry get gpt2 --format npy -o gpt2-tensors/
        winit-registry get gpt2 --dtype bfloat16 --max-shard-size 200MB -o gpt2-bf16/
      """)

  @Argument(help: "The run, such as gpt2, gpt2:v2 or sha256:e6dc291b.", completion: .runs)
  var reference: String

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp(
      """
      The file to write, `-` for standard output, or `FOLDER/` for a new folder. (default: NAME-vN.safetensors; for one \
      tensor NAME-vN.TENSOR and the extension of the format)
      """,
      valueName: "path"), completion: .file())
  var output: String?

  @Option(
    name: .customLong("tensor"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Write only this tensor. Repeat the option for more tensors. (default: all tensors)", valueName: "name"),
    completion: .tensors)
  var tensors: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Write only this part of each tensor, such as '0:10,:'. (default: the whole tensor)", valueName: "slice"))
  var slice: String?

  @Option(
    help: ArgumentHelp(
      """
      The file format. safetensors and npz (NumPy's archive) hold any number of tensors; npy (NumPy) and raw \
      (little-endian, row-major, no header) hold one. (default: npy for .npy files, npz for .npz files, raw for .bin and \
      .raw files, otherwise safetensors; endings of formats that are not written, such as .pt, are refused without \
      --format)
      """, valueName: "format"))
  var format: FileFormat?

  @Option(
    help: ArgumentHelp(
      """
      Cast floating-point tensors to this dtype, each element rounded to the nearest value: float64, float32, float16 or \
      bfloat16. Other tensors stay as they are. (default: the dtypes of the run)
      """, valueName: "dtype"), completion: .floatingPointDTypes)
  var dtype: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      With `-o FOLDER/`, the maximum size of a shard, such as 5GB, 200MB or 64kB (powers of ten). A tensor that is larger \
      gets a shard of its own. (default: one file)
      """, valueName: "size"),
    transform: byteSize)
  var maxShardSize: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Include tensors that are tied to another tensor (same_as). Tensors named by --tensor are always included.")
  var tied = true

  @Flag(help: "Replace the file if it exists. A folder is never replaced.")
  var force = false

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if output == "-", json.enabled {
      throw ValidationError("--json and `-o -` cannot be combined: both write to standard output")
    }
    if output == "-", isatty(STDOUT_FILENO) == 1 {
      throw ValidationError("`-o -` writes binary data, and standard output is a terminal. Use a pipe or name a file")
    }
    if let dtype, DType(parsing: dtype)?.isFloatingPoint != true {
      throw ValidationError("--dtype is \(quoted: dtype); expected float64, float32, float16 or bfloat16")
    }
    if let output, format == nil { try asUsage { try OutputEnding.check(output, of: .weights) } }
    if maxShardSize != nil, output?.hasSuffix("/") != true {
      throw ValidationError("--max-shard-size writes a folder: name it with -o FOLDER/")
    }
    if maxShardSize != nil, (format ?? .safetensors) != .safetensors {
      throw ValidationError("--max-shard-size writes safetensors files; leave out --format")
    }
    if output == nil, slice != nil || tensors.count > 1 {
      throw ValidationError("name the file with -o PATH: --slice and several --tensor have no default name")
    }
  }

  func run() throws {
    try reportingErrors {
      let selection = TensorSelection(
        tensors: tensors.isEmpty ? nil : tensors, slice: try slice.map { try TensorSlice($0) }, includesTied: tied)
      let registry = try registry.open()
      let run = try registry.run(reference)
      let dtype = dtype.flatMap(DType.init(parsing:))
      let selected = try registry.selected(selection, of: run)
      if slice != nil { noteWholeTensors(selected.tensors) }
      let format = format ?? FileFormat(extensionOf: output ?? "")
      let progress = ProgressBar(run.isStored ? "reading" : "regenerating")
      if output == "-" {
        warn(
          try registry.exportToStandardOutput(
            selected, format: format, dtype: dtype, threads: threads.threads, progress: progress.update))
        return
      }
      if self.format == nil, format == .raw, let output {
        try OutputEnding.checkRaw(output, tensorCount: selected.tensors.count)
      }
      let path = output ?? defaultPath(run, format)
      let receipt =
        if path.hasSuffix("/") {
          try registry.exportFolder(
            selected, format: format, to: path, dtype: dtype, maximumShardSize: maxShardSize,
            threads: threads.threads, progress: progress.update)
        } else {
          try registry.export(
            selected, format: format, to: path, dtype: dtype, replacing: force, threads: threads.threads,
            progress: progress.update)
        }
      warn(receipt)
      try emit(json.enabled ? ExportReport(receipt, path: path).json : receipt.text(path))
    }
  }

  /// Prints a note for each tensor of which a slice costs as much as the whole tensor.
  private func noteWholeTensors(_ tensors: [RunTensor]) {
    for tensor in tensors where tensor.needsWhole && !tensor.isStored {
      printError(
        "note: a slice of tensor \(quoted: tensor.printableName) (\(tensor.lawName)) needs the whole tensor, which is regenerated now"
      )
    }
  }

  /// Returns a name in the current directory; characters that are not safe in a file name become `-`.
  private func defaultPath(_ run: Run, _ format: FileFormat) -> String {
    let parts = ["\(run.name)-v\(run.version)"] + tensors + [format == .raw ? "bin" : format.rawValue]
    let safe = parts.joined(separator: ".").unicodeScalars.map { scalar -> String in
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
        """
        warning: the stored bytes of tensor \(quoted: name) are damaged. The output was regenerated from the recipe and has the \
        recorded digest. `doctor --repair` repairs the stored bytes.
        """)
    }
  }
}

extension ExportReceipt {
  fileprivate func text(_ path: String) -> String {
    let shards = files.count > 1 ? " in \(files.count - 1) shards" : ""
    let unchanged = uncastCount > 0 ? ", \(uncastCount) of them unchanged" : ""
    let castText = cast.map { " as \($0)\(unchanged)" } ?? ""
    return
      "wrote \(path): \(counted(tensorCount, "tensor")) of \(run.reference)\(castText)\(shards), \(humanBytes(byteCount)), in \(humanDuration(duration))"
  }
}

extension FileFormat {
  /// Returns the format of a file by the extension of its name; safetensors for an unknown extension.
  fileprivate init(extensionOf path: String) {
    switch path.split(separator: ".").last?.lowercased() {
    case "npy": self = .npy
    case "npz": self = .npz
    case "bin", "raw": self = .raw
    default: self = .safetensors
    }
  }
}
