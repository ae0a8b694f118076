// get -o FOLDER/: writes each tensor to a file of its own.

import WinitCore
import WinitFiles
import WinitStorage

extension Registry {
  /// Writes each tensor to a file of its own in a new folder, which appears whole or not at all. The name of a file is
  /// the name of its tensor, with every character but ASCII letters, digits, `_`, `-` and inner dots written as `%` and
  /// two hexadecimal digits for each byte of its UTF-8, so that no name leads out of the folder.
  ///
  /// - Parameters:
  ///   - run: a run of this registry.
  ///   - selection: the tensors or slices; by default all tensors.
  ///   - format: the format of each file.
  ///   - path: the path of the folder, which must not exist or must be empty.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were written and the size of the selected tensors.
  /// - Throws: `RegistryError` with the codes of ``Registry/export(_:_:format:to:replacing:threads:progress:)``.
  @discardableResult
  public func exportFolder(
    _ run: Run, _ selection: TensorSelection = TensorSelection(), format: FileFormat, to path: String,
    threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    try translatingErrors {
      let start = ContinuousClock.now
      let selected = try selectedTensors(selection, of: run)
      // Everything that can be refused is refused before anything is written.
      let exports = try selected.map { tensor in
        var one = selection
        one.tensors = [tensor.name.string]
        return (name: tensor.name, export: try Export(self, run, one, format))
      }
      let folder = try OutputFolder(path)
      let total = selected.reduce(0) { $0 + $1.recipe.byteCount }
      var (done, bytes, damaged): (Int, Int, [String]) = (0, 0, [])
      for (name, export) in exports {
        let file = try OutputFile(
          folder.path(of: fileName(name, extension: format == .raw ? "bin" : format.rawValue)), replacing: false)
        let receipt = try export.write(to: file, threads: threads) { written, _ in
          try progress?(min(done + written, total), total)
        }
        try file.commit()
        done += export.tensors[0].recipe.byteCount
        bytes += receipt.byteCount
        damaged += receipt.damaged
      }
      try folder.commit()
      return ExportReceipt(
        run: run, tensorCount: exports.count, byteCount: bytes, damaged: damaged, duration: .now - start)
    }
  }
}

/// Returns the name of the file of a tensor.
func fileName(_ name: TensorName, extension: String) -> String {
  let bytes = Array(name.string.utf8)
  var text = ""
  for (index, byte) in bytes.enumerated() {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      text.unicodeScalars.append(Unicode.Scalar(byte))
    case UInt8(ascii: ".") where index > 0: text += "."
    default: text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
  }
  // File systems take 255 bytes. The digest keeps shortened names different.
  if text.utf8.count > 200 { text = text.prefix(180) + "%." + SHA256Digest(of: bytes).hex.prefix(16) }
  return text + "." + `extension`
}
