// A tensor of the checkpoint that `like` in a spec names.

package import WinitCore

/// The name, the shape and the dtype of a tensor of a checkpoint.
package struct LikeTensor: Sendable {
  package let name: TensorName
  package let shape: Shape
  package let dtype: DType
  /// The place of the bytes, for a literal; nil if it is not known.
  package let bytes: LiteralBytes?

  /// Creates a tensor of a checkpoint, without the place of its bytes.
  package init(name: TensorName, shape: Shape, dtype: DType) {
    self.init(name: name, shape: shape, dtype: dtype, bytes: nil)
  }

  package init(name: TensorName, shape: Shape, dtype: DType, bytes: LiteralBytes?) {
    self.name = name
    self.shape = shape
    self.dtype = dtype
    self.bytes = bytes
  }
}
