// Parts: the boxes of a tensor that have laws of their own.

/// A box of a tensor, with the law of its elements.
package struct LawPart: Sendable, Hashable {
  /// Ranges on the leading axes. The box takes the other axes whole; without ranges, it is the whole tensor.
  package let box: [Range<Int>]
  /// The law of the part: any law but `parts` and `norm_of`.
  package let law: Law
  /// The stream of the part, or nil.
  ///
  /// With a stream, an element takes the word at its row-major index within the box. Without a stream, it takes the
  /// word of the tensor's stream at its index within the tensor.
  package let stream: UInt64?

  /// Creates a part of a tensor with a shape. Trailing ranges that take an axis whole are removed, so that equal boxes
  /// have equal values.
  package init(box: [Range<Int>], of shape: Shape, law: Law, stream: UInt64? = nil) {
    var box = box
    while let last = box.last, box.count <= shape.rank, last == 0..<shape.dims[box.count - 1] {
      box.removeLast()
    }
    self.init(box: box, law: law, stream: stream)
  }

  /// Creates a part from a record, with its ranges unchanged.
  package init(box: [Range<Int>], law: Law, stream: UInt64?) {
    (self.box, self.law, self.stream) = (box, law, stream)
  }
}
