// Where a registry may lie: on a disk of this machine.

import CWinitStorage
import Foundation

/// What is told about a file system before a registry on it is opened.
///
/// SQLite's locks are the file system's, and over a network those often do nothing, or something only for one machine;
/// two writers then corrupt the file ("How to corrupt an SQLite database file", section 2.1).
enum FileSystem {
  /// The setting by which somebody who knows that the locks work says so.
  static let override = "WINIT_NETWORK_FS"

  /// - Throws: `StoreError.networkFileSystem`, unless $WINIT_NETWORK_FS is `allow`.
  static func check(_ path: String) throws {
    guard let kind = networkKind(of: path), ProcessInfo.processInfo.environment[override] != "allow" else {
      return
    }
    throw StoreError.networkFileSystem(path: path, kind: kind)
  }

  /// The kind of network file system on which the file lies, or its folder where there is no file yet; nil for others.
  private static func networkKind(of path: String) -> String? {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    #if canImport(Darwin)
      var facts = statfs()
      guard statfs(path, &facts) == 0 || statfs(folder, &facts) == 0 else { return nil }
      if facts.f_flags & UInt32(MNT_LOCAL) != 0 { return nil }
      return withUnsafeBytes(of: facts.f_fstypename) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
    #else
      let type = winit_file_system_type(path)
      return names[type == 0 ? winit_file_system_type(folder) : type]
    #endif
  }

  #if !canImport(Darwin)
    /// From Linux's magic.h and the file systems' own sources. FUSE is not among them: most of what it carries is local.
    private static let names: [UInt32: String] = [
      0x0000_6969: "NFS", 0x0000_517B: "SMB", 0xFE53_4D42: "SMB", 0xFF53_4D42: "CIFS",
      0x0102_1997: "9P", 0x5346_414F: "AFS", 0x6B41_4653: "AFS", 0x7375_7245: "Coda",
      0x0000_564C: "NCP", 0x00C3_6400: "Ceph", 0x0BD0_0BD0: "Lustre", 0x4750_4653: "GPFS",
      0x1983_0326: "BeeGFS", 0x0116_1970: "GFS2", 0x7461_636F: "OCFS2",
    ]
  #endif
}
