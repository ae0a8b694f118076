"""The shapes of large language models, and specs of them."""

from __future__ import annotations

from collections.abc import Mapping

Shapes = dict[str, tuple[int, ...]]
"""Shapes by tensor name."""


def llama3() -> Shapes:
    """Llama-3-8B."""
    shapes: Shapes = {"model.embed_tokens.weight": (128256, 4096)}
    for layer in range(32):
        prefix = f"model.layers.{layer}."
        for name, rows, columns in (
            ("self_attn.q_proj", 4096, 4096),
            ("self_attn.k_proj", 1024, 4096),
            ("self_attn.v_proj", 1024, 4096),
            ("self_attn.o_proj", 4096, 4096),
            ("mlp.gate_proj", 14336, 4096),
            ("mlp.up_proj", 14336, 4096),
            ("mlp.down_proj", 4096, 14336),
        ):
            shapes[f"{prefix}{name}.weight"] = (rows, columns)
        shapes[prefix + "input_layernorm.weight"] = shapes[prefix + "post_attention_layernorm.weight"] = (4096,)
    return shapes | {"model.norm.weight": (4096,), "lm_head.weight": (128256, 4096)}


def mixtral(layers: int = 32) -> Shapes:
    """Mixtral 8x7B, with all of its layers or the first ones, and the names of transformers."""
    hidden, inner, experts, vocabulary = 4096, 14336, 8, 32000
    shapes: Shapes = {
        "model.embed_tokens.weight": (vocabulary, hidden),
        "lm_head.weight": (vocabulary, hidden),
        "model.norm.weight": (hidden,),
    }
    for layer in range(layers):
        prefix = f"model.layers.{layer}"
        for name, rows in (("q", hidden), ("k", hidden // 4), ("v", hidden // 4), ("o", hidden)):
            shapes[f"{prefix}.self_attn.{name}_proj.weight"] = (rows, hidden)
        shapes[f"{prefix}.block_sparse_moe.gate.weight"] = (experts, hidden)
        for expert in range(experts):
            for name, shape in (("w1", (inner, hidden)), ("w2", (hidden, inner)), ("w3", (inner, hidden))):
                shapes[f"{prefix}.block_sparse_moe.experts.{expert}.{name}.weight"] = shape
        for name in ("input_layernorm", "post_attention_layernorm"):
            shapes[f"{prefix}.{name}.weight"] = (hidden,)
    return shapes


def spec(shapes: Mapping[str, tuple[int, ...]], dtype: str) -> str:
    """A spec with ones in norms, and N(0, 0.02²) elsewhere."""
    lines = [f"dtype: {dtype}", "tensors:", *(f"  {name}: {list(shape)}" for name, shape in shapes.items())]
    lines += ["rules:", '  - {match: "*norm*", init: ones}', '  - {match: "*", init: {scheme: normal, std: 0.02}}']
    return "\n".join(lines) + "\n"
