"""What is measured of the output of a layer, and of its gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from .activations import RECTIFIERS

_TILE = 1 << 20  # elements that are widened at a time


@dataclass(frozen=True)
class Samples:
    """How the samples of a batch lie in the outputs.

    Attributes:
        count: The number of samples.
        axis: Their axis in the input.
    """

    count: int
    axis: int = 0

    def split(self, output: torch.Tensor) -> torch.Tensor | None:
        """Returns an output as [samples, elements], or None if it does not depend on the sample.

        An output whose first axis is a multiple of the number of samples holds windows or tokens, one sample after
        another.
        """
        shape = output.shape
        for axis in dict.fromkeys((self.axis, 0, 1)):
            if axis < len(shape) and shape[axis] == self.count:
                return output.movedim(axis, 0).reshape(self.count, -1)
        if shape and shape[0] > self.count and shape[0] % self.count == 0:
            return output.reshape(self.count, -1)
        return None


@dataclass
class Forward:
    """What the output of a layer shows (see `winit.diagnosing.Measured`)."""

    rms: float
    signal: float
    cosine: float | None = None
    dead: float | None = None
    saturated: float | None = None


def measured(output: torch.Tensor, samples: Samples, activation: str | None, unit_axis: int) -> Forward:
    """Measures an output, a tile at a time: the logits of a language model have gigabytes.

    Args:
        output: The output, behind the activation.
        samples: How the samples lie in it.
        activation: The activation.
        unit_axis: The axis of the units: 1 for channels, −1 for features.
    """
    values = output.detach()
    if not values.numel():
        return Forward(0.0, 0.0)
    largest = _largest(values)
    if not math.isfinite(largest):
        return Forward(math.inf, math.inf)
    dead = _dead(values, unit_axis) if activation in RECTIFIERS else None
    if largest == 0:
        return Forward(0.0, 0.0, None, dead, _saturated(values, activation))
    rows = samples.split(values)
    by_sample = values.reshape(1, -1) if rows is None else rows
    centered = 0.0
    norms = torch.zeros(len(by_sample), 1, dtype=_wide(values), device=values.device)
    for tile in _tiles(by_sample, largest):
        norms += tile.square().sum(1, keepdim=True)
        centered += float((tile - tile.mean(0, keepdim=True)).square().sum())
    total = float(norms.sum())
    return Forward(
        largest * math.sqrt(total / values.numel()),
        0.0 if rows is None else largest * math.sqrt(centered / values.numel()),
        None if rows is None else _mean_cosine(rows, norms.sqrt(), largest),
        dead,
        _saturated(values, activation),
    )


def norm_per_sample(gradient: torch.Tensor, samples: Samples) -> float:
    """Returns the norm of the gradient of one sample, as root mean square over the batch."""
    values = gradient.detach()
    largest = _largest(values)
    if largest == 0 or not math.isfinite(largest):
        return 0.0 if largest == 0 else math.inf
    total = sum(float(tile.square().sum()) for tile in _tiles(values.reshape(1, -1), largest))
    return largest * math.sqrt(total / samples.count)


def widened(tensor: torch.Tensor) -> torch.Tensor:
    """Returns the elements in binary64, or in binary32 on a device that has no binary64."""
    return tensor.detach().to(_wide(tensor))


def _wide(tensor: torch.Tensor) -> torch.dtype:
    return torch.float32 if tensor.device.type == "mps" else torch.float64


def _tiles(rows: torch.Tensor, largest: float) -> Iterator[torch.Tensor]:
    """Iterates over the columns of a matrix, widened, and divided by the largest value.

    Without the division, squares of values below 1e-154 would vanish.
    """
    step = max(1, _TILE // len(rows))
    for start in range(0, rows.shape[1], step):
        yield widened(rows[:, start : start + step]) / largest


def _largest(values: torch.Tensor) -> float:
    """Returns the largest absolute value, NaN if there is one, and 0 without elements."""
    if not values.numel():
        return 0.0
    low, high = (values if values.element_size() > 1 else widened(values)).aminmax()
    return max(abs(float(low)), abs(float(high))) if not math.isnan(float(low)) else math.nan


def _mean_cosine(rows: torch.Tensor, norms: torch.Tensor, largest: float) -> float | None:
    """Returns the mean cosine of all pairs of rows, from the norm of the sum of unit vectors."""
    is_known = norms > 0
    count = int(is_known.sum())
    if count < 2:
        return None
    inverse = torch.where(is_known, 1 / norms, torch.zeros_like(norms))
    total = sum(float((tile * inverse).sum(0).square().sum()) for tile in _tiles(rows, largest))
    return (total - count) / (count * (count - 1))


def _dead(values: torch.Tensor, unit_axis: int) -> float:
    """Returns the fraction of units that are 0 for every sample and at every place."""
    axis = unit_axis if -values.dim() <= unit_axis < values.dim() else -1
    units = values.movedim(axis, 0).reshape(values.shape[axis], -1)
    return float((units == 0).all(1).sum()) / len(units)


def _saturated(values: torch.Tensor, activation: str | None) -> float | None:
    if activation == "tanh":
        beyond = values.abs() > 0.99
    elif activation == "sigmoid":
        beyond = (values < 0.01) | (values > 0.99)
    else:
        return None
    return float(beyond.sum()) / int(values.numel())
