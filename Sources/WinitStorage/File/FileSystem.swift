// The check that a registry is on a local file system.

import CWinitStorage
import Foundation
import WinitCore

/// The file system of a registry, checked before the registry is opened.
///
/// SQLite uses the locks of the file system. Over a network these locks often have no effect, or an effect on one
/// machine only. Two writers then corrupt the file ("How to corrupt an SQLite database file", section 2.1).
enum FileSystem {
  /// The environment variable that allows network file systems, for users who know that the locks work.
  static let override = "WINIT_NETWORK_FS"

  /// - Throws: `StoreError.networkFileSystem` if the file is on a network file system and $WINIT_NETWORK_FS is not
  ///   `allow`.
  static func check(_ path: String) throws {
    guard let kind = networkKind(of: path), environmentVariable(override) != "allow" else {
      return
    }
    throw StoreError.networkFileSystem(path: path, kind: kind)
  }

  /// Returns the kind of network file system that holds the file, or the folder if there is no file yet; nil for a
  /// local file system.
  private static func networkKind(of path: String) -> String? {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    #if canImport(Darwin)
      var info = statfs()
      guard statfs(path, &info) == 0 || statfs(folder, &info) == 0 else { return nil }
      if info.f_flags & UInt32(MNT_LOCAL) != 0 { return nil }
      return withUnsafeBytes(of: info.f_fstypename) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
    #else
      let type = winit_file_system_type(path)
      return names[type == 0 ? winit_file_system_type(folder) : type]
    #endif
  }

  #if !canImport(Darwin)
    /// The kinds of network file systems by the number of their type, from Linux's magic.h and the sources of the file
    /// systems. FUSE is not in the list, because most FUSE file systems are local.
    private static let names: [UInt32: String] = [
      0x0000_6969: "NFS", 0x0000_517B: "SMB", 0xFE53_4D42: "SMB", 0xFF53_4D42: "CIFS",
      0x0102_1997: "9P", 0x5346_414F: "AFS", 0x6B41_4653: "AFS", 0x7375_7245: "Coda",
      0x0000_564C: "NCP", 0x00C3_6400: "Ceph", 0x0BD0_0BD0: "Lustre", 0x4750_4653: "GPFS",
      0x1983_0326: "BeeGFS", 0x0116_1970: "GFS2", 0x7461_636F: "OCFS2",
    ]
  #endif
}
