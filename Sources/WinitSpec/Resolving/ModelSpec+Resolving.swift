// Resolves a spec to a plan.

import Foundation
package import WinitCore
import WinitFiles

extension ModelSpec {
  /// Resolves the spec, with the checkpoint that `like` names, if there is one. Only the checkpoint's headers are read.
  ///
  /// - Parameters:
  ///   - dtype: replaces the dtype of floating-point tensors; must be a floating-point dtype.
  ///   - like: replaces the spec's own `like`, which is relative to the spec's folder.
  /// - Throws: `SpecError`, or the reason why the checkpoint cannot be read.
  package func plan(dtype: DType? = nil, like: String? = nil) throws -> Plan {
    let path = like ?? self.like.map(besideSpec)
    let configuration = try configuration(like: path)
    guard let path else { return try resolve(dtype: dtype, configuration: configuration) }
    let checkpoint = try checkpoint(path, line: like == nil ? likeLine : nil)
    let tensors = checkpoint.entries.map {
      LikeTensor(name: $0.name, shape: $0.shape, dtype: $0.dtype, bytes: .checkpoint($0.bytes))
    }
    var plan = try resolve(dtype: dtype, like: (path, tensors), configuration: configuration)
    plan.checkpointWarnings = checkpoint.warnings
    return plan
  }

  /// Opens the checkpoint of `like`. If the text of the spec has problems too, all of them are reported together.
  private func checkpoint(_ path: String, line: Int?) throws -> Checkpoint {
    do { return try Checkpoint(path) } catch {
      if diagnostics.isEmpty { throw error }
      let problem = SpecProblem(.unreadableLike, "\(error)")
      throw SpecError(diagnostics + [SpecDiagnostic(file: file, line: line, tensor: nil, problem: problem)])
    }
  }

  /// Resolves the spec with the tensors of a checkpoint.
  ///
  /// The dtype of a tensor is the first of these that is given: its own in the spec, `dtype`, its dtype in the
  /// checkpoint, the dtype of the spec. `dtype` and the dtype of the spec apply only to floating-point tensors. The
  /// init of a tensor is its own, or else that of the first rule that matches.
  ///
  /// - Parameters:
  ///   - dtype: replaces the dtype of floating-point tensors; must be a floating-point dtype.
  ///   - like: the checkpoint's tensors, and its path for errors.
  ///   - configuration: the model's `config.json`, which sets options of the preset.
  /// - Throws: `SpecError` with every problem that was found.
  package func resolve(
    dtype: DType? = nil, like: (path: String, tensors: [LikeTensor])? = nil, configuration: ModelConfiguration? = nil
  ) throws(SpecError) -> Plan {
    var resolver = Resolver(spec: self, dtype: dtype, likePath: like?.path)
    return try resolver.plan(like: like?.tensors ?? [], configuration: configuration)
  }

  /// Reads the `config.json` beside a checkpoint, or the file that the preset's option names. Reads nothing if the
  /// preset takes nothing from it.
  private func configuration(like path: String?) throws -> ModelConfiguration? {
    guard let preset, preset.options.contains(where: { $0.configurationKey != nil }) else { return nil }
    switch preset.setting(PresetUse.configurationOption) {
    case nil: return try path.flatMap(ModelConfiguration.beside)
    case let setting? where setting.text == "none": return nil
    case let setting?:
      return try ModelConfiguration(contentsOf: setting.line == nil ? setting.text : besideSpec(setting.text))
    }
  }

  private func besideSpec(_ path: String) -> String {
    path.hasPrefix("/") ? path : folderPrefix(of: file) + path
  }
}
