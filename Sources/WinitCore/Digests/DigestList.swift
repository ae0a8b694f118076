// A list of digests in one array of bytes, because a large model has tens of thousands of chunks.

/// A list of digests, stored as 32 raw bytes each.
package struct DigestList: Sendable, Hashable, RandomAccessCollection {
  /// The raw bytes of all digests, one after another.
  package private(set) var bytes: [UInt8]

  /// Creates `count` zero digests.
  package init(repeatingZero count: Int) { bytes = [UInt8](repeating: 0, count: 32 * count) }

  /// Creates a list from raw bytes. Returns nil if their number is not a multiple of 32.
  package init?(bytes: [UInt8]) {
    guard bytes.count.isMultiple(of: 32) else { return nil }
    self.bytes = bytes
  }

  /// The index of the first digest, which is 0.
  package var startIndex: Int { 0 }

  /// The number of digests.
  package var endIndex: Int { bytes.count / 32 }

  /// The digest at an index.
  package subscript(index: Int) -> SHA256Digest {
    get { SHA256Digest(unchecked: bytes[32 * index..<32 * index + 32]) }
    set { bytes.replaceSubrange(32 * index..<32 * index + 32, with: newValue.bytes) }
  }
}

extension DigestList: ExpressibleByArrayLiteral {
  /// Creates a list of a sequence of digests.
  package init(_ digests: some Sequence<SHA256Digest>) { bytes = digests.flatMap(\.bytes) }

  /// Creates a list from an array literal.
  package init(arrayLiteral elements: SHA256Digest...) { self.init(elements) }
}
