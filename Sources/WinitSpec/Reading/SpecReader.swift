// From YAML to a spec. Goes on after an error, so that one run reports them all.

import WinitCore
import WinitFiles
import WinitInitializers
import WinitJSON

extension ModelSpec {
  /// Parses a spec. What is wrong beyond its YAML is reported when it is resolved.
  ///
  /// - Parameter file: the name for errors.
  /// - Throws: `SpecError` where it is not YAML or a name stands twice.
  public init(parsing text: String, file: String) throws(SpecError) {
    let root: SpecNode?
    do { root = try SpecNode.parse(text, file: file) } catch { throw SpecError([error]) }
    var reader = SpecReader(file: file)
    self = reader.spec(root)
  }

  /// Reads and parses a file.
  ///
  /// - Throws: `SpecError`, or `FileError` where the file cannot be read.
  public init(contentsOf path: String) throws {
    let bytes = try readWhole(path, limit: 100_000_000)
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let content = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
    guard let text = String(validating: content, as: UTF8.self) else {
      throw SpecError([SpecDiagnostic(file: path, line: nil, tensor: nil, message: "is not UTF-8 text")])
    }
    try self.init(parsing: text, file: path)
  }
}

struct SpecReader {
  let file: String
  var diagnostics: [SpecDiagnostic] = []
  var lacksRules = false

  mutating func report(_ line: Int?, _ message: String, tensor: TensorName? = nil) {
    diagnostics.append(SpecDiagnostic(file: file, line: line, tensor: tensor, message: message))
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
    if root == nil { report(nil, "the spec is empty; give tensors, or like, and rules") }
    // What the spec says itself comes first; the preset's values stand for those it does not name.
    let named = Set(values.map(\.name))
    return ModelSpec(
      file: file, dtype: dtype, layout: layout,
      values: (preset?.values ?? []).filter { !named.contains($0.name) } + values, like: like?.path,
      likeLine: like?.line, tensors: tensors,
      rules: rules + (preset?.rules ?? []), lacksRules: lacksRules, diagnostics: diagnostics)
  }

  // MARK: - Tensors

  mutating func tensors(_ node: SpecNode) -> [ModelSpec.TensorEntry] {
    guard let pairs = node.mapping else {
      report(node.line, "tensors is \(node.kind); it maps each name to a shape: `name: [2, 3]`")
      return []
    }
    var lines: [TensorName: Int] = [:]
    return pairs.compactMap { key, value in
      guard let text = key.scalar else {
        report(key.line, "a tensor's name is \(key.kind); it must be text")
        return nil
      }
      let name = TensorName(text)
      if let first = lines.updateValue(key.line, forKey: name) {
        report(key.line, "the name stands twice, first on line \(first)", tensor: name)
      }
      if let problem = name.problem { report(key.line, problem, tensor: name) }
      let before = diagnostics.count
      var entry = tensor(name, line: key.line, value)
      entry.isBroken = diagnostics.count > before || name.problem != nil
      return entry
    }
  }

  mutating func tensor(_ name: TensorName, line: Int, _ node: SpecNode) -> ModelSpec.TensorEntry {
    var entry = ModelSpec.TensorEntry(name: name, line: line)
    if node.sequence != nil {
      entry.shape = shape(node, tensor: name)
      return entry
    }
    guard node.mapping != nil else {
      report(
        line, "it is \(node.kind); write a shape `[2, 3]`, or `{shape: [2, 3], init: ones}`", tensor: name)
      return entry
    }
    for (key, node) in members(
      of: node, known: ["shape", "dtype", "init", "layout", "fans"], what: "a tensor", tensor: name)
    {
      switch key {
      case "shape": entry.shape = shape(node, tensor: name)
      case "dtype": entry.dtype = self.dtype(node, tensor: name)
      case "init": (entry.initialization, entry.initLine) = (initialization(node, tensor: name), node.line)
      case "layout": entry.fans = layout(node, tensor: name).map { .layout($0) }
      default: entry.fans = fans(node, tensor: name)
      }
    }
    reportBothFans(node, tensor: name)
    return entry
  }

  /// A layout is shorthand for fans, so one of them says all.
  private mutating func reportBothFans(_ node: SpecNode, tensor: TensorName? = nil) {
    let keys = (node.mapping ?? []).compactMap(\.key.scalar)
    if keys.contains("layout"), keys.contains("fans") {
      report(
        node.line, "layout and fans both say where its inputs and outputs are; give one of them",
        tensor: tensor)
    }
  }

