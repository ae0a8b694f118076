// Reading a manifest, in any layout of its JSON.

package import WinitJSON

extension Manifest {
  /// Reads a manifest from JSON with any white space and any order of members and tensors. Nothing else may differ from
  /// a manifest that this version writes, so the canonical form is unique.
  ///
  /// - Throws: `ManifestError` if the JSON is not a manifest of this version.
  package init(json: JSONValue) throws(ManifestError) {
    let recipe = try RecipeManifest(json: json)
    if let tensor = recipe.manifest.tensors.first(where: { recipe.lacksDigest($0) }) {
      throw .invalidTensor(tensor.name, "its digest is missing or not valid")
    }
    self = recipe.manifest
  }
}

/// A manifest in which digests can be missing: the recipe of a run whose bytes are not computed yet.
package struct RecipeManifest: Sendable {
  /// The manifest. A digest that is missing is all zeros.
  package let manifest: Manifest
  private let withoutDigest: Set<TensorName>

  /// Reads a manifest whose tensors may lack `digest`. Everything else is as in a manifest.
  ///
  /// - Throws: `ManifestError` if the JSON is not a manifest of this version.
  package init(json: JSONValue) throws(ManifestError) {
    guard json.objectValue != nil, let rows = json["tensors"]?.arrayValue else { throw .notAManifest }
    guard let version = json["law_version"]?.stringValue else { throw .invalidMember("law_version") }
    guard version == lawVersion else { throw .otherLaw(version) }
    guard json["chunk_size"]?.integerValue == chunkSize else { throw .invalidMember("chunk_size") }
    guard let seed = json["seed"]?.stringValue.flatMap({ UInt64(decimal: $0) }) else { throw .invalidMember("seed") }
    var entries: [Entry] = []
    for (index, row) in rows.enumerated() { entries.append(try Entry(row, at: index)) }
    entries.sort { $0.name < $1.name }
    for (first, second) in zip(entries, entries.dropFirst()) where first.name == second.name {
      throw .duplicateTensor(first.name)
    }
    let byName = entries.firstByName(\.name)
    var tensors: [Manifest.Tensor] = []
    for entry in entries { tensors.append(try entry.tensor(in: byName)) }
    manifest = Manifest(seed: seed, tensors: tensors)
    withoutDigest = Set(entries.lazy.filter { $0.digest == nil }.map(\.name))
    // A member that this version does not know is in the JSON, and not in the manifest that was read from it.
    try manifest.checkMembers(of: json, entries)
  }

  /// Whether the digest of a tensor of the manifest is missing.
  package func lacksDigest(_ tensor: Manifest.Tensor) -> Bool { withoutDigest.contains(tensor.name) }
}

extension Manifest {

  /// Checks that the JSON has no other members than the manifest.
  fileprivate func checkMembers(of json: JSONValue, _ entries: [Entry]) throws(ManifestError) {
    for member in json.objectValue ?? [] where !["chunk_size", "law_version", "seed", "tensors"].contains(member.key) {
      throw .unknownMember(member.key)
    }
    for (entry, tensor) in zip(entries, tensors) where entry.jsonWithDigest.canonical != text(of: tensor) {
      throw .invalidTensor(entry.name, "it has a member that this version does not know, or a value in another form")
    }
  }

  /// The canonical text before the tensors.
  package var opening: String { String(Manifest(seed: seed, tensors: [Tensor]()).canonical.dropLast(2)) }

  /// Returns the canonical text of a tensor as a part of this manifest.
  package func text(of tensor: Tensor) -> String {
    let text = Manifest(seed: seed, tensors: [tensor]).canonical.utf8
    return String(decoding: text.dropFirst(opening.utf8.count).dropLast(2), as: UTF8.self)
  }

  /// The text of the manifest with a line for each tensor and a final newline. Without its newlines it is the canonical
  /// text, because a string in it cannot contain a newline.
  package var lines: String {
    tensors.isEmpty
      ? canonical + "\n" : opening + "\n" + tensors.map(text).joined(separator: ",\n") + "\n]}\n"
  }
}

