// Reads a spec from its YAML tree.

import WinitCore
import WinitInitializers

/// Reads a spec. The reader continues after a problem, so that one attempt reports all problems.
struct SpecReader {
  let file: String
  var diagnostics: [SpecDiagnostic] = []
  /// Whether a rule could not be read.
  var lacksRules = false

  mutating func report(_ kind: SpecProblem.Kind, _ line: Int?, _ message: String, tensor: TensorName? = nil) {
    report(SpecProblem(kind, message), line, tensor: tensor)
  }

  mutating func report(_ problem: SpecProblem, _ line: Int?, tensor: TensorName?) {
    diagnostics.append(SpecDiagnostic(file: file, line: line, tensor: tensor, problem: problem))
  }

  mutating func spec(_ root: SpecNode?) -> ModelSpec {
    var (dtype, layout) = (DType.float32, Layout.torch)
    var values: [ModelSpec.Value] = []
    var preset: ModelSpec?
    var like: (path: String, line: Int)?
    var tensors: [ModelSpec.TensorEntry] = []
    var rules: [ModelSpec.Rule] = []
    for (key, node) in members(
      of: root, known: ["dtype", "layout", "like", "preset", "values", "tensors", "rules"], what: "a spec")
    {
      switch key {
      case "dtype": dtype = self.modelDType(node) ?? dtype
      case "layout": layout = self.layout(node) ?? layout
      case "like": if let path = word(node, "like") { like = (path, node.line) }
      case "preset": preset = self.preset(node)
      case "values": values = self.values(node)
      case "tensors": tensors = self.tensors(node)
      default: rules = self.rules(node)
      }
    }
    if root == nil { report(.emptySpec, nil, "the spec is empty. Give tensors, or like, and rules") }
    // The spec's own values and rules come before those of the preset.
    let named = Set(values.map(\.name))
    return ModelSpec(
      file: file, dtype: dtype, layout: layout,
      values: (preset?.values ?? []).filter { !named.contains($0.name) } + values, like: like?.path,
      likeLine: like?.line, tensors: tensors, rules: rules + (preset?.rules ?? []), lacksRules: lacksRules,
      diagnostics: diagnostics)
  }

  private mutating func preset(_ node: SpecNode) -> ModelSpec? {
    guard let name = word(node, "preset") else { return nil }
    do { return try ModelSpec(preset: name) } catch {
      report(.unknownPreset, node.line, error.description)
      lacksRules = true
      return nil
    }
  }
}
