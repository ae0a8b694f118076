"""The models whose captured laws `captures` compares with a real build. Their sizes are small."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .libraries import need

Build = Callable[[], Any]

_TEXT = dict(vocab_size=120, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4)
_GROUPED = dict(**_TEXT, num_key_value_heads=2)
_VISION = dict(
    hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, image_size=32, patch_size=8
)

_TRANSFORMERS: dict[str, tuple[str, dict[str, Any]]] = {
    # decoders
    "GPT2LMHeadModel": ("GPT2Config", dict(n_layer=2, n_embd=64, n_head=4, vocab_size=120)),
    "GPTNeoXForCausalLM": ("GPTNeoXConfig", _TEXT),
    "LlamaForCausalLM": ("LlamaConfig", _GROUPED),
    "MistralForCausalLM": ("MistralConfig", _GROUPED),
    "MixtralForCausalLM": ("MixtralConfig", dict(**_GROUPED, num_local_experts=4)),
    "Qwen3ForCausalLM": ("Qwen3Config", dict(**_GROUPED, head_dim=16)),
    "Qwen3MoeForCausalLM": (
        "Qwen3MoeConfig",
        dict(**_GROUPED, moe_intermediate_size=32, head_dim=16, num_experts=4, num_experts_per_tok=2),
    ),
    "Qwen3NextForCausalLM": (
        "Qwen3NextConfig",
        dict(**_GROUPED, head_dim=16, moe_intermediate_size=32, num_experts=4, num_experts_per_tok=2,
             shared_expert_intermediate_size=32, linear_num_key_heads=2, linear_num_value_heads=4,
             linear_key_head_dim=16, linear_value_head_dim=16),
    ),
    "DeepseekV3ForCausalLM": (
        "DeepseekV3Config",
        dict(**{**_TEXT, "num_key_value_heads": 4}, moe_intermediate_size=32, n_routed_experts=8, n_group=2,
             topk_group=1, num_experts_per_tok=2, first_k_dense_replace=1, q_lora_rank=16, kv_lora_rank=16,
             qk_rope_head_dim=8, qk_nope_head_dim=8, v_head_dim=16),
    ),
    "Gemma3ForCausalLM": ("Gemma3TextConfig", dict(**_GROUPED, head_dim=16)),
    "PhiForCausalLM": ("PhiConfig", _TEXT),
    "OPTForCausalLM": (
        "OPTConfig",
        dict(vocab_size=120, hidden_size=64, ffn_dim=96, num_hidden_layers=2, num_attention_heads=4,
             word_embed_proj_dim=64),
    ),
    "BloomForCausalLM": ("BloomConfig", dict(vocab_size=120, hidden_size=64, n_layer=2, n_head=4)),
    "MambaForCausalLM": ("MambaConfig", dict(hidden_size=64, num_hidden_layers=2, vocab_size=120)),
    "Mamba2ForCausalLM": (
        "Mamba2Config",
        dict(hidden_size=64, num_hidden_layers=2, vocab_size=120, num_heads=8, head_dim=16, state_size=16, n_groups=2),
    ),
    "RecurrentGemmaForCausalLM": (
        "RecurrentGemmaConfig",
        dict(vocab_size=120, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
             lru_width=64),
    ),
    # encoders, and encoders with decoders
    "BertForPreTraining": ("BertConfig", _TEXT),
    "RobertaForMaskedLM": ("RobertaConfig", _TEXT),
    "DistilBertForMaskedLM": (
        "DistilBertConfig",
        dict(vocab_size=120, dim=64, hidden_dim=96, n_layers=2, n_heads=4, sinusoidal_pos_embds=True),
    ),
    "DebertaV2Model": ("DebertaV2Config", _TEXT),
    "ModernBertModel": ("ModernBertConfig", dict(**_TEXT, pad_token_id=0)),
    "T5ForConditionalGeneration": (
        "T5Config", dict(vocab_size=120, d_model=64, d_kv=16, d_ff=96, num_layers=2, num_heads=4)
    ),
    "BartForConditionalGeneration": (
        "BartConfig",
        dict(vocab_size=120, d_model=64, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
             decoder_attention_heads=4, encoder_ffn_dim=96, decoder_ffn_dim=96),
    ),
    "MarianMTModel": (
        "MarianConfig",
        dict(vocab_size=120, d_model=64, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
             decoder_attention_heads=4, encoder_ffn_dim=96, decoder_ffn_dim=96, pad_token_id=0,
             decoder_start_token_id=0),
    ),
    # images
    "CLIPModel": ("CLIPConfig", dict(text_config=_TEXT, vision_config=_VISION)),
    "ViTModel": ("ViTConfig", _VISION),
    "ViTMAEForPreTraining": (
        "ViTMAEConfig",
        dict(**_VISION, decoder_hidden_size=32, decoder_num_hidden_layers=1, decoder_num_attention_heads=4,
             decoder_intermediate_size=48),
    ),
    "Dinov2Model": ("Dinov2Config", dict(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=28)),
    "BeitModel": ("BeitConfig", dict(**_VISION, use_relative_position_bias=True, use_mask_token=True)),
    "SwinModel": ("SwinConfig", dict(image_size=32, patch_size=2, embed_dim=16, depths=[1, 1], num_heads=[2, 4],
                                     window_size=4)),
    "ConvNextModel": ("ConvNextConfig", dict(depths=[1, 1, 1, 1], hidden_sizes=[16, 24, 32, 48])),
    "ResNetModel": ("ResNetConfig", dict(embedding_size=16, hidden_sizes=[16, 24, 32, 48], depths=[1, 1, 1, 1])),
    # sound
    "WhisperForConditionalGeneration": (
        "WhisperConfig",
        dict(vocab_size=120, d_model=64, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
             decoder_attention_heads=4, encoder_ffn_dim=96, decoder_ffn_dim=96, pad_token_id=0, bos_token_id=1,
             eos_token_id=2, decoder_start_token_id=1, max_source_positions=50, max_target_positions=20),
    ),
    "Wav2Vec2ForPreTraining": (
        "Wav2Vec2Config",
        dict(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96, conv_dim=(32, 32),
             conv_stride=(2, 2), conv_kernel=(3, 3), num_feat_extract_layers=2),
    ),
    "EncodecModel": ("EncodecConfig", dict(num_filters=8, hidden_size=32, codebook_size=16, codebook_dim=32)),
}  # fmt: skip

_TIMM = (
    "vit_tiny_patch16_224", "deit3_small_patch16_224", "beit_base_patch16_224", "swin_tiny_patch4_window7_224",
    "convnext_atto", "efficientnet_b0", "mixer_s16_224", "resnet18", "mobilenetv3_small_050", "maxvit_nano_rw_256",
    "nfnet_l0", "edgenext_xx_small",
)  # fmt: skip

_TORCHVISION = (
    "resnet18", "convnext_tiny", "efficientnet_b0", "swin_v2_t", "vit_b_32", "mobilenet_v3_small", "densenet121",
    "inception_v3",
)  # fmt: skip


def models() -> dict[str, Build]:
    """Returns the function that builds each model, by a name "library:model"."""
    found = dict[str, Build]()
    for name, (config, options) in _TRANSFORMERS.items():
        found[f"transformers:{name}"] = partial(_from_transformers, name, config, options)
    for name in _TIMM:
        found[f"timm:{name}"] = partial(_from_timm, name)
    for name in _TORCHVISION:
        found[f"torchvision:{name}"] = partial(_from_torchvision, name)
    return found | {f"torch.nn:{name}": build for name, build in _MODULES.items()}


def _from_transformers(name: str, config: str, options: dict[str, Any]) -> Any:
    transformers = need("transformers")
    return getattr(transformers, name)(getattr(transformers, config)(**options))


def _from_timm(name: str) -> Any:
    return need("timm").create_model(name)


def _from_torchvision(name: str) -> Any:
    more = dict(init_weights=True) if name == "inception_v3" else {}
    return getattr(need("torchvision").models, name)(weights=None, **more)


def _lstm_with_gates() -> Any:
    import torch

    class Tagger(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(120, 32, padding_idx=0)
            self.lstm = torch.nn.LSTM(32, 48, 2, bidirectional=True)
            for name, parameter in self.lstm.named_parameters():
                if "weight_hh" in name:
                    for gate in parameter.chunk(4):
                        torch.nn.init.orthogonal_(gate)
                elif "bias" in name:
                    torch.nn.init.zeros_(parameter)
                    parameter.data[48:96].fill_(1.0)  # the forget gate

    return Tagger()


def _fused_projection() -> Any:
    import torch

    class Attention(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.qkv = torch.nn.Linear(64, 192)
            for third in self.qkv.weight.chunk(3):
                torch.nn.init.xavier_uniform_(third)
            torch.nn.init.zeros_(self.qkv.bias)
            self.out = torch.nn.Parameter(torch.randn(64, 64) * 0.02)
            self.gate = torch.nn.Linear(64, 64).to(torch.bfloat16)

    return Attention()


def _torch(function: Callable[[Any], Any]) -> Build:
    def build() -> Any:
        import torch

        return function(torch.nn)

    return build


_MODULES: dict[str, Build] = {
    "LSTM with projection": _torch(lambda nn: nn.LSTM(32, 48, 2, bidirectional=True, proj_size=16)),
    "GRU": _torch(lambda nn: nn.GRU(32, 32, 2)),
    "LSTM, orthogonal gates": _lstm_with_gates,
    "MultiheadAttention": _torch(lambda nn: nn.MultiheadAttention(64, 4, kdim=32, vdim=48, add_bias_kv=True)),
    "Transformer": _torch(lambda nn: nn.Transformer(32, 4, 2, 2, 64)),
    "TransformerEncoder, copied layers": _torch(
        lambda nn: nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 3)
    ),
    "fused projection": _fused_projection,
    "weight_norm": _torch(lambda nn: nn.utils.parametrizations.weight_norm(nn.Conv2d(8, 16, 3))),
    "weight_norm, dim 1": _torch(lambda nn: nn.utils.weight_norm(nn.ConvTranspose1d(8, 16, 3), dim=1)),
    "spectral_norm": _torch(lambda nn: nn.utils.parametrizations.spectral_norm(nn.Linear(32, 16))),
    "orthogonal parametrization": _torch(lambda nn: nn.utils.parametrizations.orthogonal(nn.Linear(32, 16))),
    "BatchNorm, Bilinear, PReLU": _torch(
        lambda nn: nn.ModuleList([nn.BatchNorm2d(8), nn.Bilinear(6, 7, 8), nn.PReLU(4), nn.GroupNorm(2, 8)])
    ),
}
