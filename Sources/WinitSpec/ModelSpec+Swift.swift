// Specs that are created in Swift, without YAML.

package import WinitCore
package import WinitInitializers

extension ModelSpec {
  /// A tensor of a spec, with its scheme.
  package struct Tensor: Sendable {
    let name: TensorName
    let dims: [Int]
    let dtype: DType?
    let initialization: Initialization
    let fans: FanSource?

    /// Creates a tensor with a scheme.
    ///
    /// - Parameters:
    ///   - shape: the length of each axis; `[]` for a scalar.
    ///   - dtype: the dtype; nil for the dtype of the spec.
    ///   - fans: the source of the fans; nil for the layout of the spec.
    package init(
      _ name: TensorName, _ shape: [Int], dtype: DType? = nil, scheme: Scheme, fans: FanSource? = nil
    ) {
      (self.name, dims, self.dtype, self.fans) = (name, shape, dtype, fans)
      initialization = .scheme(SchemeText(scheme))
    }

    /// Creates a tensor with the values of another tensor (tied weights), which must have the same shape and dtype.
    package init(_ name: TensorName, _ shape: [Int], dtype: DType? = nil, sameAs target: TensorName) {
      (self.name, dims, self.dtype, fans) = (name, shape, dtype, nil)
      initialization = .sameAs(NameTemplate(text: target.string))
    }
  }

  /// Creates a spec of tensors. Problems of the tensors are thrown when the spec is resolved.
  ///
  /// - Parameters:
  ///   - origin: the name that errors give in place of a file.
  ///   - dtype: the dtype of tensors that give none.
  ///   - layout: the layout of tensors that give no fans.
  package init(origin: String, dtype: DType = .float32, layout: Layout = .torch, tensors: [Tensor]) {
    var reader = SpecReader(file: origin)
    reader.check(modelDType: dtype, line: nil)
    var names: Set<TensorName> = []
    let entries = tensors.map { tensor in
      var entry = TensorEntry(name: tensor.name, line: nil)
      let before = reader.diagnostics.count
      if !names.insert(tensor.name).inserted {
        reader.report(.duplicateName, nil, "duplicate name. Every tensor needs a name of its own", tensor: tensor.name)
      }
      reader.check(tensor.name, line: nil)
      entry.shape = reader.shape(tensor.dims, line: nil, tensor: tensor.name)
      (entry.dtype, entry.initialization, entry.fans) = (tensor.dtype, tensor.initialization, tensor.fans)
      entry.isBroken = reader.diagnostics.count > before
      return entry
    }
    self.init(
      file: origin, dtype: dtype, layout: layout, values: [], like: nil, likeLine: nil, tensors: entries,
      rules: [], preset: nil, lacksRules: false, diagnostics: reader.diagnostics)
  }
}
