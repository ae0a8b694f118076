import WinitCore
import WinitSpec

/// Resolves a spec in YAML.
func plan(_ text: String, dtype: DType? = nil, like: [LikeTensor]? = nil) throws -> Plan {
  try ModelSpec(parsing: text, file: "m.yaml").resolve(
    dtype: dtype, like: like.map { ("like.safetensors", $0) })
}

/// A tensor of a checkpoint.
func like(_ name: String, _ dims: [Int], _ dtype: DType) throws -> LikeTensor {
  LikeTensor(name: TensorName(name), shape: try Shape(dims), dtype: dtype)
}

/// The problems of a spec, each as its line, tensor and kind: `3 a noRule`.
func problems(_ text: String, like: [LikeTensor]? = nil) throws -> [String] {
  do {
    _ = try plan(text, like: like)
    return []
  } catch let error as SpecError { return error.diagnostics.map(summary) }
}

/// A problem's line, tensor and kind.
func summary(_ diagnostic: SpecDiagnostic) -> String {
  let place = [diagnostic.line.map { "\($0)" }, diagnostic.tensor?.description]
  return (place + [diagnostic.kind.rawValue]).compactMap(\.self).joined(separator: " ")
}
