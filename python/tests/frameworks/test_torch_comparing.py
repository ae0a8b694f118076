"""Comparison of torch tensors: state dicts as they are, of any dtype and layout in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from winit import BadInput, Mismatch, Recipe, compare, reference, verify

torch = pytest.importorskip("torch")


def model() -> Recipe:
    weight = reference.normal(std=0.02)
    return Recipe.from_laws(
        42,
        {
            "0.weight": ("float32", (8, 5), weight),
            "0.bias": ("bfloat16", (8,), reference.uniform(-1, 1)),
            "half": ("float16", (3, 4), weight),
            "wide": ("float64", (7,), weight),
            "steps": ("int64", (), {"law": "constant", "value": 3}),
            "mask": ("bool", (2, 2), {"law": "constant", "value": 1}),
            "empty": ("float32", (0, 3), weight),
        },
    )


def state() -> dict[str, Any]:
    """The values by the reference, as torch tensors."""
    made = {}
    for name, tensor in model().items():
        own = reference.Tensor(name, tensor.dtype, tensor.shape, dict(tensor.law))  # type: ignore[arg-type]
        data = bytearray(reference.canonical_bytes(42, own)) or bytearray(4)
        flat = torch.frombuffer(data, dtype=getattr(torch, tensor.dtype))[: tensor.count]
        made[name] = flat.reshape(tensor.shape)
    return made


def test_tensors_of_every_dtype_are_compared_by_their_bits() -> None:
    weights = state()
    assert compare(weights, model()) == []
    for name, tensor in weights.items():
        if tensor.numel():
            changed = tensor.clone()
            changed.view(-1)[-1] = 0 if tensor.dtype == torch.bool else 1
            findings = compare({**weights, name: changed}, model())
            assert [(finding.tensor, finding.differing_elements) for finding in findings] == [(name, 1)]
            assert findings[0].index == tuple(length - 1 for length in tensor.shape)


def test_views_and_parameters_are_compared_where_they_lie() -> None:
    weights = state()
    weights["0.weight"] = torch.nn.Parameter(weights["0.weight"].t().contiguous().t())
    weights["half"] = torch.stack([weights["half"]] * 2)[1]
    weights["wide"] = -torch._neg_view(weights["wide"].neg()).neg()
    before = torch.get_rng_state()
    assert compare(weights, model()) == []
    assert torch.equal(torch.get_rng_state(), before) and weights["0.weight"].requires_grad


def test_the_transpose_and_another_seed_are_explained() -> None:
    weights = state()
    weights["0.weight"] = weights["0.weight"].t().contiguous()
    assert [finding.likely_cause for finding in compare(weights, model())] == ["transposed"]
    with pytest.raises(Mismatch, match="the values of seed 42"):
        verify(weights | {"0.weight": state()["0.weight"]}, model().with_seed(7))


def test_a_module_in_bfloat16_matches_with_cast() -> None:
    recipe = model().select("0.weight", "wide")
    weights = {name: state()[name].to(torch.bfloat16) for name in recipe}
    assert [finding.likely_cause for finding in compare(weights, recipe)] == [
        "the same initialization saved as bfloat16"
    ] * 2
    assert compare(weights, recipe, cast=True) == []
    # torch's own rounding of ten thousand values is the rounding that is compared
    values = Recipe.from_laws(1, {"v": ("float32", (10_000,), reference.normal())})
    assert compare({"v": torch.from_numpy(values["v"][...]).bfloat16()}, values, cast=True) == []


def test_a_tensor_without_values_here_is_bad_input() -> None:
    for tensor in (
        torch.empty((8, 5), device="meta"),
        torch.zeros((8, 5)).to_sparse(),
    ):
        with pytest.raises(BadInput, match=r"`0\.weight`"):
            compare({**state(), "0.weight": tensor}, model())


def test_a_state_dict_with_numbers_beside_tensors_is_compared() -> None:
    weights = {**state(), "steps": 3, "wide": np.asarray(state()["wide"])}
    assert compare(weights, model()) == []
