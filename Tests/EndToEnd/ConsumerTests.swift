import Foundation
import Testing
import WinitTestSupport

/// A package that uses the libraries, in a folder of its own.
private struct Consumer {
  let folder: TemporaryFolder

  /// Makes a package with targets of these names and a target that uses both libraries.
  init(targets: [String]) throws {
    folder = try TemporaryFolder()
    let declarations = targets.map { ".target(name: \"\($0)\")" }.joined(separator: ", ")
    try folder.write(
      "Package.swift",
      """
      // swift-tools-version: 6.2
      import PackageDescription

      let package = Package(
        name: "consumer",
        platforms: [.macOS(.v15)],
        dependencies: [.package(name: "winit-registry", path: "\(VectorFile.repository.path)")],
        targets: [
          \(declarations),
          .target(
            name: "Consumer",
            dependencies: [
              .product(name: "WinitRegistry", package: "winit-registry"),
              .product(name: "WinitTesting", package: "winit-registry"),
            ]),
        ])
      """)
    for target in targets + ["Consumer"] {
      let sources = folder.url.appending(path: "Sources/\(target)")
      try FileManager.default.createDirectory(at: sources, withIntermediateDirectories: true)
      try "/// A value.\npublic let value = 1\n"
        .write(to: sources.appending(path: "Value.swift"), atomically: true, encoding: .utf8)
    }
    try copyDependencies()
  }

  /// Copies the repositories of the dependencies, and their versions, from the build of the tests. Nothing is downloaded.
  private func copyDependencies() throws {
    let repositories = SymbolGraph.scratch.appending(path: "repositories")
    let versions = VectorFile.repository.appending(path: "Package.resolved")
    guard FileManager.default.fileExists(atPath: repositories.path) else { return }
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "scratch"), withIntermediateDirectories: false)
    try FileManager.default.copyItem(at: repositories, to: folder.url.appending(path: "scratch/repositories"))
    try FileManager.default.copyItem(at: versions, to: folder.url.appending(path: "Package.resolved"))
  }

  /// Runs a subcommand of `swift package`.
  func package(_ subcommand: String) throws -> Outcome {
    try ChildProcess(
      "swift",
      ["package", "--scratch-path", folder.path("scratch"), "--cache-path", folder.path("cache"), subcommand],
      in: folder.url.path
    ).wait()
  }
}

@Suite struct ConsumerTests {
  // The names that the targets of this package would have without their prefix.
  private static let names = ["Store", "Tensors", "Presets", "Core", "Migrations", "TestSupport"]

  @Test(arguments: ["describe", "show-dependencies"])
  func `a package whose targets have common names can use the libraries`(subcommand: String) throws {
    let outcome = try Consumer(targets: Self.names).package(subcommand)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test
  func `a target with the name of a target of this package is a conflict, which show-dependencies reports`() throws {
    let outcome = try Consumer(targets: ["WinitCore"]).package("show-dependencies")
    #expect(outcome.status != 0)
    #expect(outcome.errors.contains("conflicting name"), "\(outcome.errors)")
  }
}
