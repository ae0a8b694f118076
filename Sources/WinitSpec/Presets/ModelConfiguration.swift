// The `config.json` of a model, which sets options of a preset.

import Foundation
import WinitFiles
import WinitJSON

/// The file `config.json` that transformers writes beside the weights of a model. It comes from elsewhere: only the
/// members that a preset names are looked at, and each must have the type of its option.
package struct ModelConfiguration: Sendable {
  /// The path, for errors.
  let path: String
  private let json: JSONValue

  /// The name of the file.
  static let fileName = "config.json"
  /// The maximum size of the file: that of a model with 200,000 labels is 7 MB.
  static let maximumSize = 16 << 20

  /// Creates a configuration from a text.
  ///
  /// - Throws: `FormatError` if the text is not an object in JSON.
  package init(parsing bytes: [UInt8], path: String) throws {
    self.path = path
    do { json = try JSONValue(parsing: Self.withoutPythonNumbers(bytes)) } catch {
      throw FormatError(path, "not JSON: \(error). Repair the file, or ignore it with the preset's option config=none")
    }
    guard json.objectValue != nil else {
      throw FormatError(path, "not a JSON object. Repair the file, or ignore it with the preset's option config=none")
    }
  }

  /// Reads a regular file. A pipe beside a checkpoint would be waited for.
  init(contentsOf path: String) throws {
    try self.init(parsing: InputFile(path).bytes(limit: Self.maximumSize), path: path)
  }

  /// Reads the file beside a checkpoint, which may be a folder; nil if there is none.
  static func beside(_ checkpoint: String) throws -> ModelConfiguration? {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: checkpoint, isDirectory: &isFolder)
    let folder = exists && isFolder.boolValue ? checkpoint + "/" : folderPrefix(of: checkpoint)
    do { return try ModelConfiguration(contentsOf: folder + fileName) } catch let error as FileError
      where error.isNotFound
    { return nil }
  }

  /// The `model_type`; nil if the file gives none.
  var modelType: String? { json["model_type"]?.stringValue }

  /// The reason why a member does not give the value of an option.
  struct Failure: Error { let message: String }

  /// Returns the value of an option, and its key; nil if the file does not set it.
  ///
  /// - Throws: `Failure` if the member is not of the option's type.
  func value(of option: PresetOption) throws(Failure) -> (key: String, value: PresetValue)? {
    guard let (key, member) = option.configurationKey.flatMap(member) else { return nil }
    if let value = option.value(member) { return (key, value) }
    // transformers writes null for a value that is not set.
    if case .null = member { return nil }
    throw Failure(
      message:
        "\(quoted: key) is \(member.compact.prefix(60)); the preset's option \(quoted: option.name) must be \(option.expected). Set the option, or repair the file"
    )
  }

  /// Returns the member of a key. `a.b` is the member `b` of the object `a` or, without this object, of the file: a part
  /// of a model, such as the vision model of CLIP, may be saved alone.
  private func member(_ key: String) -> (key: String, value: JSONValue)? {
    let parts = key.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return json[key].map { (key, $0) } }
    guard let object = json[parts[0]] else { return json[parts[1]].map { (parts[1], $0) } }
    return object[parts[1]].map { (key, $0) }
  }

  /// Returns the text with `NaN` and `Infinity`, which Python writes and JSON does not have, as strings. So they are an
  /// error where a number is needed, and no obstacle elsewhere.
  private static func withoutPythonNumbers(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(UInt8(ascii: "N")) || bytes.contains(UInt8(ascii: "I")) else { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var (index, isText) = (0, false)
    while index < bytes.count {
      let byte = bytes[index]
      if isText, byte == UInt8(ascii: "\\"), index + 1 < bytes.count {
        result += [byte, bytes[index + 1]]
        index += 2
        continue
      }
      if byte == UInt8(ascii: "\"") { isText.toggle() }
      let word = isText ? nil : ["NaN", "Infinity", "-Infinity"].first { bytes[index...].starts(with: $0.utf8) }
      result += word.map { Array("\"\($0)\"".utf8) } ?? [byte]
      index += word?.utf8.count ?? 1
    }
    return result
  }
}
