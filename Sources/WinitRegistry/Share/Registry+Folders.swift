// get, into a folder: a file for each tensor, under a name that is only ever a name.

import Foundation
import WinitCore
import WinitFiles
public import WinitStorage

extension Registry {
  /// Writes each tensor to a file of its own in a new folder, which appears whole or not at all. A tensor's file has its
  /// name, with everything but ASCII letters, digits, `_`, `-` and inner dots written as `%` and two hexadecimal digits for
  /// each byte of its UTF-8; so no name leads out of the folder.
  ///
  /// - Parameter path: the folder, which must not be there yet, or be empty.
  /// - Throws: as `export` does.
  public func exportFolder(
    _ run: Run, _ selection: Selection = Selection(), format: ExportFormat, to path: String,
    threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    let start = ContinuousClock.now
    let chosen = try Export.select(selection.tensors, of: run, store).filter { tensor in
      selection.includesTied || selection.tensors != nil || tensor.tiedTo == nil
    }
    // All that can be refused is refused before anything is made.
    let exports = try chosen.map { tensor in
      var one = selection
      one.tensors = [tensor.name]
      return (name: tensor.name, export: try Export(store, run, one, format))
    }
    let folder = try OutputFolder(path)
    let total = chosen.reduce(0) { $0 + $1.recipe.byteCount }
    var (done, bytes, damaged): (Int, Int, [TensorName]) = (0, 0, [])
    for (name, export) in exports {
      let file = try OutputFile(
        folder.path(of: fileName(name, ending: format == .raw ? "bin" : format.rawValue)), replacing: false)
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

/// The name of a tensor's file.
func fileName(_ name: TensorName, ending: String) -> String {
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
  // File systems take 255 bytes; what is cut off still tells names apart.
  if text.utf8.count > 200 { text = text.prefix(180) + "%." + Digest(of: bytes).hex.prefix(16) }
  return text + "." + ending
}
