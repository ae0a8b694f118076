// The options of create and of the import of a checkpoint.

/// The options of creating a run, and the metadata of the run.
public struct CreateOptions: Sendable {
  /// The dtype of floating-point tensors that have no dtype of their own in the spec; nil for the dtypes of the spec
  /// and of `like`. An integer dtype or bool is an error.
  public var dtype: DType?
  /// The path of a .safetensors file, or of the index of a sharded checkpoint, whose names, shapes and dtypes are used
  /// instead of the spec's own `like`. Only headers are read.
  public var like: String?
  /// Whether only recipes and digests are recorded, without the bytes. The id is the same. Literals are stored in any
  /// case.
  public var recipeOnly = false
  /// The number of worker threads; nil for one per processor. The bits do not depend on it.
  public var threads: Int?
  /// The experiment that the run belongs to; nil for none.
  public var experiment: String?
  /// The tags of the run. Of several tags with one key the last counts.
  public var tags: [Run.Tag] = []
  /// A note, free text.
  public var note = ""
  /// The run that this run comes from; nil for none.
  public var parent: Run?
  /// The libraries and programs that made the model, by name, with their versions, such as `torch` and `2.9.0`: at most
  /// 64. They are a part of the environment, which must be recorded.
  public var software: [String: String] = [:]
  /// The class of the model, such as `transformers.GPT2LMHeadModel`, in at most 255 bytes; nil if it is unknown. It is a
  /// part of the environment, which must be recorded.
  public var modelClass: String?
  /// Whether the machine, the user and the git checkout are recorded.
  public var recordsEnvironment = true

  /// Creates the default options: stored bytes, the dtypes of the spec, no metadata.
  public init() {}
}
