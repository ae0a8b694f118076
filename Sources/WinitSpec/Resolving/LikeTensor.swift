// A tensor of the checkpoint that `like` in a spec names.

package import WinitCore

/// The name, the shape and the dtype of a tensor of a checkpoint.
package struct LikeTensor: Sendable {
  package let name: TensorName
  package let shape: Shape
  /// The dtype; nil if a registry does not support it.
  package let dtype: DType?
  /// The dtype as the checkpoint writes it.
  package let code: String
  /// The place of the bytes, for a literal; nil if it is not known.
  package let bytes: LiteralBytes?

  /// Creates a tensor of a checkpoint, without the place of its bytes.
  package init(name: TensorName, shape: Shape, dtype: DType?, code: String) {
    self.init(name: name, shape: shape, dtype: dtype, code: code, bytes: nil)
  }

  package init(name: TensorName, shape: Shape, dtype: DType?, code: String, bytes: LiteralBytes?) {
    self.name = name
    self.shape = shape
    self.dtype = dtype
    self.code = code
    self.bytes = bytes
  }
}
