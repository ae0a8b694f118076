// The limits of networks.

extension Network {
  /// The maximum number of entries of an expanded network, those in branches included.
  package static let maximumEntries = 100_000
  /// The maximum depth of branches and repeats: JSON of a deeper network would be too deep to be read.
  package static let maximumDepth = 16
  /// The maximum of a stride, a padding, the side of a window, a number of groups and a number of heads.
  package static let maximumNumber = 1 << 20
  /// The maximum number of axes of an input.
  package static let maximumRank = 8
}
