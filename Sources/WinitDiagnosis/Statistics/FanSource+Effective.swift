// The fans of a tensor for a reader, who needs no scheme.

package import WinitCore
package import WinitInitializers

extension FanSource {
  /// The fans of a tensor of a shape: by the layout, by the axes that the spec names, or those of another tensor.
  /// Returns nil if the shape has none, such as that of a vector, and if a fan is 0.
  package func effectiveFans(of shape: Shape) -> Fans? { try? fans(of: shape, for: "diagnose") }
}
