// The formats of files that hold tensors, and the destinations that write them.

import WinitCore
import WinitFiles
import WinitJSON

/// A file format for tensors.
public enum FileFormat: String, Sendable, CaseIterable {
  /// The safetensors format, for any number of tensors. The same selection of the same run gives the same file.
  case safetensors
  /// The format of NumPy, for one tensor of any dtype but bfloat16.
  case npy
  /// The archive of NumPy, for any number of tensors of any dtype but bfloat16. The same selection of the same run
  /// gives the same file.
  case npz
  /// The bytes of one tensor: little-endian, row-major, without a header.
  case raw
}

extension Export {
  /// Returns the number of tensors that have another dtype than the one to which tensors are cast.
  func uncastCount(_ cast: DType?) -> Int {
    cast.map { cast in items.count { $0.dtype != cast.core } } ?? 0
  }

  /// Returns the header of a file that holds these tensors in a format that is one stream of bytes, and the export with
  /// the tensors in the order of the format.
  ///
  /// - Throws: `RegistryError.invalidArgument` if the format cannot hold the tensors.
  func laidOut(_ format: FileFormat, metadata: [(String, String)]) throws -> (header: [UInt8], export: Export) {
    if format != .safetensors, items.count != 1 {
      throw RegistryError.invalidArgument(
        "a file in the format \(format.rawValue) holds one tensor, and \(items.count) are selected. Name one of them, name a folder, or use safetensors or npz"
      )
    }
    switch format {
    case .safetensors:
      let layout = SafetensorsLayout(items.map { ($0.name, $0.dtype, $0.shape) }, metadata: metadata)
      return (layout.header, ordered(by: layout.order))
    case .npy, .npz: return (try npyHeader(items[0]), self)
    case .raw: return ([], self)
    }
  }

  /// Returns the header of the .npy file of a tensor.
  func npyHeader(_ item: ExportItem) throws -> [UInt8] {
    if let header = NpyHeader(dtype: item.dtype, shape: item.shape) { return header.bytes }
    throw RegistryError.invalidArgument(
      item.dtype.isLiteralOnly && item.dtype != .complex64
        ? "\(quoted: item.name) is \(item.dtype), which NumPy does not have. Use safetensors or raw"
        : item.dtype == .bfloat16
          ? "\(quoted: item.name) is bfloat16, which NumPy does not have. Use safetensors, raw or --dtype float32"
          : "the shape of \(quoted: item.name) is too long for npy. Use safetensors or raw")
  }

  /// Returns the metadata of a safetensors file of these tensors. A whole imported run has the metadata of its
  /// checkpoint again.
  func metadata(_ selection: TensorSelection, cast: WinitCore.DType?) throws -> [(String, String)] {
    let isWhole = selection.tensors == nil && selection.slice == nil && cast == nil
    let kept = isWhole ? try fileMetadata().filter { !$0.key.hasPrefix("winit_") } : []
    let format = kept.first { $0.key == "format" }?.value ?? "pt"
    var metadata = [("format", format), ("winit_id", run.id.description)]
    metadata += kept.filter { $0.key != "format" }.map { ($0.key, $0.value) }
    if let slice = selection.slice { metadata.append(("winit_slice", slice.description)) }
    if let cast { metadata.append(("winit_cast", cast.rawValue)) }
    return metadata
  }
}

/// A file whose tensors follow one header without anything between them.
final class StreamTarget: ExportTarget {
  private let header: [UInt8]
  private let sink: any ByteSink
  private var isBegun = false

  init(_ header: [UInt8], _ sink: any ByteSink) { (self.header, self.sink) = (header, sink) }

  var headerBytes: Int { header.count }

  func begin(_ index: Int) throws { try beginFile() }

  func write(_ bytes: UnsafeRawBufferPointer) throws { try sink.write(bytes) }

  // A file without tensors is its header.
  func finish() throws { try beginFile() }

  private func beginFile() throws {
    if !isBegun { try sink.write(header) }
    isBegun = true
  }
}
