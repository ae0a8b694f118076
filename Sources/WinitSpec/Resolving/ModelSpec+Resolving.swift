// From a spec and a checkpoint to tensors with laws.

public import WinitCore
package import WinitFiles
public import WinitJSON

/// The names, shapes and dtypes of a checkpoint, as far as a spec takes them over.
public struct LikeTensor: Sendable {
  /// The tensor's name.
  public let name: TensorName
  /// Its shape.
  public let shape: Shape
  /// Its dtype, nil where it is not supported.
  public let dtype: DType?
  /// The dtype as the checkpoint writes it.
  public let code: String
  /// Where its bytes are, for a literal.
  package let bytes: LiteralBytes?

  /// A tensor of a checkpoint.
  public init(name: TensorName, shape: Shape, dtype: DType?, code: String) {
    self.init(name: name, shape: shape, dtype: dtype, code: code, bytes: nil)
  }

  package init(name: TensorName, shape: Shape, dtype: DType?, code: String, bytes: LiteralBytes?) {
    self.name = name
    self.shape = shape
    self.dtype = dtype
    self.code = code
    self.bytes = bytes
  }
}

/// A tensor with everything decided.
public struct PlannedTensor: Sendable {
  /// The tensor's name.
  public let name: TensorName
  /// Its shape.
  public let shape: Shape
  /// Its dtype.
  public let dtype: DType
  /// How an element follows from its word; of a tied tensor, its target's.
  public let law: Law
  /// The name whose stream its words come from: its own, or of a tied tensor its target's.
  public let streamName: TensorName
  /// The tensor whose values it has.
  public let tiedTo: TensorName?
  /// What was said, as it is recorded: the scheme with its parameters, expressions and where its fans came from.
  public let record: JSONValue
  /// The bytes of a literal.
  package let literal: LiteralBytes?
}

/// Where a literal's bytes are.
package enum LiteralBytes: Sendable {
  case given([UInt8])
  case file(InputFile, offset: Int)

  /// Fills a buffer with the bytes from an offset on.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    switch self {
    case .given(let bytes): buffer.copyBytes(from: bytes[offset..<offset + buffer.count])
    case .file(let file, let start): try file.read(at: start + offset, into: buffer)
    }
  }
}

/// A resolved spec.
public struct Plan: Sendable {
  /// The tensors: those of `like` in its order, then the spec's own in theirs.
  public let tensors: [PlannedTensor]
  /// What is odd but not wrong: rules that match nothing.
  public let warnings: [SpecDiagnostic]
}

extension ModelSpec {
  /// Decides every tensor: its dtype is its own in the spec, else `dtype`, else the checkpoint's, else the spec's
  /// (where `dtype` and the spec's change floating-point tensors alone); its scheme its own, else the first
  /// matching rule's.
  ///
  /// - Parameters:
  ///   - dtype: replaces the dtype of floating-point tensors; must be one.
  ///   - like: the checkpoint's tensors, and its path for errors.
  /// - Throws: `SpecError` with every error found.
  public func resolve(
    dtype: DType? = nil, like: (path: String, tensors: [LikeTensor])? = nil
  ) throws(SpecError) -> Plan {
    var resolver = Resolver(spec: self, dtype: dtype, likePath: like?.path)
    return try resolver.plan(like: like?.tensors ?? [])
  }
}

/// The names whose stream another name before them has, each with that one. (The same name twice is another error.)
package func repeatedStreams(
  _ streams: [(name: TensorName, stream: UInt64)]
) -> [(name: TensorName, other: TensorName)] {
  var names: [UInt64: TensorName] = [:]
  return streams.compactMap { name, stream in
    guard let other = names[stream] else {
      names[stream] = name
      return nil
    }
    return name == other ? nil : (name, other)
  }
}
