// A file that is there whole or not at all.

import Foundation

/// What bytes are written to, front to back.
package protocol ByteSink: AnyObject {
  func write(_ bytes: UnsafeRawBufferPointer) throws
}

extension ByteSink {
  package func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }
}

/// A new file under a temporary name beside its place. `commit` makes it durable and gives it its name; dropped
/// without one, it is removed.
package final class OutputFile: ByteSink {
  private let place: OutputPlace
  private var descriptor: Int32
  private var written = 0
  private var started = 0

  /// - Parameters: those of `OutputPlace`.
  package init(_ path: String, replacing: Bool, protected: String? = nil) throws {
    place = try OutputPlace(path, replacing: replacing, protected: protected)
    descriptor = open(place.temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError("write", path) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(place.temporary)
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    try writeAll(bytes, to: descriptor, path: place.path)
    written += bytes.count
    if written - started >= 1 << 24 {
      startFlushing(descriptor, from: started, count: written - started)
      started = written
    }
  }

  /// Flushes to the disk, then renames.
  package func commit() throws {
    guard flush(descriptor) == 0 else { throw FileError("write", place.path) }
    try place.take()
    close(descriptor)
    descriptor = -1
  }
}

/// Standard output, for a pipe.
package final class StandardOutput: ByteSink {
  package init() {}

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    try writeAll(bytes, to: STDOUT_FILENO, path: "standard output")
  }
}

private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
  var rest = bytes
  while !rest.isEmpty {
    let count = write(descriptor, rest.baseAddress, rest.count)
    if count < 0 {
      if errno == EINTR { continue }
      throw FileError("write", path)
    }
    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
  }
}

/// Sets the disk going on what has been written, so that less is left to flush at the end. Only a hint: macOS has none
/// like it, and an error shows when it is flushed.
private func startFlushing(_ descriptor: Int32, from offset: Int, count: Int) {
  #if os(Linux)
    _ = posix_fadvise(descriptor, off_t(offset), off_t(count), POSIX_FADV_DONTNEED)
  #endif
}
