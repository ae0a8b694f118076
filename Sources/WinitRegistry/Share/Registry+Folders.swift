// get -o FOLDER/: writes each tensor to a file of its own, or shards of a checkpoint.

import WinitCore
import WinitFiles
import WinitStorage

extension Registry {
  /// Writes tensors to the files of a new folder, which appears whole or not at all.
  ///
  /// In the formats `npy` and `raw`, each tensor gets a file of its own. The name of a file is the name of its tensor,
  /// with every character but ASCII letters, digits, `_`, `-` and inner dots written as `%` and two hexadecimal digits
  /// for each byte of its UTF-8, so that no name leads out of the folder.
  ///
  /// In the format `safetensors`, the folder holds `model.safetensors`, or shards with the names and the index that
  /// huggingface_hub writes.
  ///
  /// - Parameters:
  ///   - run: a run of this registry.
  ///   - selection: the tensors or slices; by default all tensors.
  ///   - format: the format of each file; not `npz`.
  ///   - path: the path of the folder, which must not exist or must be empty.
  ///   - dtype: the dtype to which floating-point tensors are cast; nil for their own dtypes.
  ///   - maximumShardSize: the maximum size of the tensors in a shard, in bytes; nil for one file. A tensor that is
  ///     larger gets a shard of its own.
  ///   - threads: the number of worker threads; nil for one per processor.
  ///   - progress: called with the bytes that were written and the size of the selected tensors.
  /// - Throws: `RegistryError` with the codes of ``Registry/export(_:_:format:to:dtype:replacing:threads:progress:)``.
  @discardableResult
  public func exportFolder(
    _ run: Run, _ selection: TensorSelection = TensorSelection(), format: FileFormat, to path: String,
    dtype: DType? = nil, maximumShardSize: Int? = nil, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    try exportFolder(
      selected(selection, of: run), format: format, to: path, dtype: dtype, maximumShardSize: maximumShardSize,
      threads: threads, progress: progress)
  }

  /// Writes selected tensors to the files of a new folder, as `exportFolder` of a run does.
  package func exportFolder(
    _ selected: SelectedTensors, format: FileFormat, to path: String, dtype: DType? = nil,
    maximumShardSize: Int? = nil, threads: Int? = nil, progress: ProgressHandler? = nil
  ) throws -> ExportReceipt {
    try translatingErrors {
      guard format != .npz else {
        throw RegistryError.invalidArgument("an archive in the format npz is one file, and not a folder. Name a file")
      }
      guard maximumShardSize == nil || format == .safetensors, maximumShardSize ?? 1 > 0 else {
        throw RegistryError.invalidArgument("only safetensors files are sharded, at a size of at least 1 byte")
      }
      let start = ContinuousClock.now
      // Everything that can be refused is refused before anything is written.
      var export = try Export(self, selected, cast: try checked(dtype))
      var files: [FolderTarget.File]
      var index: (name: String, text: String)?
      if format == .safetensors {
        (files, export, index) = export.sharded(
          limit: maximumShardSize, metadata: try export.metadata(selected.selection, cast: dtype?.core))
      } else {
        files = try export.items.map { item in
          FolderTarget.File(
            name: fileName(item.name, extension: format == .raw ? "bin" : format.rawValue),
            header: format == .raw ? [] : try export.npyHeader(item), count: 1, tensorBytes: item.byteCount)
        }
      }
      let folder = try OutputFolder(
        path, byteCount: files.reduce(export.byteCount + (index?.text.utf8.count ?? 0)) { $0 + $1.header.count },
        protected: self.path)
      var receipt = try export.write(to: FolderTarget(files, folder), threads: threads, progress: progress)
      if let index {
        let file = try OutputFile(index.name, in: folder)
        try file.write(Array(index.text.utf8))
        try file.commit()
        receipt.byteCount += index.text.utf8.count
      }
      try folder.commit()
      receipt.cast = dtype
      receipt.uncastCount = export.uncastCount(dtype)
      if format == .safetensors { receipt.files = files.map(\.name) + [index?.name].compactMap(\.self) }
      receipt.duration = .now - start
      return receipt
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
