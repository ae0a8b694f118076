// The endings of file names, which say what a user expects in a file.

import WinitFiles

/// The endings of file names of formats that are not written. A file with such a name would not be what its name says.
package enum OutputEnding {
  /// What is written.
  package enum Content { case weights, bundle, backup }

  /// Checks the ending of a path.
  ///
  /// - Throws: `RegistryError` with the code `invalidArgument`, which says what to do, if the ending is that of another
  ///   format.
  package static func check(_ path: String, of content: Content) throws {
    let ending = ending(path)
    guard !ending.isEmpty else { return }
    let advice: String?
    switch content {
    case .weights: advice = frameworks[ending] ?? containers[ending] ?? registries[ending]
    case .bundle: advice = (checkpoints.contains(ending) ? checkpointAdvice : nil) ?? manifests[ending]
    case .backup:
      advice =
        (checkpoints.contains(ending) ? checkpointAdvice : nil)
        ?? (ending == "winit"
          ? "`export` writes a bundle, which contains no machine and no user; a backup contains both. Name a .sqlite file"
          : nil)
    }
    guard let advice else { return }
    let subject =
      switch content {
      case .weights: "`get` does not write .\(ending) files"
      case .bundle: "a bundle is a registry file, not a .\(ending) file"
      case .backup: "a backup is a registry file, not a .\(ending) file"
      }
    throw RegistryError.invalidArgument("\(subject). \(advice)")
  }

  /// Checks the ending of a file to which the bytes of one tensor are written.
  ///
  /// - Throws: `RegistryError` with the code `invalidArgument` if several tensors are to be written to a `.bin` file.
  package static func checkRaw(_ path: String, tensorCount: Int) throws {
    guard ending(path) == "bin", tensorCount > 1 else { return }
    throw RegistryError.invalidArgument(
      "a .bin file holds the bytes of one tensor, and \(tensorCount) are selected. \(torch)")
  }

  /// Checks the ending of a bundle that is read.
  ///
  /// - Throws: `RegistryError` with the code `invalidFile` if the ending is that of another format.
  package static func checkBundle(_ path: String) throws {
    try translatingErrors {
      guard let format = ForeignFormat(extensionOf: path) else { return }
      try InputFile.check(path)
      throw FormatError(path, "not a bundle: it is \(format.remedy)")
    }
  }

  private static func ending(_ path: String) -> String {
    let name = path.dropFirst(folderPrefix(of: path).count)
    // A dot at the beginning hides a file.
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return "" }
    return name[dot...].dropFirst().lowercased()
  }

  private static let checkpoints: Set<String> =
    Set(frameworks.keys).union(["safetensors", "npy", "npz", "bin", "raw"])
  private static let checkpointAdvice = "`get -o FILE` writes weights; name a .winit or .sqlite file here"
  private static let manifests = [
    "json": "`export --manifest` writes a manifest", "yaml": "`show --manifest` prints the recipe of a run",
    "yml": "`show --manifest` prints the recipe of a run",
  ]

  private static func loading(_ code: String) -> String {
    "Write a .safetensors file, and load it with \(code); --format writes another format under this name"
  }

  private static let torch = loading("`safetensors.torch.load_file(FILE)`, whose result `torch.save` takes")

  /// The formats of frameworks, with the way to load a safetensors file in each.
  private static let frameworks: [String: String] = {
    let keras = loading("`safetensors.numpy.load_file(FILE)`, whose arrays `set_weights` of a Keras model takes")
    let flax = loading("`safetensors.flax.load_file(FILE)`")
    let gguf = loading("llama.cpp's convert_hf_to_gguf.py, from a folder (-o FOLDER/) with the model's config.json")
    let onnx = loading("the framework that exports the model to ONNX")
    let tensorFlow = loading("`safetensors.tensorflow.load_file(FILE)`")
    return [
      "pt": torch, "pth": torch, "ckpt": torch, "pkl": torch, "pickle": torch, "tar": torch, "distcp": torch,
      "h5": keras, "hdf5": keras, "keras": keras, "msgpack": flax, "flax": flax, "orbax": flax, "gguf": gguf,
      "ggml": gguf, "onnx": onnx, "pb": tensorFlow, "tflite": tensorFlow, "index": tensorFlow,
      "mat": loading("`safetensors.numpy.load_file(FILE)`, whose arrays `scipy.io.savemat` takes"),
      "parquet": loading("`safetensors.numpy.load_file(FILE)`"), "csv": loading("`safetensors.numpy.load_file(FILE)`"),
    ]
  }()

  /// Compressed files and archives.
  private static let containers: [String: String] = {
    func piping(_ program: String) -> String {
      "Pipe standard output into a program that compresses: `get … -o - | \(program) > FILE`"
    }
    return [
      "gz": piping("gzip"), "zst": piping("zstd"), "xz": piping("xz"), "bz2": piping("bzip2"), "lz4": piping("lz4"),
      "zip": "Write an .npz file, which is a zip archive of NumPy arrays, or a .safetensors file",
    ]
  }()

  /// What other commands write.
  private static let registries = [
    "winit": "`export` writes a bundle", "sqlite": "`export` writes a bundle, and `backup` a copy of the registry",
    "db": "`export` writes a bundle, and `backup` a copy of the registry",
    "json": "`export --manifest` writes a manifest",
  ]
}
