// What an entry of a network gives to the next one.

/// The values between two entries of a network, by which an entry in the wrong place is found.
struct NetworkFlow {
  /// The number of features or channels; nil if it is not known.
  var width: Int?
  /// Whether there was an entry.
  var hasStarted = false
  /// Whether a convolution knows the size of its input, or takes tokens.
  var hasMap = false
  /// The number of spatial axes of the map; nil if it is not known.
  var axes: Int?
  /// The line of a softmax, which must be the end.
  var softmaxLine: Int?
}
