// What a verification found.

public import WinitCore
public import WinitJSON
public import WinitStorage

/// What a verification looks at.
public enum VerifyMode: String, Sendable {
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
  /// What was looked at, where it was not compared with a file.
  public let mode: VerifyMode?
  /// How many chunks a sample was drawn from; nil where all were looked at.
  public internal(set) var sampledFrom: Int?
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

  init(run: Run, mode: VerifyMode) {
    self.run = run
    self.mode = mode
    against = nil
  }

  init(run: Run, against: String) {
    self.run = run
    self.against = against
    mode = nil
  }

  /// How thorough it was, on one line: what `everything` looks at depends on what the run keeps.
  public var level: String {
    let what =
      switch mode {
      case nil: "every tensor of the file"
      case .everything: run.isStored ? "stored bytes and regeneration" : "regeneration"
      case .stored: "stored bytes only"
      case .regenerate: "regeneration only"
      }
    return sampledFrom.map { "\(what), a sample of \(max(storedChunks, regeneratedChunks)) of \($0) chunks" }
      ?? what
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
  public var difference: ElementDifference?
  /// The chunks concerned.
  public var chunks: [Int] = []
  /// The bytes of the tensor that lie in those chunks.
  public var ranges: [Range<Int>] = []
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
      .init("matches", .bool(matches)), .init("level", .string(mode?.rawValue ?? "against")),
    ]
    if let sampledFrom { members.append(.init("sampled_from", .integer(sampledFrom))) }
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
    if !ranges.isEmpty {
      let list = ranges.map { JSONValue.array([.integer($0.lowerBound), .integer($0.upperBound)]) }
      members.append(.init("ranges", .array(list)))
    }
    if let likelyCause { members.append(.init("likely_cause", .string(likelyCause))) }
    return .object(members)
  }
}
