// Decompression of zlib streams (RFC 1950 and RFC 1951), in which git stores its objects.

/// A malformed stream, or one whose output is too long.
struct InflateError: Error {}

/// Returns the decompressed bytes of a zlib stream at the start of some bytes. The checksum at its end is not checked:
/// callers check the digest of the object.
///
/// - Parameter limit: the maximum number of bytes.
package func inflated(_ bytes: ArraySlice<UInt8>, limit: Int) throws -> [UInt8] {
  guard bytes.count >= 2, let first = bytes.first, first & 0x0F == 8,
    (Int(first) << 8 | Int(bytes[bytes.startIndex + 1])) % 31 == 0, bytes[bytes.startIndex + 1] & 0x20 == 0
  else { throw InflateError() }
  var inflater = Inflater(input: bytes.dropFirst(2), limit: limit)
  try inflater.run()
  return inflater.output
}

/// The code lengths, in the order of RFC 1951, section 3.2.7.
private let codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
/// The shortest lengths and distances, and the numbers of extra bits, of RFC 1951, section 3.2.5.
private let lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]
private let lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
private let distanceBase = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
]
private let distanceBits = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]

/// A Huffman code in canonical form.
private struct HuffmanCode {
  /// The number of codes of each length.
  private var counts = [Int](repeating: 0, count: 16)
  /// The symbols, in the order of their codes.
  private var symbols: [Int] = []

  /// - Throws: `InflateError` if there are more codes than the lengths allow.
  init(lengths: some Collection<Int>) throws {
    for length in lengths where length > 0 { counts[length] += 1 }
    var free = 1
    for length in 1...15 {
      free = free << 1 - counts[length]
      guard free >= 0 else { throw InflateError() }
    }
    for length in 1...15 where counts[length] > 0 {
      symbols += lengths.enumerated().filter { $0.element == length }.map(\.offset)
    }
  }

  func symbol(_ nextBit: () throws -> Int) throws -> Int {
    var (code, first, index) = (0, 0, 0)
    for length in 1...15 {
      code |= try nextBit()
      let count = counts[length]
      if code - first < count { return symbols[index + code - first] }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw InflateError()
  }
}

private struct Inflater {
  private let input: ArraySlice<UInt8>
  private let limit: Int
  private var position: Int
  private var buffer = 0
  private var bufferedBits = 0
  private(set) var output: [UInt8] = []

  init(input: ArraySlice<UInt8>, limit: Int) {
    (self.input, self.limit, position) = (input, limit, input.startIndex)
  }

  private mutating func byte() throws -> UInt8 {
    guard position < input.endIndex else { throw InflateError() }
    defer { position += 1 }
    return input[position]
  }

  private mutating func bits(_ count: Int) throws -> Int {
    while bufferedBits < count {
      buffer |= Int(try byte()) << bufferedBits
      bufferedBits += 8
    }
    defer {
      buffer >>= count
      bufferedBits -= count
    }
    return buffer & (1 << count - 1)
  }

  private mutating func write(_ byte: UInt8) throws {
    guard output.count < limit else { throw InflateError() }
    output.append(byte)
  }

  mutating func run() throws {
    var isLast = false
    while !isLast {
      isLast = try bits(1) == 1
      switch try bits(2) {
      case 0: try copyStored()
      case 1:
        let lengths = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
        try decode(HuffmanCode(lengths: lengths), HuffmanCode(lengths: [Int](repeating: 5, count: 30)))
      case 2: try decodeDynamic()
      default: throw InflateError()
      }
    }
  }

  private mutating func copyStored() throws {
    (buffer, bufferedBits) = (0, 0)
    let length = Int(try byte()) | Int(try byte()) << 8
    guard Int(try byte()) | Int(try byte()) << 8 == ~length & 0xFFFF else { throw InflateError() }
    for _ in 0..<length { try write(byte()) }
  }

  private mutating func decodeDynamic() throws {
    let (literals, distances, codes) = (try bits(5) + 257, try bits(5) + 1, try bits(4) + 4)
    guard literals <= 286, distances <= 30 else { throw InflateError() }
    var codeLengths = [Int](repeating: 0, count: 19)
    for index in 0..<codes { codeLengths[codeLengthOrder[index]] = try bits(3) }
    let code = try HuffmanCode(lengths: codeLengths)
    var lengths: [Int] = []
    while lengths.count < literals + distances {
      let symbol = try code.symbol { try bits(1) }
      switch symbol {
      case 16:
        guard let last = lengths.last else { throw InflateError() }
        lengths += [Int](repeating: last, count: try bits(2) + 3)
      case 17: lengths += [Int](repeating: 0, count: try bits(3) + 3)
      case 18: lengths += [Int](repeating: 0, count: try bits(7) + 11)
      default: lengths.append(symbol)
      }
    }
    guard lengths.count == literals + distances else { throw InflateError() }
    try decode(
      HuffmanCode(lengths: Array(lengths[..<literals])), HuffmanCode(lengths: Array(lengths[literals...])))
  }

  private mutating func decode(_ literals: HuffmanCode, _ distances: HuffmanCode) throws {
    while true {
      let symbol = try literals.symbol { try bits(1) }
      if symbol < 256 {
        try write(UInt8(symbol))
        continue
      }
      if symbol == 256 { return }
      guard symbol - 257 < lengthBase.count else { throw InflateError() }
      let length = lengthBase[symbol - 257] + (try bits(lengthBits[symbol - 257]))
      let place = try distances.symbol { try bits(1) }
      guard place < distanceBase.count else { throw InflateError() }
      let distance = distanceBase[place] + (try bits(distanceBits[place]))
      guard distance <= output.count else { throw InflateError() }
      for _ in 0..<length { try write(output[output.count - distance]) }
    }
  }
}
