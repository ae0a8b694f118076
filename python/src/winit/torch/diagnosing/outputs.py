"""The tensors within what a model takes and gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch

_PREFERRED = ("logits", "last_hidden_state", "out")
_DEPTH = 8


def tensors_in(value: Any, depth: int = _DEPTH) -> Iterator[torch.Tensor]:
    """Iterates over the tensors in a value: in lists, tuples, mappings, dataclasses and packed sequences, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif depth == 0:
        return
    elif isinstance(value, torch.nn.utils.rnn.PackedSequence):
        yield value.data
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from tensors_in(each, depth - 1)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from tensors_in(each, depth - 1)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from tensors_in(getattr(value, field.name, None), depth - 1)


def is_measurable(tensor: torch.Tensor) -> bool:
    """Tells whether a tensor has floating elements that can be looked at."""
    return tensor.is_floating_point() and tensor.layout == torch.strided and not tensor.is_nested


def first_output(value: Any) -> torch.Tensor | None:
    """Returns the first measurable tensor in the output of a layer."""
    return next((tensor for tensor in tensors_in(value) if is_measurable(tensor)), None)


def member(value: Any, name: str) -> Any:
    """Returns a member of a mapping, or an attribute of an output such as those of transformers, or None."""
    if isinstance(value, Mapping):
        return value.get(name)
    return None if isinstance(value, (torch.Tensor, list, tuple)) else getattr(value, name, None)


def model_output(value: Any) -> tuple[torch.Tensor | None, str]:
    """Returns the tensor of a model's output that a gradient is put into, and its name for people.

    It is `logits` or `last_hidden_state` where the output has them, and else the first tensor that has a gradient.
    """
    for name in _PREFERRED:
        tensor = member(value, name)
        if isinstance(tensor, torch.Tensor) and is_measurable(tensor):
            return tensor, f"`{name}`"
    found = [tensor for tensor in tensors_in(value) if is_measurable(tensor)]
    tensor = next((tensor for tensor in found if tensor.requires_grad), found[0] if found else None)
    return tensor, "the output" if isinstance(value, torch.Tensor) else "the first tensor of the output"
