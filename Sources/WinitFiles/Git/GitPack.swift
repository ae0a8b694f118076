// A pack of git: objects one after another, some as differences from others, and an index of their offsets.

/// A pack and its index (gitformat-pack, version 2 of the index).
struct GitPack: ~Copyable {
  private let index: GitFile
  private let pack: GitFile
  private let idLength: Int
  /// The number of objects whose ids begin with each byte or a smaller one.
  private let fanout: [Int]

  private static let tables = 8 + 4 * 256
  /// The maximum number of differences on which an object is built.
  private static let depthLimit = 4096
  /// The maximum size of an object and of the differences on which it is built.
  private static let sizeLimit = 4 * GitObjects.sizeLimit

  /// Opens a pack. Returns nil if its index has another version, or if the pack was removed meanwhile.
  ///
  /// - Parameter base: the path without its ending.
  init?(_ base: [UInt8], _ idLength: Int, _ files: GitFiles) throws(GitProblem) {
    guard let index = try files.open(base + ".idx".utf8), let pack = try files.open(base + ".pack".utf8) else {
      return nil
    }
    let header = try index.read(at: 0, upTo: Self.tables)
    guard header.count == Self.tables, header.starts(with: [0xFF, 0x74, 0x4F, 0x63, 0, 0, 0, 2]) else { return nil }
    fanout = (0..<256).map { Int(header.number32(at: 8 + 4 * $0)) }
    self.idLength = idLength
    self.index = index
    self.pack = pack
  }

