// The software that made a model, which is a part of the environment of a run.

import WinitJSON
import WinitStorage

/// The software that made the model of a run, and the class of the model in it.
struct Producer {
  /// The names and versions, in the order of the names.
  private let software: [(name: String, version: String)]
  private let modelClass: String?

  private static let maximumCount = 64
  private static let maximumNameSize = 100
  private static let maximumTextSize = 255

  /// Checks what the caller says of the software.
  ///
  /// - Throws: `RegistryError` with the code `invalidArgument` if a name, a version or the class is not valid, or
  ///   if the environment is not to be recorded.
  init(_ options: CreateOptions) throws {
    for (name, version) in options.software { try Producer.checkSoftware(name, version) }
    guard options.software.count <= Producer.maximumCount else {
      throw RegistryError.invalidArgument(
        "\(options.software.count) names of software; a run can have \(Producer.maximumCount)")
    }
    if let text = options.modelClass { try Producer.checkLine(text, "the class of the model") }
    guard options.recordsEnvironment || options.software.isEmpty && options.modelClass == nil else {
      throw RegistryError.invalidArgument(
        "the software and the class of the model are recorded with the environment, which is not to be recorded")
    }
    software = options.software.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    modelClass = options.modelClass
  }

  /// The members of a run's record.
  var members: [JSONValue.Member] {
    let software: [JSONValue.Member] =
      software.isEmpty ? [] : [.init("software", .object(software.map { .init($0.name, .string($0.version)) }))]
    return software + (modelClass.map { [.init("model_class", .string($0))] } ?? [])
  }

  /// Checks the name and the version of a software.
  private static func checkSoftware(_ name: String, _ version: String) throws {
    let isName = name.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isName, (1...maximumNameSize).contains(name.utf8.count) else {
      throw RegistryError.invalidArgument(
        "\(quoted: name) is no name of software: letters, digits, `.`, `_` and `-`, at most \(maximumNameSize)")
    }
    try checkLine(version, "the version of \(name)")
  }

  /// Checks a text that is printed on one line.
  private static func checkLine(_ text: String, _ what: String) throws {
    let isPrintable = text.unicodeScalars.allSatisfy {
      switch $0.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
      default: true
      }
    }
    guard isPrintable, (1...maximumTextSize).contains(text.utf8.count) else {
      throw RegistryError.invalidArgument(
        "\(what) is \(quoted: text): a text on one line of 1 to \(maximumTextSize) bytes is needed")
    }
  }
}

extension CreateOptions {
  /// Checks what is to be recorded of the environment.
  ///
  /// - Throws: `RegistryError` with the code `invalidArgument`.
  package func checkEnvironment() throws { _ = try Producer(self) }
}

extension Run {
  /// The software that made the model, as names and versions in the order of the names. A registry from elsewhere can
  /// have anything in its place.
  package var software: [(name: String, version: String)] {
    (record.host["software"]?.objectValue ?? []).compactMap { member in
      member.value.stringValue.map { (member.key, $0) }
    }.sorted { $0.0 < $1.0 }
  }

  /// The class of the model in that software; nil if it was not recorded.
  package var modelClass: String? { record.host["model_class"]?.stringValue }
}
