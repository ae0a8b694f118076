// Safetensors files for tests, written without the code under test.

import Foundation

/// A tensor of a safetensors file.
package typealias SafetensorsFixture = (name: String, dims: [Int], bytes: [UInt8])

/// Returns the bytes of a safetensors file: the length of the header, the header and the data.
///
/// - Parameter length: the length to write, if it is not the true length of the header.
package func safetensors(header: String, data: [UInt8], length: Int? = nil) -> [UInt8] {
  let text = Array(header.utf8)
  let length = length ?? text.count
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + text + data
}

/// Returns the bytes of a safetensors file of tensors of one dtype.
///
/// - Parameter dtype: the code of the dtype in safetensors.
package func safetensors(_ tensors: [SafetensorsFixture], dtype: String = "F32") -> [UInt8] {
  var offset = 0
  let entries = tensors.map { tensor in
    let begin = offset
    offset += tensor.bytes.count
    return #""\#(tensor.name)":{"dtype":"\#(dtype)","shape":\#(tensor.dims),"data_offsets":[\#(begin),\#(offset)]}"#
  }
  return safetensors(header: "{\(entries.joined(separator: ","))}", data: tensors.flatMap(\.bytes))
}

/// Writes a safetensors file of tensors of one dtype.
///
/// - Parameter dtype: the code of the dtype in safetensors.
package func writeSafetensors(_ path: String, _ tensors: [SafetensorsFixture], dtype: String = "F32") throws {
  try Data(safetensors(tensors, dtype: dtype)).write(to: URL(filePath: path))
}
