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
        (
            "GPT2LMHeadModel, not tied, another scale",
            lambda: t.GPT2LMHeadModel(t.GPT2Config(**size, tie_word_embeddings=False, initializer_range=0.05)),
        ),
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
        (
            "LlamaForCausalLM, tied, with a padding row and another scale",
            lambda: t.LlamaForCausalLM(
                t.LlamaConfig(**size, tie_word_embeddings=True, pad_token_id=7, initializer_range=0.05)
            ),
        ),
    ]


def roberta() -> Models:
    t = need("transformers")

    def config(**more: Any) -> Any:
        size = dict(hidden_size=128, num_hidden_layers=3, num_attention_heads=4, intermediate_size=320)
        return t.RobertaConfig(vocab_size=2000, max_position_embeddings=130, **size, **more)

    return [
        ("RobertaForMaskedLM, 3 layers", lambda: t.RobertaForMaskedLM(config())),
        ("RobertaModel, 3 layers", lambda: t.RobertaModel(config())),
        (
            "RobertaForSequenceClassification, padding row 3",
            lambda: t.RobertaForSequenceClassification(config(pad_token_id=3)),
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


def mamba() -> Models:
    t = need("transformers")

    def config(**more: Any) -> Any:
        return t.MambaConfig(vocab_size=2000, hidden_size=128, num_hidden_layers=3, **more)

    return [
        ("MambaForCausalLM, 3 layers", lambda: t.MambaForCausalLM(config())),
        (
            "MambaModel, other time steps, rescaled",
            lambda: t.MambaModel(
                config(time_step_min=0.01, time_step_max=0.5, time_step_floor=0.05, rescale_prenorm_residual=True)
            ),
        ),
    ]


def mamba2() -> Models:
    t = need("transformers")

    def config(**more: Any) -> Any:
        size = dict(vocab_size=2000, hidden_size=128, num_hidden_layers=3, num_heads=16, head_dim=16, state_size=16)
        return t.Mamba2Config(**size, n_groups=2, **more)

    return [
        ("Mamba2ForCausalLM, 3 layers", lambda: t.Mamba2ForCausalLM(config())),
        (
            "Mamba2ForCausalLM, tied, rescaled",
            lambda: t.Mamba2ForCausalLM(config(tie_word_embeddings=True, rescale_prenorm_residual=True)),
        ),
    ]


def qwen3_next() -> Models:
    t = need("transformers")

    def config(**more: Any) -> Any:
        return t.Qwen3NextConfig(
            vocab_size=2000, hidden_size=128, intermediate_size=320, num_hidden_layers=4, num_attention_heads=4,
            num_key_value_heads=2, head_dim=32, linear_key_head_dim=16, linear_value_head_dim=16,
            linear_num_key_heads=4, linear_num_value_heads=8, num_experts=4, num_experts_per_tok=2,
            moe_intermediate_size=64, shared_expert_intermediate_size=64, **more,
        )  # fmt: skip

    return [
        ("Qwen3NextForCausalLM, 4 layers", lambda: t.Qwen3NextForCausalLM(config())),
        ("Qwen3NextModel, padding row 5", lambda: t.Qwen3NextModel(config(pad_token_id=5))),
    ]


def wav2vec2() -> Models:
    t = need("transformers")

    def config(**more: Any) -> Any:
        return t.Wav2Vec2Config(
            hidden_size=128, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256, conv_dim=(64, 64, 64),
            conv_stride=(5, 2, 2), conv_kernel=(10, 3, 3), num_feat_extract_layers=3, num_conv_pos_embeddings=32,
            num_conv_pos_embedding_groups=4, codevector_dim=32, num_codevectors_per_group=40, proj_codevector_dim=32,
            **more,
        )  # fmt: skip

    large = dict(feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True)
    return [
        ("Wav2Vec2ForPreTraining, 2 layers", lambda: t.Wav2Vec2ForPreTraining(config())),
        ("Wav2Vec2ForCTC as the large models (convolutions with biases)", lambda: t.Wav2Vec2ForCTC(config(**large))),
        ("Wav2Vec2Model, with adapter", lambda: t.Wav2Vec2Model(config(add_adapter=True, num_adapter_layers=2))),
    ]


def whisper() -> Models:
    t = need("transformers")

    def config(**more: Any) -> Any:
        return t.WhisperConfig(
            vocab_size=2000, d_model=128, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
            decoder_attention_heads=4, encoder_ffn_dim=256, decoder_ffn_dim=256, max_source_positions=150,
            max_target_positions=64, bos_token_id=1, eos_token_id=2, decoder_start_token_id=3, **more,
        )  # fmt: skip

    return [
        (
            "WhisperForConditionalGeneration, 2 layers",
            lambda: t.WhisperForConditionalGeneration(config(pad_token_id=50)),
        ),
        ("WhisperModel, 1500 positions, no padding row", lambda: t.WhisperModel(config(pad_token_id=None))),
    ]


def clip() -> Models:
    t = need("transformers")
    text = dict(vocab_size=2000, hidden_size=128, intermediate_size=256, num_hidden_layers=3, num_attention_heads=4)
    vision = dict(
        hidden_size=192, intermediate_size=384, num_hidden_layers=2, num_attention_heads=4, image_size=64, patch_size=8
    )

    def config(**more: Any) -> Any:
        return t.CLIPConfig(text_config=text, vision_config=vision, projection_dim=96, **more)

    return [
        ("CLIPModel, 3 and 2 layers", lambda: t.CLIPModel(config())),
        ("CLIPForImageClassification", lambda: t.CLIPForImageClassification(config(num_labels=10))),
        ("CLIPTextModelWithProjection", lambda: t.CLIPTextModelWithProjection(t.CLIPTextConfig(**text))),
        ("CLIPVisionModelWithProjection", lambda: t.CLIPVisionModelWithProjection(t.CLIPVisionConfig(**vision))),
    ]


def swin() -> Models:
    t = need("transformers")
    size = dict(image_size=64, patch_size=4, embed_dim=48, depths=[2, 2], num_heads=[2, 4], window_size=4)
    return [
        (
            "SwinForImageClassification, 2 stages, absolute positions",
            lambda: t.SwinForImageClassification(t.SwinConfig(**size, num_labels=100, use_absolute_embeddings=True)),
        ),
        (
            "SwinForMaskedImageModeling, 2 stages",
            lambda: t.SwinForMaskedImageModeling(t.SwinConfig(**size, encoder_stride=8)),
        ),
        ("SwinModel, 2 stages, another scale", lambda: t.SwinModel(t.SwinConfig(**size, initializer_range=0.05))),
    ]


def swin_timm() -> Models:
    need("timm")
    from timm.models.swin_transformer import SwinTransformer

    size = dict(img_size=64, patch_size=4, embed_dim=48, depths=(2, 2), num_heads=(2, 4), window_size=4)
    return [
        ("SwinTransformer, 2 stages", lambda: SwinTransformer(**size, num_classes=100)),
        ("SwinTransformer, 2 stages, without head", lambda: SwinTransformer(**size, num_classes=0)),
    ]


def recurrent_gemma() -> Models:
    t = need("transformers")

    def config(**more: Any) -> Any:
        size = dict(vocab_size=2000, hidden_size=128, intermediate_size=384, num_attention_heads=4, lru_width=128)
        return t.RecurrentGemmaConfig(**size, num_hidden_layers=3, **more)

    return [
        ("RecurrentGemmaForCausalLM, 3 layers", lambda: t.RecurrentGemmaForCausalLM(config())),
        ("RecurrentGemmaModel, padding row 4", lambda: t.RecurrentGemmaModel(config(pad_token_id=4))),
    ]


def encodec() -> Models:
    t = need("transformers")
    size = dict(num_filters=8, hidden_size=32, codebook_size=64, codebook_dim=32)
    stereo = dict(size, norm_type="time_group_norm", audio_channels=2, use_causal_conv=False)
    return [
        ("EncodecModel, 8 filters", lambda: t.EncodecModel(t.EncodecConfig(**size))),
        ("EncodecModel as 48 kHz (group norm), 8 filters", lambda: t.EncodecModel(t.EncodecConfig(**stereo))),
    ]


def rwkv() -> Models:
    t = need("transformers")

    def config(**more: Any) -> Any:
        return t.RwkvConfig(vocab_size=2000, hidden_size=128, num_hidden_layers=3, context_length=64, **more)

    return [
        ("RwkvForCausalLM, 3 layers", lambda: t.RwkvForCausalLM(config())),
        ("RwkvModel, wider attention", lambda: t.RwkvModel(config(attention_hidden_size=192))),
    ]


def xlstm() -> Models:
    t = need("transformers")

    def config(**more: Any) -> Any:
        return t.xLSTMConfig(vocab_size=2000, hidden_size=128, num_hidden_layers=3, num_heads=4, **more)

    return [
        ("xLSTMForCausalLM, 3 layers", lambda: t.xLSTMForCausalLM(config())),
        ("xLSTMModel, 3 layers, biases", lambda: t.xLSTMModel(config(use_bias=True))),
    ]


PRESETS: dict[str, tuple[str, Callable[[], Models]]] = {
    "gpt2": ("transformers", gpt2),
    "bert": ("transformers", bert),
    "roberta": ("transformers", roberta),
    "llama": ("transformers", llama),
    "mamba": ("transformers", mamba),
    "mamba2": ("transformers", mamba2),
    "qwen3-next": ("transformers", qwen3_next),
    "recurrent-gemma": ("transformers", recurrent_gemma),
    "rwkv": ("transformers", rwkv),
    "xlstm": ("transformers", xlstm),
    "whisper": ("transformers", whisper),
    "wav2vec2": ("transformers", wav2vec2),
    "encodec": ("transformers", encodec),
    "clip": ("transformers", clip),
    "swin": ("transformers", swin),
    "swin-timm": ("timm", swin_timm),
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
