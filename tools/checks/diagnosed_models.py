"""The models that `checks.torch_diagnoses` runs, each with a batch: of transformers, timm, torchvision and torch.nn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .audit_models import TIMM, TRANSFORMERS
from .libraries import need

Case = Callable[[], tuple[Callable[[], Any], Any]]
"""Gives the build of a model, and a batch for it."""

_TEXT_LENGTH = 32

LARGER: dict[str, Callable[[Any], Any]] = {
    "GPT-2, 12 layers": lambda t: t.GPT2LMHeadModel(t.GPT2Config(vocab_size=2000)),
    "Llama, 8 layers": lambda t: t.LlamaForCausalLM(
        t.LlamaConfig(
            vocab_size=2000, hidden_size=256, intermediate_size=688, num_hidden_layers=8, num_attention_heads=8,
            num_key_value_heads=4,
        )
    ),
    "BERT, 6 layers": lambda t: t.BertForMaskedLM(t.BertConfig(num_hidden_layers=6, vocab_size=2000)),
    "T5, small": lambda t: t.T5ForConditionalGeneration(t.T5Config(vocab_size=2000)),
    "Whisper, tiny": lambda t: t.WhisperForConditionalGeneration(
        t.WhisperConfig(
            d_model=384, encoder_layers=4, decoder_layers=4, encoder_attention_heads=6, decoder_attention_heads=6,
            encoder_ffn_dim=1536, decoder_ffn_dim=1536, vocab_size=2000, max_source_positions=100,
            bos_token_id=1, eos_token_id=2, pad_token_id=0, decoder_start_token_id=2,
        )
    ),
    "ViT, 6 layers": lambda t: t.ViTForImageClassification(
        t.ViTConfig(num_hidden_layers=6, num_labels=1000, image_size=64, patch_size=16)
    ),
}  # fmt: skip
"""Models of transformers in the sizes of their libraries, with fewer layers and words."""

TORCHVISION = (
    "vgg16",
    "vgg16_bn",
    "resnet50",
    "densenet121",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "squeezenet1_0",
    "efficientnet_b0",
    "convnext_tiny",
    "swin_t",
    "vit_b_16",
)
"""Names of models of torchvision."""

_SIZES = {"maxvit_rmlp_pico_rw_256": 256}


def torch_cases() -> dict[str, Case]:
    """Returns modules of torch.nn, and small models of them."""
    import torch
    from torch import nn

    def mlp(depth: int, activation: Any, initialize: Any) -> Any:
        layers = [each for _ in range(depth) for each in (nn.Linear(128, 128), activation())]
        model = nn.Sequential(*layers, nn.Linear(128, 10))
        for layer in model:
            if isinstance(layer, nn.Linear):
                initialize(layer.weight)
                nn.init.zeros_(layer.bias)
        return model

    def words(*sizes: int) -> Any:
        return torch.randint(100, sizes)

    he, xavier = nn.init.kaiming_normal_, nn.init.xavier_normal_
    encoder = nn.TransformerEncoderLayer
    return {
        "MLP, He, ReLU": lambda: (lambda: mlp(10, nn.ReLU, he), torch.randn(64, 128)),
        "MLP, Xavier, tanh": lambda: (lambda: mlp(10, nn.Tanh, xavier), torch.randn(64, 128)),
        "MLP, He, tanh": lambda: (lambda: mlp(10, nn.Tanh, he), torch.randn(64, 128)),
        "MLP, PyTorch's default, ReLU, 3 layers": lambda: (
            lambda: nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)),
            torch.randn(64, 32),
        ),
        "LSTM": lambda: (lambda: recurrent(nn.LSTM), words(64, 20)),
        "GRU": lambda: (lambda: recurrent(nn.GRU), words(64, 20)),
        "TransformerEncoder": lambda: (
            lambda: nn.TransformerEncoder(encoder(64, 4, 128, batch_first=True), 4, enable_nested_tensor=False),
            torch.randn(16, 20, 64),
        ),
        "TransformerEncoder, pre-norm": lambda: (
            lambda: nn.Sequential(*[encoder(64, 4, 128, batch_first=True, norm_first=True) for _ in range(4)]),
            torch.randn(16, 20, 64),
        ),
    }


def recurrent(kind: Any) -> Any:
    from torch import nn

    class Recurrent(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.rnn = nn.Embedding(100, 64), kind(64, 64, 2, batch_first=True, dropout=0.2)
            self.head = nn.Linear(64, 100)

        def forward(self, tokens: Any) -> Any:
            return self.head(self.rnn(self.embed(tokens))[0])

    return Recurrent()


def cases() -> dict[str, Case]:
    """Returns all cases, by "library: model"."""
    found: dict[str, Case] = {}
    found |= {f"transformers: {name}": _transformers(made) for name, made in {**LARGER, **TRANSFORMERS}.items()}
    found |= {f"timm: {name}": _timm(name) for name in TIMM}
    found |= {f"torchvision: {name}": _torchvision(name) for name in TORCHVISION}
    return found | {f"torch.nn: {name}": case for name, case in torch_cases().items()}


def _transformers(made: Callable[[Any], Any]) -> Case:
    def case() -> tuple[Callable[[], Any], Any]:
        library = need("transformers")
        library.logging.set_verbosity_error()
        return (lambda: made(library)), _inputs(made(library))

    return case


def _timm(name: str) -> Case:
    def case() -> tuple[Callable[[], Any], Any]:
        import torch

        library = need("timm")
        size = _SIZES.get(name, 224)
        return (lambda: library.create_model(name)), torch.randn(4, 3, size, size)

    return case


def _torchvision(name: str) -> Case:
    def case() -> tuple[Callable[[], Any], Any]:
        import torch

        library = need("torchvision")
        return (lambda: library.models.get_model(name, weights=None)), torch.randn(4, 3, 224, 224)

    return case


def _inputs(model: Any) -> dict[str, Any]:
    """Returns a batch for a model of transformers."""
    import torch

    config = model.config
    text = getattr(config, "text_config", config)
    words = torch.randint(3, min(getattr(text, "vocab_size", 200), 200), (8, _TEXT_LENGTH))
    name = model.main_input_name
    vision = getattr(config, "vision_config", config)
    if type(model).__name__ in ("CLIPModel", "SiglipModel"):
        size = vision.image_size
        return {"input_ids": words, "pixel_values": torch.randn(8, 3, size, size), "return_loss": True}
    if name == "pixel_values":
        return {name: torch.randn(8, 3, config.image_size, config.image_size)}
    if name == "input_features":
        length = 2 * config.max_source_positions
        return {name: torch.randn(2, config.num_mel_bins, length), "decoder_input_ids": words[:2]}
    if name == "input_values":
        return {name: torch.randn(8, 2000)}
    if config.is_encoder_decoder:
        return {name: words, "decoder_input_ids": words}
    return {name: words}
