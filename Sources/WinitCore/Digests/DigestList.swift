// Many digests as one run of bytes: a large model has tens of thousands of chunks.

/// Digests one after another, 32 raw bytes each.
public struct DigestList: Sendable, Hashable, RandomAccessCollection {
  /// The raw bytes.
  public private(set) var bytes: [UInt8]

  /// So many digests, all zero until they are set.
  public init(repeatingZero count: Int) { bytes = [UInt8](repeating: 0, count: 32 * count) }

  /// From raw bytes; nil where they are not a multiple of 32.
  public init?(bytes: [UInt8]) {
    guard bytes.count.isMultiple(of: 32) else { return nil }
    self.bytes = bytes
  }

  /// The first index, 0.
  public var startIndex: Int { 0 }

  /// The number of digests.
  public var endIndex: Int { bytes.count / 32 }

  /// A digest.
  public subscript(index: Int) -> Digest {
    get { Digest(unchecked: bytes[32 * index..<32 * index + 32]) }
    set { bytes.replaceSubrange(32 * index..<32 * index + 32, with: newValue.bytes) }
  }
}

extension DigestList: ExpressibleByArrayLiteral {
  /// Some digests.
  public init(_ digests: some Sequence<Digest>) { bytes = digests.flatMap(\.bytes) }

  /// These digests.
  public init(arrayLiteral elements: Digest...) { self.init(elements) }
}
