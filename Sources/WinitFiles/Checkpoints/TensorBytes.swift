// The bytes of a tensor in the files of a checkpoint.

package import WinitCore

/// The place of a tensor's bytes: one range of a file, or the boxes of the tensor that several files hold.
package struct TensorBytes: Sendable {
  /// A box of a tensor, whose elements a file holds in row-major order from an offset on.
  package struct Piece: Sendable {
    package let file: InputFile
    package let offset: Int
    package let box: Box

    package init(file: InputFile, offset: Int, box: Box) {
      self.file = file
      self.offset = offset
      self.box = box
    }
  }

  private enum Place {
    case range(InputFile, offset: Int)
    case pieces([Piece], DType)
  }

  private let place: Place

  /// The bytes of a file from an offset on.
  package init(_ file: InputFile, offset: Int) { place = .range(file, offset: offset) }

  /// The elements of pieces that cover a tensor of a dtype with whole bytes, each element once.
  init(_ pieces: [Piece], _ dtype: DType) { place = .pieces(pieces, dtype) }

  /// The file that holds all bytes one after the other, and the offset of the first; nil if they are in pieces.
  package var range: (file: InputFile, offset: Int)? {
    if case .range(let file, let offset) = place { (file, offset) } else { nil }
  }

  /// Returns the pieces of these bytes, as those of a box of a larger tensor.
  func pieces(of box: Box) -> [Piece] {
    switch place {
    case .range(let file, let offset): [Piece(file: file, offset: offset, box: box)]
    case .pieces(let pieces, _): pieces
    }
  }

  /// Fills a buffer with the bytes of the tensor from an offset on. For a tensor in pieces, the buffer begins and ends
  /// with whole elements.
  ///
  /// - Throws: `FileError`, or `FormatError` if a file ends first.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    switch place {
    case .range(let file, let start): try file.read(at: start + offset, into: buffer)
    case .pieces(let pieces, let dtype):
      let size = dtype.byteCount
      let elements = offset / size..<(offset + buffer.count) / size
      for piece in pieces { try piece.read(elements, size, into: buffer) }
    }
  }

  /// Returns `count` bytes of the tensor at an offset.
  package func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(
        at: offset, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
      initialized = count
    }
  }
}

extension TensorBytes.Piece {
  /// Reads the elements of the box that lie in a range of the tensor's elements, into a buffer for that range.
  fileprivate func read(_ elements: Range<Int>, _ size: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    // The elements of a box that lie in a range of the tensor are a range of the box, which one read takes.
    var held: Range<Int>?
    box.forEachExtent(in: elements) { extent, index in
      held = (held?.lowerBound ?? index)..<index + extent.count
    }
    guard let held else { return }
    let bytes = try file.bytes(at: offset + held.lowerBound * size, count: held.count * size)
    bytes.withUnsafeBytes { source in
      box.forEachExtent(in: elements) { extent, index in
        let target = (extent.lowerBound - elements.lowerBound) * size
        let start = (index - held.lowerBound) * size
        UnsafeMutableRawBufferPointer(rebasing: buffer[target..<target + extent.count * size])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + extent.count * size]))
      }
    }
  }
}