/// The members of a tensor of a manifest, before a tied tensor gets the law of its target.
private struct Entry {
  let json: JSONValue
  let name: TensorName
  let shape: Shape
  let dtype: DType
  /// The seed of the tensor; nil if it is that of the manifest.
  let seed: UInt64?
  let stream: UInt64
  /// The digest; nil if it is missing.
  let digest: SHA256Digest?
  /// The law; nil for a tied tensor.
  let law: Law?
  let target: TensorName?

  init(_ json: JSONValue, at index: Int) throws(ManifestError) {
    guard let text = json["name"]?.stringValue else { throw .unnamedTensor(index) }
    let name = TensorName(text)
    func fail(_ member: String) -> ManifestError { .invalidTensor(name, "its \(member) is missing or not valid") }
    if let problem = name.problem { throw .invalidTensor(name, problem) }
    guard let dtype = json["dtype"]?.stringValue.flatMap(DType.init(rawValue:)) else { throw fail("dtype") }
    guard let dims = json["shape"]?.arrayValue?.map({ $0.integerValue ?? -1 }), let shape = try? Shape(dims) else {
      throw fail("shape")
    }
    guard let stream = json["stream"]?.stringValue.flatMap({ UInt64(decimal: $0) }) else { throw fail("stream") }
    seed = json["seed"]?.stringValue.flatMap { UInt64(decimal: $0) }
    guard json["seed"] == nil || seed != nil else { throw fail("seed") }
    digest = json["digest"]?.stringValue.flatMap { SHA256Digest($0) }
    guard json["digest"] == nil || digest != nil else { throw fail("digest") }
    guard let law = json["law"] else { throw fail("law") }
    let isTied = law["law"]?.stringValue == "same_as"
    target = isTied ? law["name"]?.stringValue.map { TensorName($0) } : nil
    self.law = isTied ? nil : Law(json: law.withoutNegativeZeros)
    guard self.law != nil || target != nil else { throw fail("law") }
    (self.json, self.name, self.shape, self.dtype) = (json, name, shape, dtype)
    self.stream = stream
  }

  /// The digest that the manifest has: zeros if it is missing.
  private var digestOrZeros: SHA256Digest { digest ?? SHA256Digest(unchecked: repeatElement(0, count: 32)) }

  /// The JSON with the digest that the manifest has.
  var jsonWithDigest: JSONValue {
    guard digest == nil else { return json }
    return .object((json.objectValue ?? []) + [.init("digest", .string(digestOrZeros.description))])
  }

  /// Returns the tensor, with the law of its target if it is tied.
  func tensor(in entries: [TensorName: Entry]) throws(ManifestError) -> Manifest.Tensor {
    var law = law
    if let target {
      guard let other = entries[target], other.law != nil else {
        throw .invalidTensor(name, "it is tied to \(quoted: target), which is not a tensor with a law of its own")
      }
      guard other.shape == shape, other.dtype == dtype, other.stream == stream, other.seed == seed,
        other.digest == digest || other.digest == nil || digest == nil
      else {
        throw .invalidTensor(
          name, "it is tied to \(quoted: target), and differs from it in shape, dtype, seed, stream or digest")
      }
      law = other.law
    }
    guard let law else { throw .invalidTensor(name, "it has no law") }
    return Manifest.Tensor(
      name: name, shape: shape, dtype: dtype, law: law, stream: stream, digest: digestOrZeros, tiedTo: target,
      seed: seed)
  }
}

extension UInt64 {
  /// Reads the decimal text of a seed or a stream, in the only form that a manifest has: without a sign and without
  /// leading zeros.
  fileprivate init?(decimal text: String) {
    guard let value = UInt64(text), String(value) == text else { return nil }
    self = value
  }
}

extension JSONValue {
  /// The value with 0 in place of −0, which the canonical form writes as 0.
  fileprivate var withoutNegativeZeros: JSONValue {
    switch self {
    case .number(let number): .number(number == 0 ? 0 : number)
    case .array(let elements): .array(elements.map(\.withoutNegativeZeros))
    case .object(let members): .object(members.map { .init($0.key, $0.value.withoutNegativeZeros) })
    default: self
    }
  }
}
