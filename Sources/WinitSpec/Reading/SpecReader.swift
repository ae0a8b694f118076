// Reads a spec from its YAML tree.

import WinitCore
import WinitDiagnosis
import WinitInitializers

/// Reads a spec. The reader continues after a problem, so that one attempt reports all problems.
struct SpecReader {
  let file: String
  var diagnostics: [SpecDiagnostic] = []
  /// The layout of the spec.
  var layout = Layout.torch
  /// Whether a rule could not be read.
  var lacksRules = false

  mutating func report(_ kind: SpecProblem.Kind, _ line: Int?, _ message: String, tensor: TensorName? = nil) {
    report(SpecProblem(kind, message), line, tensor: tensor)
  }

  mutating func report(_ problem: SpecProblem, _ line: Int?, tensor: TensorName?) {
    diagnostics.append(SpecDiagnostic(file: file, line: line, tensor: tensor, problem: problem))
  }

  mutating func spec(_ root: SpecNode?) -> ModelSpec {
    var dtype = DType.float32
    var values: [ModelSpec.Value] = []
    var (preset, declared) = (ModelSpec?.none, PresetUse?.none)
    var like: (path: String, line: Int)?
    var tensors: [ModelSpec.TensorEntry] = []
    var rules: [ModelSpec.Rule] = []
    var (network, allowed) = (NetworkText?.none, [AllowedPattern]())
    // Tensors and rules may come before the layout.
    if let node = root?.mapping?.first(where: { $0.key.scalar == "layout" })?.value {
      layout = self.layout(node) ?? layout
    }
    for (key, node) in members(
      of: root,
      known: [
        "dtype", "layout", "like", "preset", "values", "tensors", "rules", "network", "allow", "identify",
        "model_types", "options",
      ], what: "a spec")
    {
      switch key {
      case "dtype": dtype = self.modelDType(node) ?? dtype
      case "layout": break
      case "like": if let path = word(node, "like") { like = (path, node.line) }
      case "preset": preset = self.preset(node)
      case "identify", "model_types", "options": declare(key, node, in: &declared)
      case "values": values = self.values(node)
      case "network": network = self.network(node)
      case "allow": allowed = self.allowed(node)
      case "tensors": tensors = self.tensors(node)
      default: rules = self.rules(node)
      }
    }
    if root == nil { report(.emptySpec, nil, "the spec is empty. Give tensors, or like, and rules") }
    // The spec's own values, rules and allowed findings come before those of the preset, and its network replaces the
    // preset's.
    let named = Set(values.map(\.name))
    var spec = ModelSpec(
      file: file, dtype: dtype, layout: layout,
      values: (preset?.values ?? []).filter { !named.contains($0.name) } + values, like: like?.path,
      likeLine: like?.line, tensors: tensors, rules: rules + (preset?.rules ?? []), preset: preset?.preset ?? declared,
      lacksRules: lacksRules, diagnostics: diagnostics)
    spec.network = network ?? preset?.network
    spec.allowed = allowed + (preset?.allowed ?? [])
    guard declared != nil else { return spec }
    return check(spec, against: preset).markedAsPreset
  }
}
