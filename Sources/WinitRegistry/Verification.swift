// What a verification found.

public import CanonicalJSON
public import Store
public import Tensors

/// What a verification looks at.
public enum VerifyMode: Sendable {
  /// Stored blobs against their digests, and every chunk filled again against the same digests.
  case everything
  /// Stored blobs alone.
  case stored
  /// Regeneration alone.
  case regenerate
}

/// The outcome of a verification.
public struct Verification: Sendable {
  /// The run.
  public let run: Run
  /// The file it was compared with, if it was.
  public let against: String?
  /// Chunks whose stored bytes were read and hashed.
  public internal(set) var storedChunks = 0
  /// Chunks that were filled again and hashed.
  public internal(set) var regeneratedChunks = 0
  /// Chunks of the file that were read and hashed.
  public internal(set) var fileChunks = 0
  /// Bytes of the tensors that were checked.
  public internal(set) var byteCount = 0
  /// Everything that does not match.
  public internal(set) var findings: [Finding] = []
  /// How long it took.
  public internal(set) var duration: Duration = .zero

  /// True where nothing was found.
  public var matches: Bool { findings.isEmpty }

  init(run: Run, against: String? = nil) {
    self.run = run
    self.against = against
  }
}

/// Something that does not match.
public struct Finding: Sendable {
  /// What does not match.
  public enum Kind: String, Sendable {
    /// The record contradicts itself: the id is not the manifest's, or the manifest not the tensors'.
    case record
    /// The recorded scheme resolves to other numbers than the recorded law.
    case scheme
    /// Stored bytes do not have their digest, or are not there.
    case stored
    /// A chunk filled again does not have its digest.
    case regenerated
    /// The file lacks a tensor of the run.
    case missing
    /// The file holds a tensor that the run does not.
    case unexpected
    /// Another shape.
    case shape
    /// Another dtype.
    case dtype
    /// Other values.
    case values
  }

  /// What does not match.
  public let kind: Kind
  /// The tensor, if it is about one.
  public let tensor: TensorName?
  /// What is wrong, for a person.
  public let message: String
  /// The first differing element, where it could be named.
  public var difference: Difference?
  /// The chunks concerned.
  public var chunks: [Int] = []
  /// What probably happened, where that can be told.
  public var likelyCause: String?

  init(_ kind: Kind, _ tensor: TensorName? = nil, _ message: String) {
    self.kind = kind
    self.tensor = tensor
    self.message = message
  }
}

extension Verification {
  /// For programs.
  public var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("reference", .string(run.reference)), .init("id", .string(run.id.description)),
      .init("matches", .bool(matches)),
    ]
    if let against {
      members += [.init("against", .string(against)), .init("file_chunks", .integer(fileChunks))]
    } else {
      members += [
        .init("stored_chunks", .integer(storedChunks)),
        .init("regenerated_chunks", .integer(regeneratedChunks)),
      ]
    }
    members += [.init("byte_count", .integer(byteCount)), .init("findings", .array(findings.map(\.json)))]
    return .object(members)
  }
}

extension Finding {
  /// For programs.
  public var json: JSONValue {
    var members: [JSONValue.Member] = [.init("kind", .string(kind.rawValue))]
    if let tensor { members.append(.init("tensor", .string(tensor.string))) }
    members.append(.init("message", .string(message)))
    if let difference {
      members += [
        .init("element", .integer(difference.element)),
        .init("index", .array(difference.coordinates.map(JSONValue.integer))),
        .init("expected", .string(difference.expected)), .init("found", .string(difference.found)),
        .init("differing_elements", .integer(difference.count)),
      ]
    }
    if !chunks.isEmpty { members.append(.init("chunks", .array(chunks.map(JSONValue.integer)))) }
    if let likelyCause { members.append(.init("likely_cause", .string(likelyCause))) }
    return .object(members)
  }
}
