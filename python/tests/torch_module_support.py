"""Modules of PyTorch, their specs, and what their tensors must be; imported by tests that have found PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import nn

import winit
from winit import reference
from winit.torch.dtypes import memory_of

ZEROS = reference.constant(0.0)


NORMAL = reference.normal(std=0.02)


def law_of(tensor: Any) -> Any:
    if tensor.dtype.is_floating_point:
        return NORMAL
    return reference.constant(1 if tensor.dtype == torch.bool else 3)


def spec_of(module: Any, *, without: Collection[str] = (), laws: Mapping[str, Any] | None = None) -> winit.Spec:
    """A spec of all tensors of a module, in which tied parameters are same_as."""
    with torch.no_grad():
        tensors, first = list[winit.SpecTensor](), dict[int, str]()
        both = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
        for name, tensor in both:
            law: Any = {"law": "same_as", "name": first[id(tensor)]} if id(tensor) in first else law_of(tensor)
            first.setdefault(id(tensor), name)
            if name not in without:
                law = (laws or {}).get(name, law)
                dtype = str(tensor.dtype).removeprefix("torch.")
                tensors.append(winit.SpecTensor(name, tuple(tensor.shape), dtype, law))
        return winit.Spec(tuple(tensors))


def own_bytes(recipe: winit.TensorRecipe) -> bytes:
    """The canonical bytes by the reference in NumPy, which shares no code with the kernels nor with winit.torch."""
    while recipe.source is not None:
        recipe = recipe.source
    law: Any = recipe.law
    tensor = reference.Tensor(recipe.name, recipe.dtype, recipe.shape, law, recipe.stream, recipe.seed)
    return reference.canonical_bytes(recipe.seed, tensor)


def require_all(module: Any, recipe: winit.Recipe) -> None:
    both = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
    assert both
    for name, tensor in both:
        assert memory_of(tensor).tobytes() == own_bytes(recipe[name]), name


class Model(nn.Module):  # type: ignore[misc]  # untyped
    """Tied weights, statistics, an integer, a flag, a recurrent layer, a non-persistent buffer, an alias."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 8, padding_idx=0)
        self.head = nn.Linear(8, 10, bias=False)
        self.head.weight = self.embedding.weight
        self.norm = nn.BatchNorm1d(8)
        self.lstm = nn.LSTM(8, 8)
        self.register_buffer("mask", torch.ones(3, 3, dtype=torch.bool))
        self.register_buffer("frequencies", torch.arange(4) / 4, persistent=False)
        self.frequencies_at_start = self.frequencies
        self.narrow = nn.Parameter(torch.ones(5).to(torch.bfloat16), requires_grad=False)


def meta(build: Callable[[], Any] = Model) -> Any:
    with torch.device("meta"):
        return build()


def snapshot(module: Any) -> dict[str, Any]:
    both = [*module.named_parameters(), *module.named_buffers()]
    return {name: (id(tensor), tensor.device, None if tensor.is_meta else tensor.clone()) for name, tensor in both}


def require_unchanged(module: Any, before: dict[str, Any]) -> None:
    after = snapshot(module)
    assert after.keys() == before.keys()
    for name, (identity, device, values) in after.items():
        assert (identity, device) == before[name][:2]
        assert values is None or torch.equal(values, before[name][2])
