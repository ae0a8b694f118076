// A registry file that is moved, deleted or replaced while it is open.

import Foundation
import Testing
import WinitRegistry
import WinitStorage
import WinitTestSupport

@Suite struct MovedRegistryTests {
  @Test(arguments: ["moved", "deleted", "replaced"])
  func `a registry that is moved, deleted or replaced meanwhile is not called read-only, and no file changes`(
    how: String
  ) throws {
    let fixture = try Fixture()
    let run = try fixture.create("m", tinySpec)
    let path = fixture.folder.path("r"), other = fixture.folder.path("other")
    let before = try fixture.folder.bytes("r")
    // The descriptor of the deleted file stays open, so that its bytes can be compared.
    let open = try FileHandle(forReadingFrom: URL(filePath: path))
    switch how {
    case "moved": #expect(rename(path, other) == 0)
    case "deleted": #expect(unlink(path) == 0)
    default:
      try FileManager.default.copyItem(atPath: path, toPath: other)
      #expect(rename(other, path) == 0)
    }
    for change in [
      { _ = try fixture.create("n", tinySpec, seed: 2) },
      {
        var update = RunMetadataUpdate()
        update.note = "x"
        _ = try fixture.registry.update(run, update)
      }, { _ = try fixture.registry.delete([run]) },
    ] as [() throws -> Void] {
      let error = expectError(.io, "\(how)") { try change() }
      let text = error?.message ?? ""
      #expect(text.contains(how == "replaced" ? "took the place" : "moved, renamed or deleted"), "\(text)")
      #expect(!text.contains("read-only") && !text.contains("permission"), "\(text)")
      guard case .sqlite(path, 1032, _)? = error?.underlying as? StoreError else {
        Issue.record("another error: \(String(describing: error?.underlying))")
        continue
      }
    }
    #expect(try open.readToEnd() == Data(before))
    for name in ["r", "other"] where fixture.folder.exists(name) {
      #expect(try fixture.folder.bytes(name) == before, "\(name)")
    }
    // What only reads goes on.
    #expect(try fixture.registry.runs().map(\.reference) == ["m:v1"])
  }
}