  /// Returns the offset of an object in the pack; nil if the pack does not have the object.
  func offset(of id: GitObjectID) throws(GitProblem) -> Int? {
    let (first, count) = (Int(id.bytes[0]), fanout[255])
    var (low, high) = (first == 0 ? 0 : fanout[first - 1], fanout[first])
    guard low <= high, high <= count else { throw GitObjects.damaged }
    while low < high {
      let middle = (low + high) / 2
      let found = try index.read(at: Self.tables + middle * idLength, upTo: idLength)
      guard found.count == idLength else { throw GitObjects.damaged }
      if found == id.bytes {
        // The ids are followed by a checksum of each object, by the offsets, and by the offsets beyond 2 GiB.
        let offsets = Self.tables + count * (idLength + 4)
        let small = try number(at: offsets + 4 * middle, bytes: 4)
        return small < 1 << 31 ? small : try number(at: offsets + 4 * count + 8 * (small - 1 << 31), bytes: 8)
      }
      if found.lexicographicallyPrecedes(id.bytes) { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  private func number(at offset: Int, bytes count: Int) throws(GitProblem) -> Int {
    let bytes = try index.read(at: offset, upTo: count)
    guard bytes.count == count, bytes[0] < 0x80 || count == 4 else { throw GitObjects.damaged }
    return bytes.reduce(0) { $0 << 8 | Int($1) }
  }

  /// Returns the object at an offset.
  func object(at offset: Int, in objects: GitObjects, depth: Int) throws(GitProblem) -> GitObject {
    var deltas: [[UInt8]] = []
    var offset = offset
    var total = 0
    while true {
      let (type, size, start, head) = try header(at: offset)
      total += size
      guard deltas.count + depth <= Self.depthLimit, total <= Self.sizeLimit else { throw GitObjects.damaged }
      switch type {
      case 1...4:
        let base = GitObject(
          type: ["commit", "tree", "blob", "tag"][type - 1], bytes: try data(at: offset + start, size: size))
        return try applied(deltas, to: base, objects.files)
      case 6:
        // The distance to the base: 7 bits in each byte, and each continuation adds one.
        var (distance, position) = (-1, start)
        var byte: UInt8
        repeat {
          guard position < head.count, distance < 1 << 48 else { throw GitObjects.damaged }
          byte = head[position]
          position += 1
          distance = (distance + 1) << 7 | Int(byte & 0x7F)
        } while byte & 0x80 != 0
        guard distance > 0, distance < offset else { throw GitObjects.damaged }
        deltas.append(try data(at: offset + position, size: size))
        offset -= distance
      case 7:
        guard head.count >= start + idLength else { throw GitObjects.damaged }
        deltas.append(try data(at: offset + start + idLength, size: size))
        let id = GitObjectID(Array(head[start..<start + idLength]))
        if let other = try self.offset(of: id) {
          offset = other
        } else {
          // Packs of git contain the bases of their objects; each step through another pack counts as many deltas.
          guard depth < 64, let base = try objects.object(id, depth: depth + 64) else { throw GitObjects.damaged }
          return try applied(deltas, to: base, objects.files)
        }
      default: throw GitObjects.damaged
      }
    }
  }

  /// Reads the type and the size of an object.
  ///
  /// - Returns: also the length of the header, and the first bytes at the offset.
  private func header(at offset: Int) throws(GitProblem) -> (type: Int, size: Int, start: Int, head: [UInt8]) {
    let head = try pack.read(at: offset, upTo: 64)
    guard var byte = head.first else { throw GitObjects.damaged }
    var (size, shift, position) = (Int(byte & 0x0F), 4, 1)
    let type = Int(byte >> 4 & 7)
    while byte & 0x80 != 0 {
      guard position < head.count, shift < 32 else { throw GitObjects.damaged }
      byte = head[position]
      size |= Int(byte & 0x7F) << shift
      (shift, position) = (shift + 7, position + 1)
    }
    guard size <= GitObjects.sizeLimit else { throw GitProblem("an object of the repository is too large") }
    return (type, size, position, head)
  }

  /// Returns the decompressed bytes at an offset.
  private func data(at offset: Int, size: Int) throws(GitProblem) -> [UInt8] {
    // Compression makes no object longer than this.
    let packed = try pack.read(at: offset, upTo: size + size / 512 + 1024)
    let bytes = try GitObjects.inflated(packed[...], limit: size)
    guard bytes.count == size else { throw GitObjects.damaged }
    return bytes
  }

  /// Applies differences to an object, the last one first.
  private func applied(
    _ deltas: [[UInt8]], to base: GitObject, _ files: GitFiles
  ) throws(GitProblem) -> GitObject {
    var bytes = base.bytes
    for delta in deltas.reversed() {
      try files.checkStopped()
      bytes = try GitDelta.apply(delta, to: bytes)
    }
    return GitObject(type: base.type, bytes: bytes)
  }
}

/// A difference between two objects: ranges of the base that are copied, and bytes that are inserted.
enum GitDelta {
  static func apply(_ delta: [UInt8], to base: [UInt8]) throws(GitProblem) -> [UInt8] {
    var position = 0
    func next() throws(GitProblem) -> Int {
      guard position < delta.count else { throw GitObjects.damaged }
      position += 1
      return Int(delta[position - 1])
    }
    func size() throws(GitProblem) -> Int {
      var (value, shift) = (0, 0)
      while true {
        let byte = try next()
        guard shift < 35 else { throw GitObjects.damaged }
        value |= (byte & 0x7F) << shift
        if byte & 0x80 == 0 { return value }
        shift += 7
      }
    }
    guard try size() == base.count else { throw GitObjects.damaged }
    let length = try size()
    guard length <= GitObjects.sizeLimit else { throw GitObjects.damaged }
    var result: [UInt8] = []
    while position < delta.count {
      let operation = try next()
      if operation & 0x80 != 0 {
        var (start, count) = (0, 0)
        for bit in 0..<4 where operation & 1 << bit != 0 { start |= try next() << (8 * bit) }
        for bit in 0..<3 where operation & 16 << bit != 0 { count |= try next() << (8 * bit) }
        if count == 0 { count = 0x10000 }
        guard start + count <= base.count else { throw GitObjects.damaged }
        result += base[start..<start + count]
      } else {
        guard operation > 0, operation <= delta.count - position else { throw GitObjects.damaged }
        result += delta[position..<position + operation]
        position += operation
      }
      guard result.count <= length else { throw GitObjects.damaged }
    }
    guard result.count == length else { throw GitObjects.damaged }
    return result
  }
}
