// The names of temporary files and folders, and the removal of those that killed processes left.

import Foundation

/// The names under which a file or a folder is written until it is complete.
///
/// The process that creates such an entry holds a lock on it (`flock`) as long as it uses the entry. The system releases
/// the lock when the process ends, however it ends. So the next command that writes to the same path can tell what a
/// killed process left, and never removes what another process is writing.
enum TemporaryName {
  private static let ending = ".winit.tmp"
  private static let digits = 8

  /// Returns a new name in the folder of a path: `.NAME.1a2b3c4d.winit.tmp`.
  static func make(for path: String) -> String {
    let random = String(UInt32.random(in: 0 ... .max), radix: 16)
    return folderPrefix(of: path) + beginning(path) + String(repeating: "0", count: digits - random.count) + random
      + ending
  }

  /// The part of the name before the random digits.
  private static func beginning(_ path: String) -> String {
    // File systems take 255 bytes.
    var name = path.dropFirst(folderPrefix(of: path).count)[...]
    while name.utf8.count > 200 { name.removeLast() }
    return ".\(name)."
  }

  /// Removes the temporary entries for a path whose owner has ended. Whatever cannot be removed stays.
  static func removeLeftovers(for path: String) {
    let folder = folderPrefix(of: path)
    guard let stream = opendir(folder.isEmpty ? "." : folder) else { return }
    defer { closedir(stream) }
    let (start, end) = (Array(beginning(path).utf8), Array(ending.utf8))
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        let name = bytes.prefix { $0 != 0 }
        return name.count == start.count + digits + end.count && name.starts(with: start)
          && name.suffix(end.count).elementsEqual(end)
          && name.dropFirst(start.count).prefix(digits).allSatisfy { isHexDigit($0) }
          ? String(decoding: name, as: UTF8.self) : nil
      }
      if let name { remove(folder + name) }
    }
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
    default: false
    }
  }

  /// Removes an entry of this user that no process has locked.
  private static func remove(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_uid == geteuid(), lock(descriptor, path) else { return }
    switch status.st_mode & S_IFMT {
    case S_IFREG: unlink(path)
    case S_IFDIR: try? FileManager.default.removeItem(atPath: path)
    default: break
    }
  }

  /// Locks an open file or folder, without waiting.
  ///
  /// - Returns: whether the lock is held, and the path is still that of the file.
  static func lock(_ descriptor: Int32, _ path: String) -> Bool {
    var (opened, named) = (stat(), stat())
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0 && fstat(descriptor, &opened) == 0 && lstat(path, &named) == 0
      && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino
  }
}
