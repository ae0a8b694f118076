// identify: find the runs that a checkpoint holds.

import ArgumentParser
import WinitRegistry

struct IdentifyCommand: JSONCommand {
  static let configuration = CommandConfiguration(
    name: "identify", abstract: "Find the runs of the registry that a checkpoint holds, wholly or in part.",
    discussion: """
      Hashes every tensor of the checkpoint once, and looks up the digests. Whole runs are listed first, then runs \
      with more tensors in the checkpoint, then those with the same names. A tensor is found under any name if dtype, shape and bytes are the same. \
      Tensors whose elements are all equal, such as biases of zeros, occur in many runs; they count only for a run \
      that has another tensor in the checkpoint.

      Exits with 0 if a run is found, and with 1 if none is.

        winit-registry identify step0.safetensors
      """)

  @Argument(
    help: "The checkpoint: a .safetensors file, the index (.json) of a sharded one, or a folder.",
    completion: .checkpoints)
  var file: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The maximum number of runs to list; 0 for no limit. (default: 20)", valueName: "n"),
    transform: integer(atLeast: 0))
  var limit = 20

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var registry: RegistryOption
  @OptionGroup var json: JSONFlag

  func validate() throws { try refuseStandardInput(file, "`-`", "a checkpoint") }

  func run() throws {
    try reportingErrors {
      let registry = try registry.open()
      let progress = ProgressBar("hashing")
      let result = try registry.identify(file, threads: threads.threads, progress: progress.update)
      let shown = limit == 0 ? result.matches[...] : result.matches.prefix(limit)
      if json.enabled {
        try emit(result.limited(to: shown.count).json)
      } else {
        try emit(
          result.matches.isEmpty
            ? "no run of the registry has a tensor of \(file)"
            : Table(
              [Table.Column("RUN", .key), Table.Column("FOUND", .shorten(to: 12))],
              shown.map { [$0.run.reference, $0.text] }, hasHeader: false
            ).text)
        let rest = result.matches.count - shown.count
        if rest > 0 { printError("\(counted(rest, "more run")) (--limit 0 lists all)") }
      }
      if result.matches.isEmpty { throw ExitStatus.mismatch }
    }
  }
}

extension Identification.Match {
  fileprivate var text: String {
    let names = renamed.isEmpty ? "" : ", \(renamed.count) under another name"
    return (isWhole ? "whole" : "\(found.count) of \(counted(tensorCount, "tensor"))") + names
  }
}
