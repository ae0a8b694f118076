"""winit.torch.capture on models of transformers and timm: their laws, checked against really built models."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from winit import BadInput, reference  # noqa: E402
from winit.torch import capture  # noqa: E402
from winit.torch.capturing import deviations  # noqa: E402

nn = torch.nn

ROOT = Path(__file__).parents[3]

SIZES: dict[str, Any] = dict(
    hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96, vocab_size=100
)
TOKENS: dict[str, Any] = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)

MODELS: dict[str, Callable[[Any], Any]] = {
    "gpt2": lambda t: t.GPT2LMHeadModel(t.GPT2Config(n_embd=64, n_layer=2, n_head=4, vocab_size=100, **TOKENS)),
    "llama": lambda t: t.LlamaForCausalLM(t.LlamaConfig(**SIZES, **TOKENS, tie_word_embeddings=True)),
    "mixtral": lambda t: t.MixtralForCausalLM(t.MixtralConfig(**SIZES, num_key_value_heads=2, num_local_experts=4)),
    "mamba": lambda t: t.MambaForCausalLM(t.MambaConfig(hidden_size=64, num_hidden_layers=2, vocab_size=100)),
    "bert": lambda t: t.BertForPreTraining(t.BertConfig(**SIZES)),
    "distilbert": lambda t: t.DistilBertModel(
        t.DistilBertConfig(vocab_size=100, dim=64, hidden_dim=96, n_layers=1, n_heads=4, sinusoidal_pos_embds=True)
    ),
    "wav2vec2": lambda t: t.Wav2Vec2Model(
        t.Wav2Vec2Config(**SIZES, conv_dim=(32, 32), conv_stride=(2, 2), conv_kernel=(3, 3), num_feat_extract_layers=2)
    ),
    "swin": lambda t: t.SwinModel(
        t.SwinConfig(image_size=32, patch_size=2, embed_dim=16, depths=[1, 1], num_heads=[2, 4], window_size=4)
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_transformers_has_the_values_of_its_laws(transformers: Any, name: str) -> None:
    def build() -> Any:
        return MODELS[name](transformers)

    spec = capture(build)
    assert not spec.unresolved and not spec.assumptions
    torch.manual_seed(3)
    module = build()
    assert deviations(module, spec) == []
    assert {tensor.name for tensor in spec.tensors if tensor.persistent} == set(module.state_dict())
    assert {"torch", "transformers"} <= set(spec.software) and spec.model == (
        f"{type(module).__module__}.{type(module).__qualname__}"
    )


@pytest.mark.parametrize("name", ["test_vit", "test_resnet", "test_efficientnet", "test_convnext"])
def test_a_model_of_timm_has_the_values_of_its_laws(timm: Any, name: str) -> None:
    spec = capture(lambda: timm.create_model(name))
    assert not spec.unresolved
    torch.manual_seed(3)
    assert deviations(timm.create_model(name), spec) == []


def test_gpt2_has_the_laws_of_the_projects_own_spec(transformers: Any) -> None:
    # specs/gpt2.yaml was written by hand; the rules of the file are applied here without the command.
    spec = capture(lambda: transformers.GPT2LMHeadModel(transformers.GPT2Config()))
    shapes, rules = _gpt2_yaml()
    captured = {tensor.name: tensor for tensor in spec.tensors}
    assert dict(captured["lm_head.weight"].law) == {"law": "same_as", "name": "transformer.wte.weight"}
    assert set(captured) - set(shapes) == {"lm_head.weight"}
    for name, shape in shapes.items():
        law = next(law for pattern, law in rules if fnmatchcase(name, pattern))
        assert (captured[name].shape, captured[name].dtype, dict(captured[name].law)) == (shape, "float32", law)


def _gpt2_yaml() -> tuple[dict[str, tuple[int, ...]], list[tuple[str, dict[str, Any]]]]:
    """Reads the shapes and rules of specs/gpt2.yaml, which have one line each."""
    shapes, rules = dict[str, tuple[int, ...]](), list[tuple[str, dict[str, Any]]]()
    for line in (ROOT / "specs" / "gpt2.yaml").read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text.startswith("transformer."):
            name, _, shape = text.partition(": ")
            shapes[name] = tuple(int(n) for n in shape.strip("[]").split(","))
        elif text.startswith("- {match:"):
            pattern = text.split('"')[1]
            if "std:" in text:
                law: Any = reference.normal(0.0, float(text.split("std:")[1].split("}")[0]))
            else:
                law = reference.constant(1.0 if "init: ones" in text else 0.0)
            rules.append((pattern, dict(law)))
    assert len(shapes) == 148 and len(rules) == 7
    return shapes, rules


def test_a_model_whose_own_initialization_was_left_out_is_refused(transformers: Any) -> None:
    initialization = pytest.importorskip("transformers.initialization")
    config = transformers.LlamaConfig(**SIZES)

    def without() -> Any:
        with initialization.no_init_weights():
            return transformers.LlamaForCausalLM(config)

    class Own(transformers.PreTrainedModel):  # type: ignore[misc]
        config_class = transformers.LlamaConfig
        _supports_sdpa = True

        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.linear = torch.nn.Linear(4, 4)  # and no `post_init()`

    class Wrapped(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.backbone = Own(config)

    for build in (without, lambda: Own(config)):
        with pytest.raises(BadInput, match="_init_weights"):
            capture(build)
    with pytest.raises(BadInput, match="`backbone`"):
        capture(Wrapped)


def test_a_build_on_meta_has_the_laws_of_the_model_and_not_those_of_its_layers(transformers: Any) -> None:
    def build() -> Any:
        with torch.device("meta"):
            return transformers.LlamaForCausalLM(transformers.LlamaConfig(**SIZES))

    laws = {tensor.name: dict(tensor.law) for tensor in capture(build).tensors}
    assert laws["model.layers.0.mlp.up_proj.weight"] == reference.normal(0.0, 0.02)


def test_a_grown_vocabulary_keeps_its_rows_or_says_that_it_reads_them(transformers: Any) -> None:
    def build(mean: bool) -> Any:
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**SIZES))
        model.resize_token_embeddings(120, mean_resizing=mean)
        return model

    laws = {tensor.name: dict(tensor.law) for tensor in capture(lambda: build(False)).tensors}
    assert laws["model.embed_tokens.weight"] == reference.normal(0.0, 0.02)
    with pytest.raises(BadInput, match=r"modeling_utils\.py"):
        capture(lambda: build(True))
