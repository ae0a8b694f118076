// The places of a registry and of its companions, where no output file is written.

import Foundation
import Testing
import WinitFiles
import WinitTestSupport

@Suite struct ProtectedPlaceTests {
  @Test(arguments: ["", "-journal", "-wal", "-shm"])
  func `no output takes the place of a registry or of a file beside it, however both are named`(ending: String) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("sub"), withIntermediateDirectories: false)
    let registry = try folder.write("r", "registry")
    #expect(symlink("../r", folder.path("sub/link")) == 0)
    #expect(symlink("sub/link", folder.path("link-to-link")) == 0)
    #expect(link(registry, folder.path("hard")) == 0)
    let names = ["r\(ending)", "./r\(ending)", "sub/../r\(ending)", "/r\(ending)", "sub/..//sub/../r\(ending)"]
    let other = ending.isEmpty ? ["hard", "sub/link", "link-to-link"] : ["sub/link\(ending)"]
    for exists in [false, true] {
      if exists, !ending.isEmpty {
        try folder.write("r\(ending)", "companion")
        #expect(symlink("r\(ending)", folder.path("link-to-companion")) == 0)
        #expect(link(folder.path("r\(ending)"), folder.path("hard-companion")) == 0)
      }
      let linked = exists && !ending.isEmpty ? ["link-to-companion", "hard-companion"] : []
      for name in names + other + linked {
        for protected in ["r", "sub/link", "link-to-link", "sub/../r"] {
          // A file beside the link is none of SQLite's, unless the registry is named by that link.
          if other.contains(name), !ending.isEmpty, protected != "sub/link" { continue }
          for replacing in [false, true] {
            let error = #expect(throws: FileError.self, "\(name) and \(protected)") {
              try OutputFile("\(folder.url.path)/\(name)", replacing: replacing, protected: folder.path(protected))
            }
            #expect(error?.code == EPERM, "\(name) and \(protected)")
          }
          #expect(throws: FileError.self) {
            try OutputFolder("\(folder.url.path)/\(name)/", protected: folder.path(protected))
          }
        }
      }
    }
    #expect(try folder.bytes("r") == Array("registry".utf8))
    #expect(throws: Never.self) {
      try OutputFile(folder.path("other\(ending)"), replacing: true, protected: registry).commit()
    }
  }
}
