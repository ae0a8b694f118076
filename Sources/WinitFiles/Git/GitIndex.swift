// The index of a git checkout: each tracked file with its blob and what the file system said about it.

import Foundation

/// What the index says about one file.
struct GitIndexEntry {
  var path: [UInt8] = []
  var changed = GitTime()
  var modified = GitTime()
  var inode: UInt32 = 0
  var mode: UInt32 = 0
  var user: UInt32 = 0
  var group: UInt32 = 0
  /// The size of the file modulo 2³². Zero also means that git must read the file.
  var size: UInt32 = 0
  var id = GitObjectID([])
  /// 0, or 1 to 3 for the three sides of a conflict.
  var stage = 0
  /// The user promised not to change the file (`git update-index --assume-unchanged`).
  var isAssumedValid = false
  /// The file is not checked out (a sparse checkout).
  var isSkipped = false
  /// `git add --intent-to-add`: the file has no blob in the index.
  var isIntendedToAdd = false

  /// The kind of file, as `S_IFMT` of its mode.
  var kind: UInt32 { mode & 0o170000 }
}

/// Reads the entries of an index, in the order of their paths, without keeping them.
struct GitIndexReader {
  private let bytes: [UInt8]
  private let idLength: Int
  private let version: UInt32
  private var position = 12
  private var remaining: Int
  private var path: [UInt8] = []
  /// The extension `link`: the id of the shared index, then bitmaps of the entries that are deleted and replaced.
  private(set) var link: [UInt8]?

  /// No path of a system is longer.
  private static let pathLimit = 4096

  /// Reads the header and the extensions of an index.
  ///
  /// - Throws: `GitProblem` if the index is malformed, or has an extension that must be understood and is unknown.
  init(_ bytes: [UInt8], idLength: Int) throws(GitProblem) {
    (self.bytes, self.idLength) = (bytes, idLength)
    guard bytes.count >= 12 + idLength, bytes.starts(with: "DIRC".utf8) else { throw Self.malformed }
    version = bytes.number32(at: 4)
    remaining = Int(bytes.number32(at: 8))
    guard (2...4).contains(version), remaining <= bytes.count / (42 + idLength) else { throw Self.malformed }
    var scan = self
    while try scan.next() != nil {}
    link = try scan.readExtensions()
  }

  private static let malformed = GitProblem("the index is malformed")

  /// The offset behind the last entry; the digest of the index is at its end.
  private var end: Int { bytes.count - idLength }

  private func readExtensions() throws(GitProblem) -> [UInt8]? {
    var position = position
    var link: [UInt8]?
    while position < end {
      guard position + 8 <= end else { throw Self.malformed }
      let signature = Array(bytes[position..<position + 4])
      let length = Int(bytes.number32(at: position + 4))
      guard length <= end - position - 8 else { throw Self.malformed }
      if signature == Array("link".utf8) {
        link = Array(bytes[position + 8..<position + 8 + length])
      } else if signature != Array("sdir".utf8), !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(signature[0]) {
        throw GitProblem("the index has an unknown extension")
      }
      position += 8 + length
    }
    return link
  }

  /// Returns the next entry; nil after the last one.
  mutating func next() throws(GitProblem) -> GitIndexEntry? {
    guard remaining > 0 else { return nil }
    remaining -= 1
    let start = position
    let fixed = 42 + idLength
    guard start + fixed <= end else { throw Self.malformed }
    func number(_ index: Int) -> UInt32 { bytes.number32(at: start + 4 * index) }
    var entry = GitIndexEntry()
    entry.changed = GitTime(seconds: number(0), nanoseconds: number(1))
    entry.modified = GitTime(seconds: number(2), nanoseconds: number(3))
    (entry.inode, entry.mode, entry.user, entry.group, entry.size) =
      (number(5), number(6), number(7), number(8), number(9))
    entry.id = GitObjectID(Array(bytes[start + 40..<start + 40 + idLength]))
    let flags = bytes.number16(at: start + 40 + idLength)
    entry.isAssumedValid = flags & 0x8000 != 0
    entry.stage = Int(flags >> 12 & 3)
    position = start + fixed
    if flags & 0x4000 != 0 {
      guard version >= 3, position + 2 <= end else { throw Self.malformed }
      let more = bytes.number16(at: position)
      entry.isSkipped = more & 0x4000 != 0
      entry.isIntendedToAdd = more & 0x2000 != 0
      position += 2
    }
    if version == 4 {
      let stripped = try readVariableLength()
      guard stripped <= path.count else { throw Self.malformed }
      path.removeLast(stripped)
    } else {
      path.removeAll(keepingCapacity: true)
    }
    guard let zero = bytes[position..<end].prefix(Self.pathLimit + 1).firstIndex(of: 0),
      path.count + zero - position <= Self.pathLimit
    else { throw Self.malformed }
    path += bytes[position..<zero]
    // Versions 2 and 3 pad an entry with 1 to 8 zeros to a multiple of 8 bytes.
    position = version == 4 ? zero + 1 : start + (zero - start + 8) / 8 * 8
    guard position <= end else { throw Self.malformed }
    entry.path = path
    return entry
  }

  /// Reads a number of version 4: 7 bits in each byte, and each continuation adds one.
  private mutating func readVariableLength() throws(GitProblem) -> Int {
    var value = -1
    var byte: UInt8
    repeat {
      guard position < end, value < Self.pathLimit else { throw Self.malformed }
      byte = bytes[position]
      position += 1
      value = (value + 1) << 7 | Int(byte & 0x7F)
    } while byte & 0x80 != 0
    return value
  }
}

extension [UInt8] {
  /// The big-endian number of 2 bytes at an offset.
  func number16(at offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }

  /// The big-endian number of 4 bytes at an offset.
  func number32(at offset: Int) -> UInt32 { UInt32(number16(at: offset)) << 16 | UInt32(number16(at: offset + 2)) }

  /// The big-endian number of 8 bytes at an offset.
  func number64(at offset: Int) -> UInt64 { UInt64(number32(at: offset)) << 32 | UInt64(number32(at: offset + 4)) }
}
