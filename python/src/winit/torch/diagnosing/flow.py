"""Which layer a tensor comes from, as it flows through functions that keep its units."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from typing import Any

import torch

from .calls import Call

_DIMENSIONS = ("1d", "2d", "3d")

KEEPING = frozenset(
    [
        *("dropout", "alpha_dropout", "feature_dropout", "contiguous", "clone", "flatten"),
        *("to", "float", "half", "bfloat16", "double", "type", "type_as"),
        *(f"dropout{each}" for each in _DIMENSIONS),
        *(f"{kind}_pool{each}" for kind in ("max", "avg", "adaptive_avg", "adaptive_max") for each in _DIMENSIONS),
    ]
)
"""The names of functions of which each unit of the output comes from one unit of the input, in order."""

SHAPING = frozenset(["view", "reshape", "squeeze", "unsqueeze"])
"""The names of functions that change the shape; the units stay in order if the first axis stays."""

KEEPING_MODULES = frozenset(
    [
        *("Dropout", "AlphaDropout", "FeatureAlphaDropout", "DropPath", "StochasticDepth", "Identity", "Flatten"),
        *(f"Dropout{each}" for each in _DIMENSIONS),
        *(f"{kind}Pool{each}" for kind in ("Max", "Avg", "AdaptiveAvg", "AdaptiveMax") for each in _DIMENSIONS),
    ]
)
"""The classes of modules without parameters that do so."""


@dataclass(frozen=True)
class Origin:
    """The layer that a tensor comes from.

    Attributes:
        call: The call of the layer.
        is_activated: Whether an activation is between.
    """

    call: Call
    is_activated: bool = False


class Flow:
    """The origins of the tensors that are alive."""

    def __init__(self) -> None:
        """Starts without tensors."""
        self._origins: dict[int, tuple[weakref.ref[torch.Tensor], Origin]] = {}

    def of(self, tensor: Any) -> Origin | None:
        """Returns the origin of a tensor, or None."""
        known = self._origins.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else None

    def set(self, tensor: torch.Tensor, origin: Origin) -> None:
        """Sets the origin of a tensor."""
        self._origins[id(tensor)] = (weakref.ref(tensor), origin)

    def forget(self, tensor: torch.Tensor) -> None:
        """Takes a tensor out, whose elements are not those of the layer any more."""
        self._origins.pop(id(tensor), None)

    def keep(self, source: torch.Tensor, target: torch.Tensor) -> None:
        """Gives a tensor the origin of the one that it is computed from, unit by unit."""
        origin = self.of(source)
        if origin is not None:
            self.set(target, origin)

    def activate(self, source: torch.Tensor, target: torch.Tensor) -> Call | None:
        """Notes that an activation took a tensor; returns the layer before it, unless it has one already."""
        origin = self.of(source)
        if origin is None:
            return None
        if origin.is_activated:
            origin.call.is_followed = False
            return None
        self.set(target, replace(origin, is_activated=True))
        return origin.call
