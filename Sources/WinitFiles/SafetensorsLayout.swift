// Writing safetensors: the header, and the order in which tensors follow it.

package import WinitCore
import WinitJSON

/// Where everything lies in a .safetensors file of some tensors, as the reference writer lays it out: by dtype in
/// descending order, then by the bytes of the name; so the same tensors give the same file.
package struct SafetensorsLayout {
  /// The 8 bytes of length and the header, padded with spaces to a multiple of 8.
  package let header: [UInt8]
  /// Indices into the tensors given, in file order.
  package let order: [Int]

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
