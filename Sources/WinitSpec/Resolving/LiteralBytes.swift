// The bytes of a literal.

package import WinitCore
package import WinitFiles

/// The place of the bytes of a literal.
package enum LiteralBytes: Sendable {
  /// In the spec.
  case given([UInt8])
  /// In a checkpoint.
  case checkpoint(TensorBytes)
  /// In boxes of the tensor: the bytes of each part that is a literal, by its number. `Plan.literals` adds the recipe,
  /// which gives the other elements.
  indirect case parts([Int: LiteralBytes], Recipe?)

  /// Fills a buffer with the bytes from an offset on, which is that of an element.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    switch self {
    case .given(let bytes): buffer.copyBytes(from: bytes[offset..<offset + buffer.count])
    case .checkpoint(let tensor): try tensor.read(at: offset, into: buffer)
    case .parts(let parts, let recipe?):
      let size = recipe.dtype.byteCount
      try recipe.fill(offset / size..<(offset + buffer.count) / size, into: buffer) { part, indices, memory in
        try parts[part]?.read(at: indices.lowerBound * size, into: memory)
      }
    case .parts(_, nil): preconditionFailure("a plan's literals have the recipes of their tensors")
    }
  }
}
