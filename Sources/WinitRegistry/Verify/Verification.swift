// The result of a verification.

package import WinitCore
import WinitJSON
import WinitStorage

/// The result of verifying a run, or a checkpoint against a run.
public struct Verification: Sendable {
  /// The bytes that a verification of a run checks. Its record is checked at every level.
  public enum Level: String, Sendable {
    /// Checks stored bytes against their digests, and regenerates every chunk and checks it against the same digests.
    case everything
    /// Checks stored bytes only.
    case stored
    /// Regenerates every chunk, without reading stored bytes. (Literals, which nothing regenerates, are read.)
    case regenerate
  }

  /// The run that was verified, or that the checkpoint was compared with.
  public let run: Run
  /// The path of the checkpoint that was compared with the run; nil if the run itself was verified.
  public let against: String?
  /// The level of the verification; nil for a checkpoint.
  package let level: Level?
  /// The number of chunks that a sample was drawn from; nil if all chunks were checked.
  package internal(set) var sampledFrom: Int?
  /// The number of chunks whose stored bytes were read and hashed.
  package internal(set) var storedChunks = 0
  /// The number of chunks that were regenerated and hashed.
  package internal(set) var regeneratedChunks = 0
  /// The number of chunks of the checkpoint that were read and hashed.
  package internal(set) var fileChunks = 0
  /// The bytes of the tensors that were checked. Bytes that were both read and regenerated count once.
  public internal(set) var byteCount = 0
  /// The findings: everything that does not match, in the order of the tensors.
  public internal(set) var findings: [Finding] = []
  /// What a comparison with a checkpoint covered; nil if the run itself was verified.
  package internal(set) var coverage: Coverage?
  /// What a reader of the run should know, and what is no mismatch.
  package internal(set) var notes: [Note] = []
  /// The time that the verification took.
  package internal(set) var duration: Duration = .zero

  /// True if there are no findings.
  public var matches: Bool { findings.isEmpty }

  init(run: Run, level: Level) {
    self.run = run
    self.level = level
    against = nil
  }

  init(run: Run, against: String) {
    self.run = run
    self.against = against
    level = nil
  }

  /// A description of what was checked, on one line.
  package var scope: String {
    let what =
      switch level {
      case nil: coverage?.options.scope ?? ComparisonOptions().scope
      case _ where run.origin == .imported: "stored bytes; an imported run has no recipe"
      case .everything: run.isStored ? "stored bytes and regeneration" : "regeneration"
      case .stored: "stored bytes only"
      case .regenerate: "regeneration only"
      }
    return sampledFrom.map { "\(what), a sample of \(max(storedChunks, regeneratedChunks)) of \($0) chunks" } ?? what
  }
}

extension Verification {
  /// A remark on a tensor that matches.
  package struct Note: Sendable {
    /// The name of the tensor.
    package let tensor: String
    /// The message for people.
    package let message: String
  }

  /// A tensor or a record that does not match.
  public struct Finding: Sendable {
    /// The kind of a finding.
    public enum Kind: String, Sendable {
      /// The record contradicts itself.
      case record
      /// The recorded scheme resolves to other numbers than the recorded law.
      case scheme
      /// Stored bytes do not have their digest, or cannot be read.
      case stored
      /// A regenerated chunk does not have its digest.
      case regenerated
      /// The checkpoint lacks a tensor of the run.
      case missing
      /// The checkpoint holds a tensor that the run does not have.
      case unexpected
      /// The shape of the tensor in the checkpoint differs from the run.
      case shape
      /// The dtype of the tensor in the checkpoint differs from the run.
      case dtype
      /// The values of the tensor in the checkpoint differ from the run.
      case values
    }

    /// The kind of the finding.
    public let kind: Kind
    /// The name of the tensor; nil for a finding about the run.
    public var tensor: String? { tensorName?.string }
    /// The message for people: what does not match, and where.
    public let message: String
    /// The differing elements; nil if they are not known, because the expected bytes are not available.
    public internal(set) var difference: ElementDifference?
    /// The likely cause, for people; nil if no cause could be confirmed.
    public internal(set) var likelyCause: String?
    package let tensorName: TensorName?
    /// The indices of the chunks that do not match.
    package internal(set) var chunks: [Int] = []
    /// The bytes of the tensor in those chunks.
    package internal(set) var ranges: [Range<Int>] = []

    init(_ kind: Kind, _ tensor: TensorName? = nil, _ message: String) {
      self.kind = kind
      self.tensorName = tensor
      self.message = message
    }
  }
}
