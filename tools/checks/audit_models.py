"""The models that `checks.audits` builds: those of transformers and timm in small sizes, and modules of torch.nn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Build = Callable[[], Any]

_TOKENS = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
_SIZES = dict(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96)
_TEXT = dict(_SIZES, vocab_size=200, **_TOKENS)
_IMAGE = dict(_SIZES, image_size=32, patch_size=8)

TRANSFORMERS: dict[str, Callable[[Any], Any]] = {
    "GPT-2": lambda t: t.GPT2LMHeadModel(t.GPT2Config(n_embd=64, n_layer=2, n_head=4, vocab_size=200, **_TOKENS)),
    "GPT-NeoX": lambda t: t.GPTNeoXForCausalLM(t.GPTNeoXConfig(**_TEXT)),
    "OPT": lambda t: t.OPTForCausalLM(
        t.OPTConfig(
            hidden_size=64, num_hidden_layers=2, num_attention_heads=4, ffn_dim=96, vocab_size=200,
            word_embed_proj_dim=64, **_TOKENS,
        )
    ),
    "BLOOM": lambda t: t.BloomForCausalLM(
        t.BloomConfig(hidden_size=64, n_layer=2, n_head=4, vocab_size=200, **_TOKENS)
    ),
    "Falcon": lambda t: t.FalconForCausalLM(
        t.FalconConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, vocab_size=200, **_TOKENS)
    ),
    "Llama": lambda t: t.LlamaForCausalLM(t.LlamaConfig(**_TEXT)),
    "Llama, tied": lambda t: t.LlamaForCausalLM(t.LlamaConfig(**_TEXT, tie_word_embeddings=True)),
    "Mistral": lambda t: t.MistralForCausalLM(t.MistralConfig(**_TEXT, num_key_value_heads=2)),
    "Mixtral": lambda t: t.MixtralForCausalLM(t.MixtralConfig(**_TEXT, num_key_value_heads=2, num_local_experts=4)),
    "Qwen3": lambda t: t.Qwen3ForCausalLM(t.Qwen3Config(**_TEXT, num_key_value_heads=2, head_dim=16)),
    "Gemma 2": lambda t: t.Gemma2ForCausalLM(t.Gemma2Config(**_TEXT, num_key_value_heads=2, head_dim=16)),
    "Phi": lambda t: t.PhiForCausalLM(t.PhiConfig(**_TEXT)),
    "DeepSeek-V3": lambda t: t.DeepseekV3ForCausalLM(
        t.DeepseekV3Config(
            **_TEXT, moe_intermediate_size=32, n_routed_experts=4, num_experts_per_tok=2, n_group=1, topk_group=1,
            kv_lora_rank=16, q_lora_rank=16, qk_rope_head_dim=8, v_head_dim=16, qk_nope_head_dim=16,
            first_k_dense_replace=1, num_key_value_heads=4,
        )
    ),
    "BERT": lambda t: t.BertForMaskedLM(t.BertConfig(**_TEXT)),
    "RoBERTa": lambda t: t.RobertaForMaskedLM(t.RobertaConfig(**_TEXT)),
    "DistilBERT": lambda t: t.DistilBertForMaskedLM(
        t.DistilBertConfig(dim=64, hidden_dim=96, n_layers=2, n_heads=4, vocab_size=200, sinusoidal_pos_embds=True)
    ),
    "ALBERT": lambda t: t.AlbertForMaskedLM(t.AlbertConfig(**_TEXT, embedding_size=16)),
    "ELECTRA": lambda t: t.ElectraForPreTraining(t.ElectraConfig(**_TEXT, embedding_size=16)),
    "DeBERTa-v2": lambda t: t.DebertaV2ForMaskedLM(t.DebertaV2Config(**_TEXT)),
    "TAPAS": lambda t: t.TapasForQuestionAnswering(t.TapasConfig(**_TEXT)),
    "T5": lambda t: t.T5ForConditionalGeneration(
        t.T5Config(d_model=64, d_ff=96, d_kv=16, num_layers=2, num_heads=4, vocab_size=200)
    ),
    "BART": lambda t: t.BartForConditionalGeneration(
        t.BartConfig(
            d_model=64, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
            encoder_ffn_dim=96, decoder_ffn_dim=96, vocab_size=200, **_TOKENS,
        )
    ),
    "Whisper": lambda t: t.WhisperForConditionalGeneration(
        t.WhisperConfig(
            d_model=64, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2,
            encoder_ffn_dim=96, decoder_ffn_dim=96, vocab_size=500, decoder_start_token_id=2, **_TOKENS,
        )
    ),
    "Mamba": lambda t: t.MambaForCausalLM(t.MambaConfig(hidden_size=64, num_hidden_layers=2, vocab_size=200)),
    "Mamba 2": lambda t: t.Mamba2ForCausalLM(
        t.Mamba2Config(hidden_size=64, num_hidden_layers=2, vocab_size=200, num_heads=8, head_dim=16, n_groups=1)
    ),
    "RWKV": lambda t: t.RwkvForCausalLM(t.RwkvConfig(hidden_size=64, num_hidden_layers=2, vocab_size=200)),
    "ViT": lambda t: t.ViTForImageClassification(t.ViTConfig(**_IMAGE)),
    "DINOv2": lambda t: t.Dinov2Model(t.Dinov2Config(**_IMAGE)),
    "Swin": lambda t: t.SwinForImageClassification(
        t.SwinConfig(image_size=32, patch_size=4, embed_dim=24, depths=[2, 2], num_heads=[2, 4], window_size=4)
    ),
    "CLIP": lambda t: t.CLIPModel(t.CLIPConfig(text_config=dict(_TEXT), vision_config=dict(_IMAGE))),
    "SigLIP": lambda t: t.SiglipModel(t.SiglipConfig(text_config=dict(_TEXT), vision_config=dict(_IMAGE))),
    "wav2vec 2.0": lambda t: t.Wav2Vec2ForCTC(
        t.Wav2Vec2Config(
            **_SIZES, vocab_size=32, conv_dim=(32, 32), conv_stride=(5, 2), conv_kernel=(10, 3),
            num_feat_extract_layers=2,
        )
    ),
}  # fmt: skip
"""Builds of transformers, given the library."""

TIMM = (
    "convnext_atto",
    "efficientnet_b0",
    "mobilenetv3_small_100",
    "resnet50",
    "regnety_002",
    "densenet121",
    "vit_tiny_patch16_224",
    "deit_tiny_distilled_patch16_224",
    "beit_base_patch16_224",
    "swin_tiny_patch4_window7_224",
    "maxvit_rmlp_pico_rw_256",
    "mixer_s16_224",
    "coat_tiny",
    "levit_128s",
)
"""Names of models of timm."""

TORCH: dict[str, Callable[[Any], Any]] = {
    "Linear": lambda nn: nn.Linear(64, 64),
    "Conv2d, BatchNorm2d": lambda nn: nn.Sequential(nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16)),
    "ConvTranspose1d": lambda nn: nn.ConvTranspose1d(8, 8, 3),
    "Embedding, EmbeddingBag": lambda nn: nn.Sequential(nn.Embedding(50, 8, padding_idx=0), nn.EmbeddingBag(50, 8)),
    "LSTM": lambda nn: nn.LSTM(20, 30, 2, bidirectional=True, proj_size=10),
    "GRU": lambda nn: nn.GRU(20, 30, 2),
    "MultiheadAttention": lambda nn: nn.MultiheadAttention(32, 4, add_bias_kv=True, kdim=16, vdim=16),
    "TransformerEncoderLayer": lambda nn: nn.TransformerEncoderLayer(32, 4, 64, batch_first=True),
    "TransformerEncoder": lambda nn: nn.TransformerEncoder(
        nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 2, enable_nested_tensor=False
    ),
    "Transformer": lambda nn: nn.Transformer(32, 4, 2, 2, 64, batch_first=True),
    "weight_norm": lambda nn: nn.utils.parametrizations.weight_norm(nn.Linear(64, 64)),
    "spectral_norm": lambda nn: nn.utils.parametrizations.spectral_norm(nn.Linear(64, 64)),
    "orthogonal": lambda nn: nn.utils.parametrizations.orthogonal(nn.Linear(64, 64)),
    "AdaptiveLogSoftmaxWithLoss": lambda nn: nn.AdaptiveLogSoftmaxWithLoss(32, 200, [20, 100]),
}
"""Builds of torch.nn, given that module."""


def names() -> list[str]:
    """Returns the names of all models, as "library: model"."""
    return [
        *(f"transformers: {name}" for name in TRANSFORMERS),
        *(f"timm: {name}" for name in TIMM),
        *(f"torch.nn: {name}" for name in TORCH),
    ]


def build(name: str) -> Build:
    """Returns the build of a model; raises `Missing` if its library is not installed."""
    from .libraries import need

    library, _, model = name.partition(": ")
    if library == "transformers":
        transformers = need("transformers")
        return lambda: TRANSFORMERS[model](transformers)
    if library == "timm":
        timm = need("timm")
        return lambda: timm.create_model(model)
    nn = need("torch").nn
    return lambda: TORCH[model](nn)
