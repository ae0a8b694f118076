"""What a rank computes of the elements that it holds of a tensor: digests, moments, and whether they look drawn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from .. import elements
from ..moments import SAMPLE, sample_moments

HEAD = 64
"""How many first elements of a part are compared between parts: chance does not repeat them in any dtype."""

FEWEST = 80
"""How many elements a part must have. PyTorch draws the last 16 of a tensor another time, so that the first `HEAD` of
two draws from one random state are equal only if at least 16 follow."""

_TILE = 1 << 22


@dataclass(frozen=True)
class Statistics:
    """What a rank computes of the elements that it holds of a tensor.

    Attributes:
        digest: The first 8 bytes of the SHA-256 of the elements in row-major order.
        head: Those of the first `HEAD` elements; 0 if the elements are too few, or do not look drawn.
        sample: How many elements the moments are of; 0 if the dtype has none.
        mean: The mean.
        std: The standard deviation.
        largest: The largest absolute value.
    """

    digest: int
    head: int = 0
    sample: int = 0
    mean: float = 0.0
    std: float = 0.0
    largest: float = 0.0


def statistics(tensor: torch.Tensor) -> Statistics:
    """Computes the statistics of a local tensor, which has elements.

    At most 2²² elements are copied from a device at a time, and the moments are those of at most 2²⁰ elements.
    """
    flat = tensor.detach().reshape(-1)
    digest = hashlib.sha256()
    for start in range(0, flat.numel(), _TILE):
        digest.update(np.ascontiguousarray(elements.bits(_copied(flat[start : start + _TILE]))).tobytes())
    head = 0
    if looks_drawn(tensor):
        head = number_of(np.ascontiguousarray(elements.bits(_copied(flat[:HEAD]))).tobytes())
    with np.errstate(invalid="ignore"):  # infinite elements have no standard deviation
        found = sample_moments(tensor.detach())
    number = int.from_bytes(digest.digest()[:8], "little")
    if found is None:
        return Statistics(number, head)
    largest = max(abs(found.low), abs(found.high))
    return Statistics(number, head, min(flat.numel(), SAMPLE), found.mean, found.std, largest)


def number_of(data: bytes) -> int:
    """Returns the first 8 bytes of a SHA-256 as a number, which is not 0."""
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "little") or 1


def looks_drawn(tensor: torch.Tensor) -> bool:
    """Tells whether the first elements look like random numbers, and not like a constant, a table or repeated rows.

    Half of them must differ, no row may repeat the row before it, and half must be turning points, above or below both
    neighbors. Two thirds of independent numbers are, with a standard deviation of 0.05 for 64 of them (Bienaymé 1874;
    Kendall, Time Series, 1973), and few elements of tables of positions or frequencies.
    """
    if tensor.numel() < FEWEST or not tensor.is_floating_point():
        return False
    if any(length > 1 and _repeats(tensor.select(axis, 0), tensor.select(axis, 1)) for axis, length in _axes(tensor)):
        return False
    head: NDArray[np.float64] | None = elements.values(_copied(tensor.detach().reshape(-1)[:HEAD]))
    if head is None or not np.isfinite(head).all() or len(np.unique(head)) < HEAD // 2:
        return False
    steps = np.sign(np.diff(head))
    return bool(np.count_nonzero(steps[1:] * steps[:-1] < 0) >= (HEAD - 2) / 2)


def _axes(tensor: torch.Tensor) -> list[tuple[int, int]]:
    return list(enumerate(tensor.shape))


def _repeats(one: torch.Tensor, other: torch.Tensor) -> bool:
    return bool(one.numel() > 1 and torch.equal(one, other))


def _copied(tensor: torch.Tensor) -> torch.Tensor:
    """Returns memory of its own on the CPU for elements elsewhere: NumPy would see the whole storage otherwise."""
    return tensor if tensor.device.type == "cpu" else tensor.cpu()
