// The presets: the rules of models and libraries as specs, embedded in the binary.

/// A preset: a YAML file of this folder.
package struct Preset: Sendable {
  package let name: String
  /// The file, with the source of each rule in its comments.
  package let text: String

  /// All presets, by name. A test compares the list with the folder.
  package static let all = [
    Preset(name: "alexnet", text: text(PackageResources.alexnet_yaml)),
    Preset(name: "bert", text: text(PackageResources.bert_yaml)),
    Preset(name: "convnext-timm", text: text(PackageResources.convnext_timm_yaml)),
    Preset(name: "efficientnet-timm", text: text(PackageResources.efficientnet_timm_yaml)),
    Preset(name: "efficientnet-torchvision", text: text(PackageResources.efficientnet_torchvision_yaml)),
    Preset(name: "flax", text: text(PackageResources.flax_yaml)),
    Preset(name: "gpt2", text: text(PackageResources.gpt2_yaml)),
    Preset(name: "keras", text: text(PackageResources.keras_yaml)),
    Preset(name: "llama", text: text(PackageResources.llama_yaml)),
    Preset(name: "llama-torchtitan", text: text(PackageResources.llama_torchtitan_yaml)),
    Preset(name: "resnet-timm", text: text(PackageResources.resnet_timm_yaml)),
    Preset(name: "resnet-torchvision", text: text(PackageResources.resnet_torchvision_yaml)),
    Preset(name: "t5", text: text(PackageResources.t5_yaml)),
    Preset(name: "torch", text: text(PackageResources.torch_yaml)),
    Preset(name: "vgg-torchvision", text: text(PackageResources.vgg_torchvision_yaml)),
    Preset(name: "vit-timm", text: text(PackageResources.vit_timm_yaml)),
  ]

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
