import Foundation
import Testing
import WinitTestSupport

/// The libraries with a public interface.
private let libraries = ["WinitRegistry", "WinitTesting"]

@Suite struct InterfaceTests {
  @Test func `docs/interface.md lists every public symbol (WINIT_RECORD=1 rewrites the page)`() throws {
    let graphs = try libraries.map { (name: $0, graph: try SymbolGraph(of: $0)) }
    let page = InterfacePage(graphs).text
    for (_, graph) in graphs {
      for symbol in graph.symbols { #expect(page.contains(symbol.declaration.escapedForTable), "\(symbol.path)") }
    }
    let file = VectorFile.repository.appending(path: "docs/interface.md")
    if ProcessInfo.processInfo.environment["WINIT_RECORD"] != nil {
      try page.write(to: file, atomically: true, encoding: .utf8)
    }
    let recorded = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    let difference = page.split(separator: "\n").difference(from: recorded).map { change in
      switch change {
      case .insert(_, let line, _): "+ \(line)"
      case .remove(_, let line, _): "- \(line)"
      }
    }
    #expect(difference == [])
  }

  @Test(arguments: libraries)
  func `every public symbol has a documentation comment that begins with a sentence`(module: String) throws {
    for symbol in try SymbolGraph(of: module).symbols {
      let isSentence = symbol.summary.wholeMatch(of: /[A-Z0-9`].* .*[^.]\./) != nil
      #expect(isSentence, "\(symbol.path): \(symbol.summary)")
    }
  }

  @Test(arguments: libraries)
  func `a comment that documents a parameter documents all parameters`(module: String) throws {
    for symbol in try SymbolGraph(of: module).symbols {
      let comment = symbol.comment.joined(separator: "\n")
      guard comment.contains("- Parameter") else { continue }
      for parameter in symbol.declaration.matches(of: #/[(,] ?(?:\w+ )?(\w+): /#) where parameter.1 != "throws" {
        #expect(comment.contains(" \(parameter.1):"), "\(symbol.path): \(parameter.1)")
      }
    }
  }

  @Test(arguments: libraries)
  func `no public declaration extends a type of another module`(module: String) throws {
    #expect(try SymbolGraph.extract(module).contents() == ["\(module).symbols.json"])
    let graph = try SymbolGraph(of: module)
    let own = Set(graph.symbols.map(\.identifier.precise))
    for relationship in graph.relationships { #expect(own.contains(relationship.source), "\(relationship)") }
  }

  @Test(arguments: libraries)
  func `no type has the name of a module, so that every type can be written with its module`(module: String) throws {
    let modules = Set(try SymbolGraph.moduleNames())
    #expect(modules.isSuperset(of: libraries))
    for symbol in try SymbolGraph(of: module).symbols where symbol.pathComponents.count == 1 {
      #expect(!modules.contains(symbol.pathComponents[0]))
    }
  }

  @Test(arguments: libraries)
  func `every link in the DocC catalogs and in the comments names a symbol or an article`(module: String) throws {
    let graph = try SymbolGraph(of: module)
    let catalog = try Catalog(of: module)
    let symbols = Set(graph.symbols.map(\.path) + [module])
    let articles = Set(catalog.pages.map(\.name))
    for page in catalog.pages {
      for link in page.symbolLinks { #expect(symbols.contains(link), "\(page.name): \(link)") }
      for link in page.articleLinks { #expect(articles.contains(link), "\(page.name): \(link)") }
    }
    for symbol in graph.symbols {
      for link in symbol.comment.flatMap(linkedSymbols) {
        // A link in a comment is relative to the symbol or to one of the types around it.
        let scopes = (0...symbol.pathComponents.count).map { symbol.pathComponents.prefix($0) + [link] }
        #expect(scopes.contains { symbols.contains($0.joined(separator: "/")) }, "\(symbol.path): \(link)")
      }
    }
  }

  @Test(arguments: libraries)
  func `the first page of a DocC catalog lists every top-level symbol and every article once`(module: String) throws {
    let pages = try Catalog(of: module).pages
    let first = try #require(pages.first { $0.name == module })
    let topics = try #require(first.text.split(separator: "## Topics\n").last)
    let symbols = try SymbolGraph(of: module).symbols.filter { $0.pathComponents.count == 1 }.map { "``\($0.path)``" }
    let articles = pages.map(\.name).filter { $0 != module }.map { "<doc:\($0)>" }
    #expect(topics.matches(of: /- (\S+)\n/).map { String($0.1) }.sorted() == (symbols + articles).sorted())
  }

  @Test(arguments: libraries)
  func `the Swift code in the DocC catalogs is code of examples/swift, which builds and runs`(module: String) throws {
    let examples = VectorFile.repository.appending(path: "examples/swift")
    var sources: [String] = []
    for folder in ["", "Sources/Example", "Tests/ExampleTests"].map({ examples.appending(path: $0) }) {
      for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      where file.pathExtension == "swift" {
        sources.append(try String(contentsOf: file, encoding: .utf8).withoutIndentation)
      }
    }
    for page in try Catalog(of: module).pages {
      for match in page.text.matches(of: /```swift\n(?<code>(?s).*?)```/) {
        let code = String(match.code).withoutIndentation
        #expect(sources.contains { $0.contains(code) }, "\(page.name): \(code)")
      }
    }
  }

  @Test(.enabled(if: Catalog.compiler != nil, "needs docc, which Swift's toolchains contain"), arguments: libraries)
  func `DocC converts the catalogs without a warning`(module: String) throws {
    let folder = try TemporaryFolder()
    let graph = try SymbolGraph.extract(module)
    let outcome = try ChildProcess(
      Catalog.compiler ?? "docc",
      [
        "convert", Catalog.folder(of: module).path, "--additional-symbol-graph-dir", graph.url.path,
        "--output-path", folder.path("output"), "--warnings-as-errors",
      ], in: folder.url.path
    ).wait()
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
  }
}

/// The DocC catalog of a library.
private struct Catalog {
  /// A page of a catalog.
  struct Page {
    let name: String
    let text: String

    /// The symbols that the page links to.
    var symbolLinks: [String] { text.split(separator: "\n").map(String.init).flatMap(linkedSymbols) }
    /// The articles that the page links to.
    var articleLinks: [String] { text.matches(of: /<doc:([^>]+)>/).map { String($0.1) } }
  }

  let pages: [Page]

  init(of module: String) throws {
    pages = try FileManager.default
      .contentsOfDirectory(at: Catalog.folder(of: module), includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "md" }
      .map {
        Page(name: $0.deletingPathExtension().lastPathComponent, text: try String(contentsOf: $0, encoding: .utf8))
      }
  }

  static func folder(of module: String) -> URL {
    VectorFile.repository.appending(path: "Sources/\(module)/\(module).docc")
  }

  /// The path of docc, which lies beside the Swift compiler; nil if there is none.
  static let compiler: String? = {
    let command = "command -v docc || ls \"$(dirname \"$(command -v swift)\")/docc\" || xcrun --find docc"
    let outcome = try? ChildProcess("sh", ["-c", command], in: "/").wait()
    guard let outcome, outcome.status == 0 else { return nil }
    return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }()
}

/// The symbols that a line of documentation links to.
private func linkedSymbols(_ line: String) -> [String] { line.matches(of: /``([^`]+)``/).map { String($0.1) } }

/// docs/interface.md.
private struct InterfacePage {
  let text: String

  init(_ graphs: [(name: String, graph: SymbolGraph)]) {
    let count = graphs.reduce(0) { $0 + $1.graph.symbols.count }
    var text = """
      # The Swift interface

      The public symbols of the libraries, \(count) in all, each with the first sentence of its documentation comment. The
      comments in [Sources/WinitRegistry](../Sources/WinitRegistry) have the rest: parameters, errors, examples. The articles
      in [WinitRegistry.docc](../Sources/WinitRegistry/WinitRegistry.docc/WinitRegistry.md) show how the parts are used
      together. A test compares this page with the compiler's symbol graph; `WINIT_RECORD=1 tools/test --filter Interface`
      rewrites it.

      """
    for (name, graph) in graphs {
      text += "\n## \(name)\n"
      for symbol in graph.symbols.filter(\.hasSection).sorted(by: { $0.path.lowercased() < $1.path.lowercased() }) {
        text += InterfacePage.section(of: symbol, in: graph)
      }
    }
    self.text = text
  }

  private static func section(of symbol: SymbolGraph.Symbol, in graph: SymbolGraph) -> String {
    let conformances = graph.conformances(of: symbol)
    let inheritance = conformances.isEmpty ? "" : ": " + conformances.joined(separator: ", ")
    var text = """

      ### \(symbol.pathComponents.joined(separator: "."))

      ```swift
      \(symbol.declaration)\(inheritance)
      ```

      \(symbol.summary.withPlainLinks)

      """
    let members = graph.members(of: symbol)
    if !members.isEmpty {
      text += "\n| member | summary |\n| --- | --- |\n"
      for member in members {
        text += "| `\(member.declaration.escapedForTable)` | \(member.summary.withPlainLinks.escapedForTable) |\n"
      }
    }
    return text
  }
}

extension SymbolGraph {
  /// The members of a type that have no section of their own.
  fileprivate func members(of type: Symbol) -> [Symbol] {
    let members = Set(
      relationships.filter { $0.kind == "memberOf" && $0.target == type.identifier.precise }.map(\.source))
    return symbols.filter { members.contains($0.identifier.precise) && !$0.hasSection }
      .sorted { order($0, in: type) < order($1, in: type) }
  }

  /// The place of a member on the page: by kind; of one kind, first those in the file of the type; then in the order of the
  /// sources.
  private func order(_ member: Symbol, in type: Symbol) -> (Int, Int, String, Int) {
    let kinds = ["swift.init", "swift.enum.case", "swift.type.property", "swift.type.method", "swift.property"]
    let file = member.location?.uri ?? ""
    return (
      kinds.firstIndex(of: member.kind.identifier) ?? kinds.count, file == type.location?.uri ? 0 : 1, file,
      member.location?.position.line ?? 0
    )
  }

  /// The protocols that a type conforms to, without those that another one implies.
  fileprivate func conformances(of type: Symbol) -> [String] {
    let names = relationships.filter { $0.kind == "conformsTo" && $0.source == type.identifier.precise }
      .compactMap { $0.targetFallback?.split(separator: ".").last.map(String.init) }.sorted()
    var implied: Set = ["SendableMetatype", "Copyable", "Escapable"]
    if names.contains("Hashable") { implied.insert("Equatable") }
    return names.filter { !implied.contains($0) }
  }
}

extension SymbolGraph.Symbol {
  /// Whether the page has a section for the symbol.
  fileprivate var hasSection: Bool {
    pathComponents.count == 1
      || ["swift.struct", "swift.enum", "swift.class", "swift.protocol"].contains(kind.identifier)
  }
}

extension String {
  /// The text for a cell of a Markdown table.
  fileprivate var escapedForTable: String { replacing("|", with: "\\|") }

  /// The text with links to symbols as plain code.
  fileprivate var withPlainLinks: String { replacing("``", with: "`") }

  /// The lines without white space and comment markers before them, and without empty lines.
  fileprivate var withoutIndentation: String {
    split(separator: "\n").map { $0.trimmingPrefix(/(\s|\/\/)*/) }.joined(separator: "\n")
  }
}
