// The public symbols of a library, as the compiler describes them.

import Foundation
import Testing
import WinitTestSupport

/// The symbol graph of a module: its public symbols, without those that the compiler derives or inherits.
struct SymbolGraph: Decodable {
  struct Symbol: Decodable {
    struct Kind: Decodable {
      let identifier: String
    }
    struct Identifier: Decodable {
      let precise: String
    }
    struct Fragment: Decodable {
      let spelling: String
    }
    struct Comment: Decodable {
      struct Line: Decodable {
        let text: String
      }
      let lines: [Line]
    }
    struct Location: Decodable {
      struct Position: Decodable {
        let line: Int
      }
      let uri: String
      let position: Position
    }

    let kind: Kind
    let identifier: Identifier
    let pathComponents: [String]
    let declarationFragments: [Fragment]
    let docComment: Comment?
    let location: Location?
  }

  struct Relationship: Decodable {
    let kind: String
    let source: String
    let target: String
    let targetFallback: String?
  }

  let symbols: [Symbol]
  let relationships: [Relationship]
}

extension SymbolGraph {
  /// Reads the graph of a module that was built with the tests.
  init(of module: String) throws {
    let folder = try SymbolGraph.extract(module)
    self = try JSONDecoder().decode(SymbolGraph.self, from: Data(folder.bytes("\(module).symbols.json")))
    try #require(!symbols.isEmpty)
  }

  /// Writes the graph of a module that was built with the tests to a folder: `MODULE.symbols.json`, and a file
  /// `MODULE@OTHER.symbols.json` for each other module whose types have public extensions in it.
  ///
  /// `swift package dump-symbol-graph` writes the same graph, but builds the package again in its debug configuration.
  static func extract(_ module: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let outcome = try ChildProcess(
      "swift", ["symbolgraph-extract"] + SymbolGraph.arguments(for: module, output: folder.url.path),
      in: folder.url.path
    ).wait()
    try #require(outcome.status == 0, "\(outcome.errors)")
    return folder
  }

  /// The folder with the products of the build.
  private static let products = URL(filePath: Command.product("winit-registry")).resolvingSymlinksInPath()
    .deletingLastPathComponent()

  /// The scratch folder of the build, which holds the checkouts of the dependencies.
  static let scratch = products.deletingLastPathComponent().deletingLastPathComponent()

  /// The names of the modules that were built with the tests.
  static func moduleNames() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: products.appending(path: "Modules").path)
      .filter { $0.hasSuffix(".swiftmodule") }.map { String($0.dropLast(".swiftmodule".count)) }
  }

  private static func arguments(for module: String, output: String) throws -> [String] {
    // The module imports C modules: those of the package, and that of GRDB.
    let sources = VectorFile.repository.appending(path: "Sources")
    let included = [
      products.appending(path: "Modules"), scratch.appending(path: "checkouts/GRDB.swift/Sources/GRDBSQLite"),
      sources.appending(path: "CWinitLibcrypto"), sources.appending(path: "CWinitLibyaml"),
      sources.appending(path: "CWinitZlib"),
      sources.appending(path: "CWinitKernels/include"), sources.appending(path: "CWinitStorage/include"),
    ]
    let moduleMaps = ["CWinitKernels", "CWinitStorage"].map {
      "-fmodule-map-file=" + products.appending(path: "\($0).build/module.modulemap").path
    }
    return try ["-module-name", module, "-target", target(), "-output-dir", output]
      + ["-minimum-access-level", "public", "-skip-synthesized-members"]
      + included.flatMap { ["-I", $0.path] } + moduleMaps.flatMap { ["-Xcc", $0] } + sdk()
  }

  /// The target triple of this machine.
  private static func target() throws -> String {
    struct Info: Decodable {
      struct Target: Decodable {
        let triple: String
      }
      let target: Target
    }
    let outcome = try ChildProcess("swiftc", ["-print-target-info"], in: "/").wait()
    return try JSONDecoder().decode(Info.self, from: Data(outcome.output.utf8)).target.triple
  }

  private static func sdk() throws -> [String] {
    #if canImport(Darwin)
      let outcome = try ChildProcess("xcrun", ["--show-sdk-path"], in: "/").wait()
      return ["-sdk", outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)]
    #else
      return []
    #endif
  }
}

extension SymbolGraph.Symbol {
  /// The path from the outermost type, as documentation links write it.
  var path: String { pathComponents.joined(separator: "/") }

  /// The declaration on one line.
  var declaration: String {
    declarationFragments.map(\.spelling).joined().split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// The lines of the documentation comment.
  var comment: [String] { docComment?.lines.map(\.text) ?? [] }

  /// The first sentence of the documentation comment; its whole first paragraph if no sentence ends in it.
  var summary: String {
    let text = comment.prefix { !$0.isEmpty }.joined(separator: " ")
    // An end of a sentence is a period before white space, but not before a lower-case word.
    return text.firstMatch(of: /^.*?\.(?=$|\s+[^a-z\s])/).map { String($0.output) } ?? text
  }
}
