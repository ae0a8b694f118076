"""Rates of fills, beside a copy and PyTorch's own generator on the same device."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from winit import Recipe, reference
from winit.torch.dtypes import torch_dtype

from .place import Place

_LAWS: dict[str, reference.Law] = {
    "uniform": reference.uniform(-0.05, 0.05),
    "normal": reference.normal(0, 0.02),
    "truncated normal": reference.truncated_normal(0, 0.02),
}
_WARM_UP, _ROUNDS = 3, 21
_SEED = 42


def rates(place: Place, byte_count: int) -> list[dict[str, Any]]:
    """Measures how many bytes of a tensor are made in a second: the median of the rounds.

    Args:
        place: Where.
        byte_count: The size of the tensors.

    Returns:
        A row for each operation and dtype: operation, dtype, bytes, seconds, bytes_per_second.
    """
    rows = []
    for dtype in ("float32", "bfloat16"):
        kind = torch_dtype(dtype)
        out = torch.empty(byte_count // kind.itemsize, dtype=kind, device=place.device)
        source = torch.zeros_like(out)
        recipe = Recipe.from_laws(_SEED, {name: (dtype, tuple(out.shape), law) for name, law in _LAWS.items()})
        operations: dict[str, Callable[[], Any]] = {
            "copy": partial(out.copy_, source),
            "torch uniform_": partial(out.uniform_, -0.05, 0.05),
            "torch normal_": partial(out.normal_, 0, 0.02),
            **{name: partial(place.fill, out, recipe[name], (0,)) for name in _LAWS},
        }
        for operation, run in operations.items():
            seconds = _median(place, run)
            rows.append(
                {"operation": operation, "dtype": dtype, "bytes": byte_count, "seconds": seconds}
                | {"bytes_per_second": byte_count / seconds}
            )
        del out, source, operations
    return rows


def smallest(place: Place) -> float:
    """Measures how long a fill of 1,024 elements takes, in seconds: the cost of a call."""
    recipe = Recipe.from_laws(_SEED, {"w": ("float32", (1024,), _LAWS["normal"])})["w"]
    out = torch.empty(1024, device=place.device)
    return _median(place, lambda: place.fill(out, recipe, (0,)))


def _median(place: Place, run: Callable[[], Any]) -> float:
    for _ in range(_WARM_UP):
        run()
    found = []
    for _ in range(_ROUNDS if not place.is_interpreted else 1):
        place.synchronize()
        begin = time.perf_counter()
        if place.is_interpreted:
            run()
            found.append(time.perf_counter() - begin)
            continue
        start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        run()
        stop.record()
        stop.synchronize()
        found.append(start.elapsed_time(stop) / 1000)
    return statistics.median(found)
