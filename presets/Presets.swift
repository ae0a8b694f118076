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
    Preset(name: "clip", text: text(PackageResources.clip_yaml)),
    Preset(name: "convnext-timm", text: text(PackageResources.convnext_timm_yaml)),
    Preset(name: "efficientnet-timm", text: text(PackageResources.efficientnet_timm_yaml)),
    Preset(name: "efficientnet-torchvision", text: text(PackageResources.efficientnet_torchvision_yaml)),
    Preset(name: "encodec", text: text(PackageResources.encodec_yaml)),
    Preset(name: "flax", text: text(PackageResources.flax_yaml)),
    Preset(name: "gpt2", text: text(PackageResources.gpt2_yaml)),
    Preset(name: "keras", text: text(PackageResources.keras_yaml)),
    Preset(name: "llama", text: text(PackageResources.llama_yaml)),
    Preset(name: "llama-torchtitan", text: text(PackageResources.llama_torchtitan_yaml)),
    Preset(name: "mamba", text: text(PackageResources.mamba_yaml)),
    Preset(name: "mamba2", text: text(PackageResources.mamba2_yaml)),
    Preset(name: "qwen3-next", text: text(PackageResources.qwen3_next_yaml)),
    Preset(name: "recurrent-gemma", text: text(PackageResources.recurrent_gemma_yaml)),
    Preset(name: "resnet-timm", text: text(PackageResources.resnet_timm_yaml)),
    Preset(name: "resnet-torchvision", text: text(PackageResources.resnet_torchvision_yaml)),
    Preset(name: "roberta", text: text(PackageResources.roberta_yaml)),
    Preset(name: "rwkv", text: text(PackageResources.rwkv_yaml)),
    Preset(name: "swin", text: text(PackageResources.swin_yaml)),
    Preset(name: "swin-timm", text: text(PackageResources.swin_timm_yaml)),
    Preset(name: "t5", text: text(PackageResources.t5_yaml)),
    Preset(name: "torch", text: text(PackageResources.torch_yaml)),
    Preset(name: "vgg-torchvision", text: text(PackageResources.vgg_torchvision_yaml)),
    Preset(name: "vit-timm", text: text(PackageResources.vit_timm_yaml)),
    Preset(name: "wav2vec2", text: text(PackageResources.wav2vec2_yaml)),
    Preset(name: "whisper", text: text(PackageResources.whisper_yaml)),
    Preset(name: "xlstm", text: text(PackageResources.xlstm_yaml)),
  ]

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
