// The names in a zip archive.

/// The names of the members of a zip archive, from its directory at the end of the file. At most a mebibyte is read.
struct ZipDirectory {
  let names: [String]

  private static let limit = 1 << 20

  /// Reads the directory of an archive. Returns nil if there is none, or if it cannot be read.
  init?(_ file: InputFile) {
    // The end record has 22 bytes and a comment of at most 65535.
    let tail = min(file.size, 22 + 65535)
    guard tail >= 22, let end = try? file.bytes(at: file.size - tail, count: tail) else { return nil }
    func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
      (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
    }
    let signature: [UInt8] = [0x50, 0x4B, 5, 6]
    guard let record = (0...(tail - 22)).last(where: { Array(end[$0..<$0 + 4]) == signature }) else { return nil }
    // The directory ends where the end record begins, or before the records of zip64.
    let size = min(number(end, record + 12, 4), Self.limit)
    let recorded = number(end, record + 16, 4)
    let start = recorded < file.size ? recorded : file.size - tail + record - size
    guard start >= 0, size <= file.size - start, let directory = try? file.bytes(at: start, count: size) else {
      return nil
    }
    var names: [String] = []
    var offset = 0
    while offset + 46 <= directory.count, number(directory, offset, 4) == 0x0201_4B50 {
      let length = number(directory, offset + 28, 2)
      let next = offset + 46 + length + number(directory, offset + 30, 2) + number(directory, offset + 32, 2)
      guard offset + 46 + length <= directory.count else { break }
      names.append(String(decoding: directory[(offset + 46)..<(offset + 46 + length)], as: UTF8.self))
      offset = next
    }
    self.names = names
  }
}
