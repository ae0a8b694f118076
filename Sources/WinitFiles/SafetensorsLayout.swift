// The writer of safetensors headers.

package import WinitCore
import WinitJSON

/// The layout of a .safetensors file: its header, and the order of the tensors after the header.
///
/// The layout is that of the reference writer: tensors sort by dtype in descending order, then by the bytes of their
/// names. Equal tensors therefore give equal files.
package struct SafetensorsLayout {
  /// The first bytes of the file: the length in 8 bytes, and the header, padded with spaces to a multiple of 8.
  package let header: [UInt8]
  /// The order of the tensors in the file, as indices into the list of tensors given.
  package let order: [Int]

  /// Computes the layout of a file with these tensors and the metadata, which has the order given.
  package init(_ tensors: [(name: TensorName, dtype: DType, shape: Shape)], metadata: [(String, String)]) {
    order = tensors.indices.sorted {
      let (a, b) = (tensors[$0], tensors[$1])
      return a.dtype == b.dtype ? a.name < b.name : a.dtype.safetensorsRank < b.dtype.safetensorsRank
    }
    var members: [JSONValue.Member] = []
    if !metadata.isEmpty {
      members.append(.init("__metadata__", .object(metadata.map { .init($0.0, .string($0.1)) })))
    }
    var offset = 0
    for index in order {
      let tensor = tensors[index]
      let end = offset + tensor.shape.byteCount(tensor.dtype)
      let entry: JSONValue = [
        "dtype": .string(tensor.dtype.safetensorsCode),
        "shape": .array(tensor.shape.dims.map(JSONValue.integer)),
        "data_offsets": [.integer(offset), .integer(end)],
      ]
      members.append(.init(tensor.name.string, entry))
      offset = end
    }
    var text = Array(JSONValue.object(members).compact.utf8)
    text += [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
    header = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
  }
}
