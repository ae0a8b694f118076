// Reads the files of a git checkout, which are not trusted.

import Foundation
import Synchronization
import WinitJSON

/// The reason why a part of a checkout cannot be read, as a sentence without a period. It names files relative to the
/// checkout, because it is recorded.
package struct GitProblem: Error, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

/// Reads files relative to a folder. Paths are bytes, as in git.
///
/// Only regular files are opened, because a pipe or a device may block or have effects. Every file is opened for
/// reading only, and read up to a limit.
package final class GitFiles: Sendable {
  private let folder: Int32
  private let stopped = Atomic(false)

  /// Opens the current folder. Returns nil if the folder cannot be opened or was deleted.
  package init?() {
    #if canImport(Darwin)
      folder = Foundation.open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    #else
      // O_PATH: the permission to read the folder is not needed.
      folder = Foundation.open(".", 0o10000000 | O_DIRECTORY | O_CLOEXEC)
    #endif
    guard folder >= 0 else { return nil }
    var found = stat()
    // A deleted folder has no links.
    guard fstat(folder, &found) == 0, found.st_nlink > 0 else {
      close(folder)
      return nil
    }
  }

  deinit { close(folder) }

  /// Makes every later operation of this object fail.
  package func stop() { stopped.store(true, ordering: .relaxed) }

  /// Throws if `stop` was called.
  func checkStopped() throws(GitProblem) {
    if stopped.load(ordering: .relaxed) { throw GitProblem("the checkout was not read in time") }
  }

  /// Returns what the file system says about a path; nil if there is no such file.
  func status(_ path: [UInt8], followingLinks: Bool = true) -> stat? {
    var found = stat()
    let flags = followingLinks ? 0 : AT_SYMLINK_NOFOLLOW
    return fstatat(folder, systemPath(path), &found, flags) == 0 ? found : nil
  }

  /// Returns the target of a symbolic link; nil if the path is no symbolic link.
  func link(_ path: [UInt8]) -> [UInt8]? {
    guard let found = status(path, followingLinks: false), found.st_mode & S_IFMT == S_IFLNK else { return nil }
    var target = [UInt8](repeating: 0, count: 4096)
    let count = target.withUnsafeMutableBytes { buffer in
      let chars = buffer.assumingMemoryBound(to: CChar.self)
      return chars.baseAddress.map { readlinkat(folder, systemPath(path), $0, chars.count) } ?? 0
    }
    return Array(target.prefix(max(0, count)))
  }

  /// Opens a regular file. Returns nil if there is no such file.
  func open(_ path: [UInt8]) throws(GitProblem) -> GitFile? {
    try checkStopped()
    guard let found = status(path) else { return nil }
    guard found.st_mode & S_IFMT == S_IFREG else {
      throw GitProblem("\(quoted: Self.text(path)) is not a regular file")
    }
    let descriptor = openat(folder, systemPath(path), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw GitProblem("\(quoted: Self.text(path)) cannot be opened: \(String(cString: strerror(errno)))")
    }
    return try GitFile(descriptor, Self.text(path), self)
  }

  /// Returns the bytes of a regular file; nil if there is no such file.
  func read(_ path: [UInt8], limit: Int) throws(GitProblem) -> [UInt8]? {
    guard let file = try open(path) else { return nil }
    guard file.size <= limit else { throw GitProblem("\(quoted: file.name) is larger than \(limit >> 10) KiB") }
    return try file.read(at: 0, upTo: file.size)
  }

  /// Returns the names in a folder that end with a suffix; none if there is no such folder.
  func names(in path: [UInt8], suffix: String) throws(GitProblem) -> [[UInt8]] {
    let descriptor = openat(folder, systemPath(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    guard let stream = fdopendir(descriptor) else {
      close(descriptor)
      return []
    }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = readdir(stream) {
      try checkStopped()
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { start in
          Array(UnsafeBufferPointer(start: start, count: 256).prefix { $0 != 0 })
        }
      }
      if name.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) { names.append(name) }
    }
    return names
  }

  /// The part of a path that is shown: without the way up to the checkout, and of an absolute path the last name.
  private static func text(_ path: [UInt8]) -> String {
    var path = path[...]
    while path.starts(with: "../".utf8) || path.starts(with: "./".utf8) {
      path = path.dropFirst(path.starts(with: "./".utf8) ? 2 : 3)
    }
    if path.first == UInt8(ascii: "/") { path = path.split(separator: UInt8(ascii: "/")).last ?? [] }
    return String(decoding: path, as: UTF8.self)
  }

  private func systemPath(_ path: [UInt8]) -> [CChar] {
    // A zero byte would end the path early. An empty path names no file.
    path.contains(0) ? [0] : path.map { CChar(bitPattern: $0) } + [0]
  }
}

/// A regular file that is open for reading.
struct GitFile: ~Copyable {
  let name: String
  let size: Int
  /// The time of the last change of the file's bytes.
  let modified: GitTime
  private let descriptor: Int32
  private let files: GitFiles

  fileprivate init(_ descriptor: Int32, _ name: String, _ files: GitFiles) throws(GitProblem) {
    var found = stat()
    guard fstat(descriptor, &found) == 0, found.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw GitProblem("\(quoted: name) is not a regular file")
    }
    (self.name, self.size, self.modified) = (name, Int(found.st_size), found.modified)
    (self.descriptor, self.files) = (descriptor, files)
  }

  deinit { close(descriptor) }

  /// Returns the bytes at an offset: `count` bytes, or fewer at the end of the file.
  func read(at offset: Int, upTo count: Int) throws(GitProblem) -> [UInt8] {
    let count = max(0, min(count, size - offset))
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      try files.checkStopped()
      let got = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress?.advanced(by: done), min(count - done, 1 << 24), off_t(offset + done))
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw GitProblem("\(quoted: name) cannot be read: \(String(cString: strerror(errno)))") }
      // The file became shorter while it was read.
      guard got > 0 else { return Array(bytes.prefix(done)) }
      done += got
    }
    return bytes
  }
}

/// A time as an index records it, with 32 bits for the seconds.
struct GitTime: Comparable {
  var seconds: UInt32 = 0
  var nanoseconds: UInt32 = 0

  static func < (a: GitTime, b: GitTime) -> Bool {
    (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
  }
}

extension GitTime {
  fileprivate init(_ time: timespec) {
    seconds = UInt32(truncatingIfNeeded: time.tv_sec)
    nanoseconds = UInt32(truncatingIfNeeded: time.tv_nsec)
  }
}

extension stat {
  /// The time of the last change of the bytes.
  var modified: GitTime {
    #if canImport(Darwin)
      GitTime(st_mtimespec)
    #else
      GitTime(st_mtim)
    #endif
  }

  /// The time of the last change of the record of the file.
  var changed: GitTime {
    #if canImport(Darwin)
      GitTime(st_ctimespec)
    #else
      GitTime(st_ctim)
    #endif
  }
}
