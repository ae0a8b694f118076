"""winit.torch.audit on models of transformers and timm: no false alarms, and the faults that were reported there."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from winit.torch import audit, watch

SIZES = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, vocab_size=100)
TOKENS = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)


def names(result: Any) -> list[tuple[str, str]]:
    """Kind and tensor of each finding."""
    return [(finding.kind, finding.tensor) for finding in result.findings]


def gpt2(transformers: Any) -> Any:
    """A small GPT-2, as its library builds it."""
    return transformers.GPT2LMHeadModel(
        transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=100, n_positions=32, **TOKENS)
    )


MODELS: dict[str, Callable[[Any], Any]] = {
    "gpt2": gpt2,
    "llama": lambda t: t.LlamaForCausalLM(t.LlamaConfig(**SIZES, tie_word_embeddings=True)),
    "bert": lambda t: t.BertForMaskedLM(t.BertConfig(**SIZES)),
    "t5": lambda t: t.T5ForConditionalGeneration(
        t.T5Config(d_model=32, d_ff=48, d_kv=8, num_layers=2, num_heads=4, vocab_size=100)
    ),
    "mixtral": lambda t: t.MixtralForCausalLM(t.MixtralConfig(**SIZES, num_key_value_heads=2, num_local_experts=4)),
    "mamba": lambda t: t.MambaForCausalLM(t.MambaConfig(hidden_size=32, num_hidden_layers=2, vocab_size=100)),
}


@pytest.mark.parametrize("model", MODELS)
def test_a_model_as_transformers_builds_it_has_no_findings(transformers: Any, model: str) -> None:
    result = audit(lambda: MODELS[model](transformers))
    assert result.ok and not result.not_checked, result
    assert result.watched_count > 0.9 * result.element_count


@pytest.mark.parametrize("model", ["test_vit", "test_resnet", "test_efficientnet"])
def test_a_model_as_timm_builds_it_has_no_findings(timm: Any, model: str) -> None:
    result = audit(lambda: timm.create_model(model))
    assert result.ok and not result.not_checked, result


def test_a_meta_model_whose_modules_reset_what_they_can_is_not_initialized(transformers: Any) -> None:
    """Its norms and its rotary embedding have no `reset_parameters` (llm-foundry 1745, transformers 45902)."""

    def build() -> Any:
        with torch.device("meta"):
            model = MODELS["llama"](transformers)
        model.to_empty(device="cpu")
        for layer in model.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        return model

    assert names(audit(build)) == [
        ("never_written", "model.layers.0.input_layernorm.weight"),
        ("never_written", "model.layers.0.post_attention_layernorm.weight"),
        ("never_written", "model.layers.1.input_layernorm.weight"),
        ("never_written", "model.layers.1.post_attention_layernorm.weight"),
        ("never_written", "model.norm.weight"),
        ("never_written", "model.rotary_emb.inv_freq"),
        ("never_written", "model.rotary_emb.original_inv_freq"),
        ("tie_broken", "lm_head.weight"),
    ]


def test_a_meta_model_that_transformers_initializes_and_ties_again_is_right(transformers: Any) -> None:
    def build() -> Any:
        with torch.device("meta"):
            model = MODELS["llama"](transformers)
        model.to_empty(device="cpu")
        model.apply(model._init_weights)
        model.tie_weights()
        return model

    assert audit(build).ok


def toy(transformers: Any, **members: Any) -> tuple[Any, Any]:
    """A config and a model class of transformers, with a linear layer and a buffer that the constructor computes."""

    class ToyConfig(transformers.PretrainedConfig):  # type: ignore[misc]
        model_type = "toy"

    class Toy(transformers.PreTrainedModel):  # type: ignore[misc]
        config_class = ToyConfig

        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.linear = nn.Linear(8, 8)
            self.register_buffer("freqs", 1.0 / 10000 ** (torch.arange(0, 8, 2) / 8), persistent=False)
            self.post_init()

    for name, value in members.items():
        setattr(Toy, name, value)
    return ToyConfig, Toy


def test_a_buffer_that_from_pretrained_leaves_without_values_is_found(transformers: Any, tmp_path: Path) -> None:
    """Issue 48892 of transformers: finite pointer fragments in the buffers of models with code of their own."""
    config, model = toy(transformers)
    assert audit(lambda: model(config())).ok
    model(config()).save_pretrained(tmp_path)
    with watch() as w:
        loaded = model.from_pretrained(tmp_path)
    result = w.audit(loaded)
    if transformers.__version__.split(".")[0] == "4":
        assert result.ok
        return
    assert names(result) == [("never_written", "freqs")]
    assert [left.tensor for left in result.not_checked] == ["linear.weight", "linear.bias"]  # those of the file


def test_loaded_weights_that_from_pretrained_initializes_again_are_found(transformers: Any, tmp_path: Path) -> None:
    """A checkpoint without the bias makes transformers 5 initialize the layer, whose `_init_weights` writes both."""
    safetensors = pytest.importorskip("safetensors.torch")

    def _init_weights(self: Any, layer: Any) -> None:
        if isinstance(layer, nn.Linear):
            layer.weight.data.normal_(std=0.02)
            layer.bias.data.zero_()

    config, model = toy(transformers, _init_weights=_init_weights)
    saved = model(config())
    saved.save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    safetensors.save_file({"linear.weight": saved.linear.weight.detach()}, path, {"format": "pt"})
    kept = list[Any]()

    def build() -> Any:
        kept.append(model.from_pretrained(tmp_path))
        return kept[-1]

    result = audit(build)
    overwritten = not torch.equal(kept[0].linear.weight, saved.linear.weight)
    assert (("loaded_overwritten", "linear.weight") in names(result)) == overwritten
    if int(transformers.__version__.split(".")[0]) >= 5:
        assert overwritten


def test_a_scaling_that_a_library_promises_and_does_not_apply_is_found(
    transformers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue 47458 of transformers: up to 5.14, `c_proj` of GPT-2 had the standard deviation of all others."""
    from transformers.models.gpt2 import modeling_gpt2

    def _init_weights(self: Any, layer: Any) -> None:
        if type(layer).__name__ in ("Conv1D", "Linear", "Embedding"):
            layer.weight.data.normal_(0.0, self.config.initializer_range)
            if getattr(layer, "bias", None) is not None:
                layer.bias.data.zero_()

    theirs = types.FunctionType(_init_weights.__code__, vars(modeling_gpt2))  # as if that file held it
    theirs.__module__ = modeling_gpt2.__name__
    monkeypatch.setattr(modeling_gpt2.GPT2PreTrainedModel, "_init_weights", theirs)
    result = audit(lambda: gpt2(transformers))
    parts = [f"transformer.h.{layer}.{part}.c_proj.weight" for layer in range(2) for part in ("attn", "mlp")]
    assert names(result) == [("off_scheme", part) for part in parts]
    assert f"{0.02 / math.sqrt(4):.4g}" in result.findings[0].message
    assert audit(lambda: gpt2(transformers), scheme_checks=False).ok


def test_a_model_with_an_initialization_of_its_own_is_held_to_no_promise(transformers: Any) -> None:
    class Own(transformers.GPT2LMHeadModel):  # type: ignore[misc]
        def _init_weights(self, layer: Any) -> None:
            if getattr(layer, "weight", None) is not None:
                nn.init.normal_(layer.weight, std=0.02)

    assert audit(lambda: Own(gpt2(transformers).config)).ok

    def build() -> Any:
        model = gpt2(transformers)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.02)
        return model

    assert audit(build).ok


def test_the_tie_that_a_config_of_transformers_4_states_is_checked() -> None:
    class Old(nn.Module):  # type: ignore[misc]
        _tied_weights_keys = ["head.weight"]  # noqa: RUF012

        def __init__(self, tie: bool) -> None:
            super().__init__()
            self.config = type("Config", (), {"tie_word_embeddings": tie})()
            self.embed, self.head = nn.Embedding(9, 4), nn.Linear(4, 9, bias=False)

        def get_input_embeddings(self) -> Any:
            return self.embed

        def get_output_embeddings(self) -> Any:
            return self.head

    assert names(audit(lambda: Old(True))) == [("tie_broken", "head.weight")]
    assert audit(lambda: Old(False)).ok
