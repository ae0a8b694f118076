"""The models that check the presets of models. Sizes are moderate, and depths are not the defaults."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .libraries import Missing, need

Models = list[tuple[str, Callable[[], Any]]]
"""For each model a label and the function that builds it, initialized."""


def gpt2() -> Models:
    t = need("transformers")
    size = dict(vocab_size=2000, n_positions=256, n_embd=128, n_layer=5, n_head=4)
    return [
        ("GPT2LMHeadModel, as it ships", lambda: t.GPT2LMHeadModel(t.GPT2Config())),
        ("GPT2LMHeadModel, 5 layers", lambda: t.GPT2LMHeadModel(t.GPT2Config(**size))),
        ("GPT2Model, 5 layers, cross-attention", lambda: t.GPT2Model(t.GPT2Config(**size, add_cross_attention=True))),
    ]


def bert() -> Models:
    t = need("transformers")

    def config() -> Any:
        return t.BertConfig(
            vocab_size=2000, hidden_size=128, num_hidden_layers=3, num_attention_heads=4, intermediate_size=320
        )

    return [
        ("BertModel, as it ships", lambda: t.BertModel(t.BertConfig())),
        ("BertModel, 3 layers", lambda: t.BertModel(config())),
        ("BertForPreTraining, 3 layers", lambda: t.BertForPreTraining(config())),
    ]


def llama() -> Models:
    t = need("transformers")
    size = dict(
        vocab_size=2000,
        hidden_size=128,
        intermediate_size=352,
        num_hidden_layers=3,
        num_attention_heads=8,
        num_key_value_heads=2,
    )
    return [
        ("LlamaForCausalLM, 3 layers, grouped queries", lambda: t.LlamaForCausalLM(t.LlamaConfig(**size))),
        (
            "LlamaModel, 3 layers, biases",
            lambda: t.LlamaModel(t.LlamaConfig(**size, attention_bias=True, mlp_bias=True)),
        ),
    ]


def llama_torchtitan() -> Models:
    need("torchtitan")
    try:
        from torchtitan.models.llama3 import llama3_configs
    except ImportError as error:
        raise Missing(f"torchtitan: {error}") from error

    def build() -> Any:
        model = llama3_configs["debugmodel"](attn_backend="flex").build()
        model.init_states()
        return model

    return [("llama3 debugmodel, 6 layers", build)]


def t5() -> Models:
    t = need("transformers")
    size = dict(vocab_size=2000, d_model=192, d_kv=64, d_ff=448, num_layers=3, num_heads=4)
    v11 = dict(size, num_heads=6, feed_forward_proj="gated-gelu", tie_word_embeddings=False)
    return [
        ("T5ForConditionalGeneration, 3 layers", lambda: t.T5ForConditionalGeneration(t.T5Config(**size))),
        ("T5ForConditionalGeneration v1.1, gated, 3 layers", lambda: t.T5ForConditionalGeneration(t.T5Config(**v11))),
        ("T5EncoderModel, 3 layers", lambda: t.T5EncoderModel(t.T5Config(**size))),
    ]


def vit_timm() -> Models:
    need("timm")
    from timm.layers import SwiGLU
    from timm.models.vision_transformer import VisionTransformer

    size = dict(img_size=64, patch_size=8, embed_dim=192, depth=3, num_heads=3, num_classes=100)
    wide = dict(size, embed_dim=1152, depth=1, num_heads=16, mlp_ratio=1)  # the latent has no more elements than this
    return [
        ("VisionTransformer, 3 blocks", lambda: VisionTransformer(**size)),
        (
            "VisionTransformer as DINOv2 (LayerScale 1e-5, registers)",
            lambda: VisionTransformer(**size, init_values=1e-5, reg_tokens=4),
        ),
        (
            "VisionTransformer as SigLIP (1152 wide, attention pooling)",
            lambda: VisionTransformer(**wide, class_token=False, global_pool="map"),
        ),
        (
            "VisionTransformer, SwiGLU, q/k norm, average pooling",
            lambda: VisionTransformer(**size, mlp_layer=SwiGLU, qk_norm=True, global_pool="avg", pre_norm=True),
        ),
    ]


def resnet_torchvision() -> Models:
    need("torchvision")
    from torchvision.models import resnet

    B = resnet.Bottleneck
    return [
        ("resnet50", resnet.resnet50),
        ("resnet18", resnet.resnet18),
        ("ResNet(Bottleneck, 1-2-1-1)", lambda: resnet.ResNet(B, [1, 2, 1, 1])),
        ("ResNeXt(Bottleneck, 1-1-1-1, 32x4d)", lambda: resnet.ResNet(B, [1, 1, 1, 1], groups=32, width_per_group=4)),
    ]


def resnet_timm() -> Models:
    need("timm")
    from timm.models.resnet import BasicBlock, Bottleneck, ResNet

    return [
        ("resnet18", partial(need("timm").create_model, "resnet18")),
        (
            "ResNet(Bottleneck, 1-2-1-1, SE, deep stem)",
            lambda: ResNet(
                Bottleneck,
                [1, 2, 1, 1],
                block_args=dict(attn_layer="se"),
                stem_type="deep",
                stem_width=32,
                avg_down=True,
            ),
        ),
        (
            "ResNet(Bottleneck, 1-1-1-1, ECA, 32x4d)",
            lambda: ResNet(Bottleneck, [1, 1, 1, 1], cardinality=32, base_width=4, block_args=dict(attn_layer="eca")),
        ),
        ("ResNet(BasicBlock, 1-1-1-1, SE)", lambda: ResNet(BasicBlock, [1, 1, 1, 1], block_args=dict(attn_layer="se"))),
    ]


def vgg_torchvision() -> Models:
    need("torchvision")
    from torchvision.models import vgg

    return [("vgg11", vgg.vgg11), ("vgg11_bn", vgg.vgg11_bn)]


def convnext_timm() -> Models:
    make = need("timm").create_model
    return [(n, partial(make, n)) for n in ("convnext_atto", "convnextv2_atto", "convnext_tiny")]


def efficientnet_timm() -> Models:
    make = need("timm").create_model
    names = ("efficientnet_b0", "efficientnet_b0_g8_gn", "efficientnetv2_rw_t", "mixnet_s")
    return [(n, partial(make, n)) for n in names]


def efficientnet_torchvision() -> Models:
    need("torchvision")
    from torchvision.models import efficientnet

    return [("efficientnet_b0", efficientnet.efficientnet_b0), ("efficientnet_v2_s", efficientnet.efficientnet_v2_s)]


PRESETS: dict[str, tuple[str, Callable[[], Models]]] = {
    "gpt2": ("transformers", gpt2),
    "bert": ("transformers", bert),
    "llama": ("transformers", llama),
    "llama-torchtitan": ("torchtitan", llama_torchtitan),
    "t5": ("transformers", t5),
    "vit-timm": ("timm", vit_timm),
    "resnet-torchvision": ("torchvision", resnet_torchvision),
    "resnet-timm": ("timm", resnet_timm),
    "vgg-torchvision": ("torchvision", vgg_torchvision),
    "convnext-timm": ("timm", convnext_timm),
    "efficientnet-timm": ("timm", efficientnet_timm),
    "efficientnet-torchvision": ("torchvision", efficientnet_torchvision),
}
"""For each preset the distribution that provides the version, and the function that lists the models."""