  mutating func shape(_ node: SpecNode, tensor: TensorName) -> Shape? {
    guard let nodes = node.sequence else {
      report(
        node.line, "its shape is \(node.kind); write a list of dimensions, [] for a scalar", tensor: tensor)
      return nil
    }
    var dims: [Int] = []
    for node in nodes {
      guard let text = node.scalar, JSONNumber.isNumber(text.utf8),
        !text.contains(where: { ".eE".contains($0) })
      else {
        report(node.line, "the dimension \(node.kind) is not an integer", tensor: tensor)
        return nil
      }
      guard let dim = Int(text) else {
        report(node.line, "the dimension `\(text)` overflows", tensor: tensor)
        return nil
      }
      dims.append(dim)
    }
    do { return try Shape(dims) } catch {
      report(node.line, "\(error)", tensor: tensor)
      return nil
    }
  }

  // MARK: - Rules

  mutating func rules(_ node: SpecNode) -> [ModelSpec.Rule] {
    guard let nodes = node.sequence else {
      report(node.line, "rules is \(node.kind); it is a list: `- {match: \"*\", init: zeros}`")
      lacksRules = true
      return []
    }
    return nodes.compactMap { rule($0) }
  }

  mutating func rule(_ node: SpecNode) -> ModelSpec.Rule? {
    var (match, initialization, fans) = (Glob?.none, ModelSpec.Initialization?.none, FanSource?.none)
    var (rank, isFloatingPoint, kind) = (Int?.none, Bool?.none, String?.none)
    var initLine = node.line
    let before = diagnostics.count
    for (key, node) in members(
      of: node, known: ["match", "kind", "rank", "dtype", "init", "layout", "fans"], what: "a rule")
    {
      switch key {
      case "match": match = glob(node)
      case "rank": rank = self.rank(node)
      case "kind": kind = word(node, "kind")
      case "dtype": isFloatingPoint = dtypeKind(node)
      case "init": (initialization, initLine) = (self.initialization(node), node.line)
      case "layout": fans = layout(node).map { .layout($0) }
      default: fans = self.fans(node)
      }
    }
    reportBothFans(node)
    if match == nil || initialization == nil && kind == nil, diagnostics.count == before {
      report(
        node.line, "a rule needs both `match` and `init`, or `match` and `kind` for a preset of module kinds")
    }
    guard let match else {
      lacksRules = true
      return nil
    }
    return ModelSpec.Rule(
      line: node.line, match: match, initialization: initialization, initLine: initLine, fans: fans,
      kind: kind, rank: rank,
      isFloatingPoint: isFloatingPoint)
  }

  // MARK: - Words

  /// The members of a mapping, unknown keys reported and left out.
  mutating func members(
    of node: SpecNode?, known: [String], what: String, tensor: TensorName? = nil
  ) -> [(key: String, node: SpecNode)] {
    guard let node else { return [] }
    guard let pairs = node.mapping else {
      report(
        node.line, "\(what) is \(node.kind); it must be a mapping with \(known.joined(separator: ", "))",
        tensor: tensor)
      return []
    }
    return pairs.compactMap { key, value in
      if let text = key.scalar, known.contains(text) { return (text, value) }
      let near = key.scalar.flatMap { nearest(to: $0, in: known) }.map { "; did you mean `\($0)`?" } ?? ""
      report(
        key.line, "\(what) has no key \(key.kind)\(near) (known: \(known.joined(separator: ", ")))",
        tensor: tensor)
      return nil
    }
  }

  mutating func word(_ node: SpecNode, _ what: String) -> String? {
    guard let text = node.scalar, !text.isEmpty else {
      report(node.line, "\(what) is \(node.kind); it must be text")
      return nil
    }
    return text
  }

  mutating func dtype(_ node: SpecNode, tensor: TensorName? = nil) -> DType? {
    let text = node.scalar ?? ""
    if let dtype = DType(parsing: text) { return dtype }
    let known = DType.allCases.map(\.rawValue)
    let near = nearest(to: text, in: known).map { "; did you mean `\($0)`?" } ?? ""
    report(
      node.line, "the dtype \(node.kind) is not supported\(near) (known: \(known.joined(separator: ", ")))",
      tensor: tensor)
    return nil
  }

  mutating func modelDType(_ node: SpecNode) -> DType? {
    guard let dtype = dtype(node) else { return nil }
    guard dtype.isFloatingPoint else {
      report(
        node.line,
        "the model's dtype is \(dtype); it is that of floating-point tensors: give integer ones their own dtype"
      )
      return nil
    }
    return dtype
  }

  mutating func layout(_ node: SpecNode, tensor: TensorName? = nil) -> Layout? {
    if let layout = node.scalar.flatMap(Layout.init(rawValue:)) { return layout }
    report(
      node.line,
      "the layout \(node.kind) is unknown (known: torch = [out, in, …spatial], keras = […spatial, in, out])",
      tensor: tensor)
    return nil
  }
}
