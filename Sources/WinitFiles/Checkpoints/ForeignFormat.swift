// The formats of files that people take for checkpoints, and how to convert them.

import WinitCore

/// The format of a file that is not a safetensors file.
package enum ForeignFormat: String, Sendable, CaseIterable {
  case torch, torchDistributed, npz, npy, hdf5, keras, gguf, onnx, msgpack, lfsPointer, registry

  /// Recognizes a file, by its content first and by the extension of its name second.
  ///
  /// - Throws: `FileError` if the file cannot be read.
  package init?(_ file: InputFile) throws {
    guard file.size > 0 else { return nil }
    let head = try file.bytes(at: 0, count: min(file.size, 128))
    let byExtension = ForeignFormat(extensionOf: file.path)
    func begins(_ text: String) -> Bool { head.starts(with: Array(text.utf8)) }
    if begins("PK\u{3}\u{4}") {
      let names = ZipDirectory(file)?.names ?? []
      func holds(_ test: (String) -> Bool) -> Bool { names.contains(where: test) }
      if byExtension == .torchDistributed {
        self = .torchDistributed
      } else if holds({ $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }) {
        self = .torch
      } else if holds({ $0.hasSuffix(".weights.h5") }) {
        self = .keras
      } else if holds({ $0.hasSuffix(".npy") }) {
        self = .npz
      } else if let byExtension {
        self = byExtension
      } else {
        return nil
      }
    } else if head.starts(with: [0x93] + Array("NUMPY".utf8)) {
      self = .npy
    } else if head.starts(with: [0x89] + Array("HDF\r\n\u{1A}\n".utf8)) {
      self = .hdf5
    } else if begins("GGUF") {
      self = .gguf
    } else if begins("version https://git-lfs") {
      self = .lfsPointer
    } else if begins("SQLite format 3\0") {
      self = .registry
    } else if head.count > 2, head[0] == 0x80, (2...5).contains(head[1]), byExtension != .msgpack {
      // A pickle begins with its protocol. torch.save wrote pickles before version 1.6.
      self = .torch
    } else if let byExtension {
      self = byExtension
    } else {
      return nil
    }
  }

  /// Recognizes a file by the extension of its name.
  package init?(extensionOf path: String) {
    let name = path.dropFirst(folderPrefix(of: path).count)
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
    switch name[dot...].lowercased() {
    case ".pt", ".pth", ".bin", ".ckpt": self = .torch
    case ".distcp": self = .torchDistributed
    case ".npz": self = .npz
    case ".npy": self = .npy
    case ".h5", ".hdf5": self = .hdf5
    case ".keras": self = .keras
    case ".gguf": self = .gguf
    case ".onnx": self = .onnx
    case ".msgpack": self = .msgpack
    default: return nil
    }
  }
}

extension ForeignFormat: CustomStringConvertible {
  /// What the file is, and how to convert it.
  package var description: String { "not a safetensors file: it is \(remedy)" }

  /// What the file is, and how to convert it, without the beginning of the sentence.
  package var remedy: String {
    switch self {
    case .torch:
      return "a PyTorch file (a pickle). Convert it: "
        + python(
          "import sys, torch; from safetensors.torch import save_file; d = torch.load(sys.argv[1], map_location='cpu', weights_only=True); save_file({k: v.clone().contiguous() for k, v in d.get('state_dict', d.get('model', d)).items()}, sys.argv[2])",
          "FILE model.safetensors")
    case .torchDistributed:
      return
        "a file of a torch distributed checkpoint. Convert its folder: python3 -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER model.pt, and convert model.pt"
    case .npz:
      return "an archive of NumPy arrays. Convert it: "
        + python(
          "import sys, numpy; from safetensors.numpy import save_file; save_file(dict(numpy.load(sys.argv[1])), sys.argv[2])",
          "FILE model.safetensors")
    case .npy:
      return "one NumPy array. Convert it: "
        + python(
          "import sys, numpy; from safetensors.numpy import save_file; save_file({'NAME': numpy.load(sys.argv[1])}, sys.argv[2])",
          "FILE model.safetensors")
    case .hdf5:
      return "an HDF5 file. Convert it: "
        + python(
          "import sys, h5py; from safetensors.numpy import save_file; d = {}; h5py.File(sys.argv[1]).visititems(lambda k, v: d.update({k: v[()]}) if isinstance(v, h5py.Dataset) else None); save_file(d, sys.argv[2])",
          "FILE model.safetensors")
    case .keras:
      return "a Keras archive. Convert it: "
        + python(
          "import sys, keras; from safetensors.numpy import save_file; save_file({w.path: w.numpy() for w in keras.models.load_model(sys.argv[1]).weights}, sys.argv[2])",
          "FILE model.safetensors")
    case .gguf:
      return "a GGUF file, whose tensors are usually quantized. Convert it: "
        + python(
          "import sys, gguf; from safetensors.numpy import save_file; save_file({t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in gguf.GGUFReader(sys.argv[1]).tensors}, sys.argv[2])",
          "FILE model.safetensors")
    case .onnx:
      return "an ONNX model. Convert it: "
        + python(
          "import sys, onnx; from onnx.numpy_helper import to_array; from safetensors.numpy import save_file; save_file({t.name: to_array(t) for t in onnx.load(sys.argv[1]).graph.initializer}, sys.argv[2])",
          "FILE model.safetensors")
    case .msgpack:
      return "a MessagePack file, as flax writes it. Convert it: "
        + python(
          "import sys; from flax.serialization import msgpack_restore; from flax.traverse_util import flatten_dict; from safetensors.flax import save_file; save_file(flatten_dict(msgpack_restore(open(sys.argv[1], 'rb').read()), sep='.'), sys.argv[2])",
          "FILE model.safetensors")
    case .lfsPointer: return "a pointer of Git LFS, not the file itself. Download the file: git lfs pull"
    case .registry: return "a registry or a bundle, which `import` takes without --as"
    }
  }
}

/// Returns a command that converts a file.
private func python(_ program: String, _ arguments: String) -> String { "python3 -c \"\(program)\" \(arguments)" }
