"""A call of a layer in the pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from .measuring import Forward


@dataclass(eq=False)
class Call:
    """A call of a layer: a module that owns parameters; or of a block that holds layers.

    Attributes:
        module: The module.
        path: Its name in the model.
        number: How many times it has been called, from 1.
        forward: What its output shows: behind the activation, once that is known.
        unit_axis: The axis of the units in the output.
        activation: The activation behind it, or None.
        gradient: The norm of the gradient per sample with respect to the output before the activation, or None.
        edges: The places of the output in autograd's graph: none if it needs no gradient, and several where the layer
            gives several tensors, as an LSTM does.
        weight_part: The mean square of the output before the activation without the bias, or None.
        bias_part: The mean square of the bias, or None.
        has_bias: Whether the bias has an element that is not 0.
        consumers: The layers that take the output.
        is_followed: Whether only those take it, unit by unit.
        is_behind_norm: Whether its input comes from a norm.
        inner: For a block, the calls within it; empty for a layer.
    """

    module: torch.nn.Module
    path: str
    number: int
    forward: Forward
    unit_axis: int = -1
    activation: str | None = None
    gradient: float | None = None
    edges: list[Any] = field(default_factory=list)
    weight_part: float | None = None
    bias_part: float | None = None
    has_bias: bool = False
    consumers: list[Call] = field(default_factory=list)
    is_followed: bool = True
    is_behind_norm: bool = False
    inner: list[Call] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The kind of the layer, as the document has it."""
        return "residual" if self.inner else kind_of(self.module)

    @property
    def is_norm(self) -> bool:
        """Whether it is a norm."""
        return self.kind == "norm"

    @property
    def is_normalized(self) -> bool:
        """Whether a norm is right before it or right behind it."""
        return self.is_behind_norm or any(consumer.is_norm for consumer in self.consumers)

    def followers(self, depth: int = 4) -> tuple[list[Call], bool]:
        """Returns the layers that take the output, also through norms, and whether nothing else takes it."""
        found, is_followed = list[Call](), self.is_followed
        for consumer in self.consumers:
            if not consumer.is_norm:
                found.append(consumer)
            elif depth:
                behind, alone = consumer.followers(depth - 1)
                found += behind
                is_followed &= alone
        return found, is_followed


def kind_of(module: torch.nn.Module) -> str:
    """Returns the kind of a layer: by its class, or by the name of its class."""
    name = type(module).__name__
    if isinstance(module, torch.nn.MultiheadAttention):
        return "attention"
    if isinstance(module, torch.nn.modules.conv._ConvNd):
        return "convolution"
    if isinstance(module, (torch.nn.Embedding, torch.nn.EmbeddingBag)) or "Embedding" in name:
        return "embedding"
    if isinstance(module, (torch.nn.RNNBase, torch.nn.RNNCellBase)):
        return "recurrent"
    if "Norm" in name and not name.startswith("WeightNorm") and "Normal" not in name:
        return "norm"
    if isinstance(module, torch.nn.Linear) or name in ("Conv1D", "Linear"):
        return "linear"
    return name
