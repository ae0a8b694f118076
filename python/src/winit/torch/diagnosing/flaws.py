"""What is wrong with a batch: elements that are no numbers, or samples that are all equal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ...errors import BadInput
from .batches import first_tensor
from .calls import Call
from .measuring import Samples
from .outputs import is_measurable

_ROUNDING = 1e-5
"""The signal over the RMS that the rounding of equal samples makes: their sums can have other orders."""


@dataclass(frozen=True)
class BatchFlaws:
    """What is wrong with the first tensor of a batch, which is the input.

    Attributes:
        nan: The number of NaN.
        infinite: The number of infinities.
        count: The number of elements.
        are_equal: Whether all samples are equal.
    """

    nan: int = 0
    infinite: int = 0
    count: int = 0
    are_equal: bool = False

    @classmethod
    def of(cls, batch: object, samples: Samples) -> BatchFlaws:
        """Looks at a batch, before the model can change it."""
        first = first_tensor(batch, samples.axis)
        if first is None or first.layout != torch.strided or first.is_nested or not first.numel():
            return cls()
        nan = infinite = 0
        if is_measurable(first):
            nan, infinite = int(first.isnan().sum()), int(first.isinf().sum())
        are_equal = bool((first == first.narrow(samples.axis, 0, 1)).all())
        return cls(nan, infinite, first.numel(), are_equal)

    def notes(self, layers: Sequence[Call]) -> list[str]:
        """Says what is wrong, for a model that gives something else than NaN and equal outputs all the same.

        Args:
            layers: The layers of the forward pass.

        Returns:
            The notes.

        Raises:
            BadInput: If what the layers show is that of the batch, and not of the model.
        """
        notes = list[str]()
        if self.nan or self.infinite:
            counts = [f"{self.nan:,} NaN"] * (self.nan > 0) + [f"{self.infinite:,} infinite"] * (self.infinite > 0)
            found = f"the first tensor of the batch has {' and '.join(counts)} of {self.count:,} elements"
            if any(not math.isfinite(layer.forward.rms) for layer in layers):
                raise BadInput(
                    f"{found}, so that the pass shows the batch and not the model. Give a batch of finite numbers"
                )
            notes.append(f"{found}; the outputs of all layers are finite")
        if self.are_equal:
            found = "all samples in the first tensor of the batch are equal"
            if all(layer.forward.signal <= _ROUNDING * layer.forward.rms for layer in layers):
                raise BadInput(
                    f"{found}, and so are the outputs of every layer. The signal is what differs between samples: give "
                    "a batch of different samples, such as one of your training data"
                )
            notes.append(f"{found}; what differs between outputs is from other inputs, or from draws in the model")
        return notes
