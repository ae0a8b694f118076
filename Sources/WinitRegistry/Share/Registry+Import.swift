// import --as: records a checkpoint as a run.

import WinitCore
import WinitFiles
import WinitSpec
import WinitStorage

extension Registry {
  /// Records a checkpoint as the next version of a name: its bytes, without a recipe and a seed. The run can be
  /// exported, verified and compared like any other run.
  ///
  /// - Parameters:
  ///   - path: the path of a .safetensors file, or of the index of a sharded checkpoint.
  ///   - name: letters, digits, `.`, `_`, `/` and `-`, at most 255.
  ///   - options: the number of threads and the metadata of the run. `dtype`, `like` and `recipeOnly` do not apply.
  ///   - progress: called with the bytes that were read and the size of the checkpoint.
  /// - Throws: `RegistryError` with the code `fileNotFound`, `invalidFile` if the file is not a checkpoint, or holds a
  ///   dtype that a registry does not support, `invalidName` for the name or the key of a tag, `tooLarge` for more than
  ///   16 TiB, or `io`.
  public func importCheckpoint(
    _ path: String, as name: String, options: CreateOptions = CreateOptions(), progress: ProgressHandler? = nil
  ) throws -> CreateReceipt {
    try translatingErrors {
      let plan = try Plan(capturing: path)
      try Registry.check(name, plan)
      return try create(
        name, plan, plan.recipes(seed: 0), seed: 0,
        from: .checkpoint(String(path.dropFirst(folderPrefix(of: path).count))),
        options: options, progress: progress)
    }
  }
}
