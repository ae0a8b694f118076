// The reader of a model's config.json, which sets options of presets.

import WinitCore
import WinitFiles
import WinitJSON
import WinitSpec

extension FuzzTarget {
  /// A configuration is refused with its path, or it sets the options of a preset. Every JSON object is one.
  static let configuration = FuzzTarget("configuration") { bytes in
    let path = "dir/config.json"
    let isObject = (try? JSONValue(parsing: bytes))?.objectValue != nil
    let configuration: ModelConfiguration
    do { configuration = try ModelConfiguration(parsing: bytes, path: path) } catch let error as FormatError {
      try expect(!isObject, "a JSON object is refused: \(error)")
      try expect(same(error.path, path), "the error has the path \(error.path)")
      return .refused(error.description)
    }
    let like = try ["model.embed_tokens.weight", "lm_head.weight"].map {
      LikeTensor(name: TensorName($0), shape: try Shape([40, 2]), dtype: .float32)
    }
    let spec = try ModelSpec(preset: "llama")
    let plan: Plan
    do throws(SpecError) { plan = try spec.resolve(like: ("like", like), configuration: configuration) } catch {
      try expect(!error.diagnostics.isEmpty, "the error has no problem")
      return .refused(error.description)
    }
    try expect(plan.tensors.count == 2 && plan.preset != nil, "the plan is incomplete")
    return .accepted
  }
}
