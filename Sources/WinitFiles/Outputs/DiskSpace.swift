// The space on a disk: what is missing for a file, and reserving it.

import Foundation

/// The space on the file system that holds a file.
package struct DiskSpace: Sendable {
  /// The bytes that this user can still write.
  package let free: Int
  /// Whether another file can be created.
  package let hasFileEntries: Bool

  /// The space beside a path, which need not exist.
  package init?(at path: String) {
    let folder = folderPrefix(of: path)
    var info = statvfs()
    guard statvfs(folder.isEmpty ? "." : folder, &info) == 0 else { return nil }
    self.init(info)
  }

  /// The space for an open file.
  init?(of descriptor: Int32) {
    var info = statvfs()
    guard fstatvfs(descriptor, &info) == 0 else { return nil }
    self.init(info)
  }

  private init(_ info: statvfs) {
    free = Int(clamping: UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue)
    // A file system that does not count entries reports 0 of 0.
    hasFileEntries = info.f_files == 0 || info.f_favail > 0
  }

  /// The maximum size of a file that this process may write; nil for no limit.
  static var fileSizeLimit: Int? {
    var limit = rlimit()
    #if canImport(Darwin)
      let result = getrlimit(RLIMIT_FSIZE, &limit)
    #else
      let result = getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    #endif
    // RLIM_INFINITY is the largest number, and does not fit an Int.
    return result == 0 ? Int(exactly: limit.rlim_cur) : nil
  }

  /// The reason of a write that failed for lack of space; nil if it failed for another reason.
  ///
  /// - Parameters:
  ///   - code: the system's error number.
  ///   - needed: the bytes that were still to be written; nil if that is not known.
  ///   - space: the space that is left.
  package static func reason(_ code: Int32, needed: Int?, space: DiskSpace?) -> String? {
    switch code {
    case ENOSPC:
      guard let space else { return "the disk is full. Free space, or write to another disk" }
      guard space.hasFileEntries else {
        return "the file system has no entry (inode) left for another file. Remove files, or write to another disk"
      }
      guard let needed, needed > space.free else {
        return "the disk is full: \(space.free) bytes are free. Free space, or write to another disk"
      }
      return
        "the disk is full: \(needed - space.free) bytes are missing (\(needed) are needed and \(space.free) are free). Free space, or write to another disk"
    case EDQUOT:
      let amount = needed.map { ": \($0) more bytes are needed" } ?? ""
      return "the disk quota of the user is used up\(amount). Free space, or write to another disk"
    case EFBIG:
      if let limit = fileSizeLimit {
        let amount = needed.map { ", and \($0) are needed" } ?? ""
        return "a file of this process may have \(limit) bytes (ulimit -f)\(amount). Raise the limit"
      }
      return "the file system does not hold a file of this size. Write to another disk, or write shards"
    default: return nil
    }
  }
}

extension FileError {
  /// The error of a write that has just failed.
  ///
  /// - Parameter needed: the bytes that were still to be written, if that is known.
  init(writing path: String, to descriptor: Int32, needed: Int?, code: Int32 = errno) {
    self.init(
      "write", path, code: code,
      reason: DiskSpace.reason(code, needed: needed, space: DiskSpace(of: descriptor)))
  }
}

/// Refuses a file that cannot have the space that it needs, before anything is written to it.
///
/// A number of free bytes alone decides nothing, because the file system may compress. So where the number is too small,
/// the file system is asked to reserve the space.
///
/// - Throws: `FileError` with the path and the number of bytes that are missing.
func checkSpace(for byteCount: Int, _ descriptor: Int32, path: String) throws {
  if let limit = DiskSpace.fileSizeLimit, byteCount > limit {
    throw FileError(writing: path, to: descriptor, needed: byteCount, code: EFBIG)
  }
  #if os(Linux)
    guard let space = DiskSpace(of: descriptor), space.free < byteCount else { return }
    let code = posix_fallocate(descriptor, 0, off_t(byteCount))
    guard [ENOSPC, EDQUOT, EFBIG].contains(code) else { return }
    throw FileError("write", path, code: code, reason: DiskSpace.reason(code, needed: byteCount, space: space))
  #endif
}

/// Asks the file system for the space of a file that will have this size: it then writes with less work, because it
/// does not search for the space of each piece. This is only a hint. The size of the file stays as it is.
///
/// Other systems than Linux get no hint: nothing was measured there.
func reserveSpace(for byteCount: Int, _ descriptor: Int32) {
  #if os(Linux)
    // posix_fallocate writes to each block where the file system cannot reserve, and Glibc's module lacks fallocate.
    typealias Function = @convention(c) (_ descriptor: Int32, _ mode: Int32, _ offset: off_t, _ count: off_t) -> Int32
    let keepingSize: Int32 = 1  // FALLOC_FL_KEEP_SIZE
    guard byteCount >= 1 << 20, let fallocate = dlsym(nil, "fallocate") else { return }
    _ = unsafeBitCast(fallocate, to: Function.self)(descriptor, keepingSize, 0, off_t(byteCount))
  #endif
}
