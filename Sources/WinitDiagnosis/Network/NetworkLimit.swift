// The limits of networks.

extension Network {
  /// The maximum number of entries of an expanded network, those in branches included: twice the depth of the deepest
  /// networks that were published (Xiao et al. 2018, "Dynamical Isometry and a Mean Field Theory of CNNs: How to Train
  /// 10,000-Layer Vanilla Convolutional Neural Networks").
  package static let maximumEntries = 20_000
  /// What to do with a network that has more entries.
  package static let tooManyEntries =
    "the network has more than \(maximumEntries) entries. Leave it out with `network: none`, and run the model with `winit.torch.diagnose`"
  /// The maximum depth of branches and repeats: JSON of a deeper network would be too deep to be read.
  package static let maximumDepth = 16
  /// The maximum of a stride, a padding, the side of a window, a number of groups and a number of heads.
  package static let maximumNumber = 1 << 20
  /// The maximum number of axes of an input.
  package static let maximumRank = 8
}
