// A model to be diagnosed: its tensors, the source of their bytes, and what a spec says about it.

import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON

/// A tensor to be diagnosed.
struct DiagnosedTensor: Sendable {
  let name: TensorName
  let shape: Shape
  let dtype: WinitCore.DType
  var fanSource = FanSource.layout(.torch)
  /// Whether nothing says which axes are the outputs.
  var isLayoutAssumed = false
  /// The law; nil for a tensor of a file without a spec, and for given bytes.
  var law: Law?
  /// The record of the scheme, and the scheme on one line.
  var scheme: JSONValue?
  var schemeText: String?
  /// Whether the spec names this very tensor where it gives its init; nil if unknown.
  var isNamedBySpec: Bool?
  /// The target of a tied tensor.
  var tiedTo: TensorName?
  /// Whether a tied tensor has its own bytes in a file, which may differ from those of its target.
  var hasOwnBytes = false

  var byteCount: Int { shape.byteCount(dtype) }
}

/// A model to be diagnosed.
struct DiagnosedModel: Sendable {
  /// Reads chunks, each into a buffer of its size, and returns their digests. Several threads may call it at once. The
  /// tensor of a chunk is its place in `sources`.
  typealias Read = @Sendable ([ChunkID], [UnsafeMutableRawBufferPointer]) throws -> [SHA256Digest]

  var subject: DiagnosisSubject
  /// The tensors in the order of the spec or the file.
  private(set) var tensors: [DiagnosedTensor]
  /// Whether the bytes come from elsewhere, so that they may differ from the laws.
  var isForeign = false
  /// The places in `tensors` of those with bytes of their own.
  let sources: [Int]
  let read: Read
  var network: PlannedNetwork?
  var allowed: [AllowedPattern] = []
  /// Assumptions, and what the source says about itself.
  var notes: [String] = []

  /// - Parameter read: makes the function that reads the tensors at these places.
  init(_ subject: DiagnosisSubject, _ tensors: [DiagnosedTensor], read: ([Int]) throws -> Read) rethrows {
    self.subject = subject
    self.tensors = tensors
    let names = Set(tensors.lazy.filter { $0.tiedTo == nil }.map(\.name))
    // A target that is missing leaves the tensor its own bytes.
    sources = tensors.indices.filter { index in
      tensors[index].hasOwnBytes || tensors[index].tiedTo.map { !names.contains($0) } ?? true
    }
    self.read = try read(sources)
  }

  /// The path that the order and the shapes of the weights give; nil if they give none, or if a network is known.
  private(set) var chain: Chain?

  /// Looks for a chain where no network is known. If the weights form one in the layout of Keras alone, takes this
  /// layout for those whose layout nothing says.
  mutating func findChain() {
    guard network == nil else { return }
    chain = Chain(
      of: tensors.filter { $0.tiedTo == nil }.map {
        (name: $0.name.string, shape: $0.shape, fanSource: $0.fanSource)
      })
    let sources = Dictionary((chain?.layers ?? []).map { (TensorName($0.weight), $0.fanSource) }) { first, _ in first }
    var isChanged = false
    for index in tensors.indices where tensors[index].isLayoutAssumed {
      guard let source = sources[tensors[index].name], source != tensors[index].fanSource else { continue }
      tensors[index].fanSource = source
      isChanged = true
    }
    if isChanged { notes.append("the layout of Keras is taken, because the weights form a chain in it") }
  }

  /// The sizes of the tensors with bytes of their own.
  var sourceSizes: [Int] { sources.map { tensors[$0].byteCount } }
}
