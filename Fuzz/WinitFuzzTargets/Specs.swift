// The parser of specs, and the planner that resolves them to laws.

import WinitCore
import WinitDiagnosis
import WinitInitializers
import WinitJSON
import WinitSpec

extension FuzzTarget {
  /// A spec is planned, alone and with the tensors of a checkpoint, or refused with errors that have a line and a
  /// message. Laws and records that are written are read back as the same, and small tensors are filled.
  static let yaml = FuzzTarget("yaml") { bytes in
    guard let text = text(bytes) else { return .refused("not UTF-8") }
    let alone = try plan(text, like: nil)
    _ = try plan(text, like: ("like", try checkpoint()))
    return alone
  }

  private static func plan(_ text: String, like: (path: String, tensors: [LikeTensor])?) throws -> Verdict {
    do {
      let plan = try ModelSpec(parsing: text, file: "x.yaml").resolve(like: like)
      for tensor in plan.tensors { try check(tensor) }
      if let network = plan.network {
        let read = PlannedNetwork(json: try JSONValue(parsing: network.json.compact))
        try expect(read == network, "the network \(network.json.compact) is read as another network")
      }
      return .accepted
    } catch let error as SpecError {
      try expect(!error.diagnostics.isEmpty, "an error has no diagnostics")
      // The end of the text counts as a line. A diagnostic of a rule of a preset has the line in the preset.
      let lines = text.contains("preset") ? Int.max : text.count(where: \.isNewline) + 2
      for diagnostic in error.diagnostics {
        try expect(!diagnostic.message.isEmpty, "a diagnostic has no message")
        try expect((1...lines).contains(diagnostic.line ?? 1), "`\(text)` has no line \(diagnostic.line ?? 0)")
      }
      return .refused(error.diagnostics[0].description)
    }
  }

  private static func checkpoint() throws -> [LikeTensor] {
    [
      LikeTensor(name: "w", shape: try Shape([3, 4]), dtype: .float32),
      LikeTensor(name: "h.0.b", shape: try Shape([5]), dtype: .bfloat16),
      LikeTensor(name: "q", shape: try Shape([2]), dtype: .float8_e4m3fn),
      LikeTensor(name: "n", shape: try Shape([]), dtype: .int64),
    ]
  }

  private static func check(_ tensor: PlannedTensor) throws {
    let (name, law) = (tensor.name, tensor.law)
    try expect(name.problem == nil, "the name `\(name)` is accepted")
    let written = try JSONValue(parsing: law.json.canonical)
    try expect(
      Law(json: written) == law, "the law \(law) is written as \(law.json.compact), which is read as another law")
    let record = tensor.record
    try expect(
      same(try JSONValue(parsing: record.compact).canonical, record.canonical),
      "the record of `\(name)` is read as another record")
    let scheme = record["scheme"]?.stringValue ?? ""
    if !["literal", "same_as", "norm_of", "parts"].contains(scheme) {
      let members = (record.objectValue ?? []).filter {
        !FanSource.keys.contains($0.key) && $0.key != "picked" && $0.key != "because"
      }
      let read = try Scheme(json: .object(members))
      let fans = FanSource(json: record) ?? .layout(.torch)
      let resolved = try read.resolve(shape: tensor.shape, dtype: tensor.dtype, fans: fans)
      try expect(resolved.law == law, "the record of `\(name)` gives \(resolved.law), not \(law)")
    }
    guard law.hasLiteral == false, tensor.shape.elementCount <= 256 else { return }
    let recipe = try Recipe(
      seed: 1, stream: tensor.streamName.stream, dtype: tensor.dtype, shape: tensor.shape, law: law)
    let count = tensor.shape.elementCount
    let whole = try recipe.bytes(0..<count)
    try expect(whole.count == tensor.shape.byteCount(tensor.dtype), "`\(name)` has \(whole.count) bytes")
    let middle = count / 2
    try expect(
      recipe.bytes(0..<middle) + recipe.bytes(middle..<count) == whole,
      "`\(name)` differs when it is filled in two pieces")
  }
}
