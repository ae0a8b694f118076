// A folder that is taken as a checkpoint.

import Foundation
import WinitJSON

/// A folder with the files of a checkpoint.
struct CheckpointFolder {
  /// The files by which a folder is taken.
  enum Content {
    case index(String)
    case files([String])
  }

  /// The path without slashes at its end.
  let path: String

  /// Returns nil if there is no folder at the path.
  init?(_ path: String) throws {
    var status = stat()
    guard !path.utf8.contains(0), stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    var path = Substring(path)
    while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path = path.dropLast() }
    self.path = String(path)
  }

  /// Returns the index of the folder, or its .safetensors files in the order of their names.
  ///
  /// - Throws: `FileError`, or `FormatError` if the folder has several indices, or no file of a checkpoint.
  func content() throws -> Content {
    func fail(_ problem: FolderProblem) -> FormatError { FormatError(path, .folder(problem)) }
    let names = try Self.names(in: path)
    func file(_ name: String) -> String { path == "/" ? path + name : path + "/" + name }
    let indices = names.filter(CheckpointIndex.isIndex)
    guard indices.count <= 1 else { throw fail(.severalIndices(indices)) }
    if let index = indices.first { return .index(file(index)) }
    let files = names.filter { $0.hasSuffix(".safetensors") }
    guard files.isEmpty else { return .files(files.map(file)) }
    throw fail(
      .noCheckpoint(names.lazy.compactMap { name in ForeignFormat(extensionOf: name).map { (name, $0) } }.first))
  }

  /// The maximum number of names of a folder that are read.
  private static let limit = 1_000_000

  /// Returns the names in a folder that do not begin with a dot, sorted by their bytes.
  static func names(in path: String) throws -> [String] {
    guard let folder = opendir(path) else { throw FileError("open", path) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasPrefix(".") { continue }
      names.append(name)
      guard names.count <= limit else { throw FormatError(path, .folder(.tooManyFiles(limit: limit))) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

/// What is wrong with a folder that is taken as a checkpoint.
package enum FolderProblem: Equatable, Sendable, CustomStringConvertible {
  /// The folder has more than one index.
  case severalIndices([String])
  /// The folder has no .safetensors file. The file of another format, if there is one.
  case noCheckpoint((name: String, format: ForeignFormat)?)
  /// Two files hold a tensor of the same name.
  case duplicateTensor(String, String, String)
  /// The folder has too many files.
  case tooManyFiles(limit: Int)

  package var description: String {
    switch self {
    case .severalIndices(let names):
      "the folder has several indices: \(names.prefix(4).map { "\(quoted: $0)" }.joined(separator: ", ")). Name one of them"
    case .noCheckpoint(nil): "the folder has no .safetensors file"
    case .noCheckpoint((let name, let format)?):
      "the folder has no .safetensors file, but \(quoted: name), which is \(format.remedy)"
    case .duplicateTensor(let tensor, let first, let second):
      "tensor \(quoted: tensor) is in \(quoted: first) and in \(quoted: second). Name the file that you mean"
    case .tooManyFiles(let limit): "the folder has more than \(limit) files"
    }
  }

  package static func == (left: FolderProblem, right: FolderProblem) -> Bool { left.description == right.description }
}
