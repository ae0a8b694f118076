"""Measures one library's fills: elements per second into a warm buffer, as JSON on one line.

    peer_fills.py torch|numpy|jax ELEMENTS

It runs in a process of its own, so that no library's threads disturb another library. PyTorch is measured at its best
number of threads, and in other dtypes than float32 too, with fewer elements, because it truncates them slowly.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any


def rate(elements: int, fill: Callable[[], object]) -> float:
    """Elements per second: the better of two fills, after one that warms up."""
    fill()
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        fill()
        seconds.append(time.perf_counter() - start)
    return elements / min(seconds)


def torch_rates(elements: int) -> dict[str, float]:
    import torch

    def fills(buffer: Any) -> dict[str, Callable[[], object]]:
        return {
            "normal": buffer.normal_,
            "uniform": buffer.uniform_,
            "truncated_normal": lambda: torch.nn.init.trunc_normal_(buffer),
        }

    buffer = torch.zeros(elements)
    measured = {name: (elements, fill) for name, fill in fills(buffer).items()}
    measured["constant"] = (elements, lambda: buffer.fill_(0.5))
    fewer = elements >> 2
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        for name, fill in fills(torch.zeros(fewer, dtype=dtype)).items():
            measured[f"{name}.{str(dtype).removeprefix('torch.')}"] = (fewer, fill)
    best: dict[str, float] = {}
    for threads in {1, os.cpu_count()}:
        torch.set_num_threads(threads)
        for name, (count, fill) in measured.items():
            # A version may have no such fill in this dtype.
            with contextlib.suppress(RuntimeError, NotImplementedError):
                best[name] = max(best.get(name, 0), rate(count, fill))
    torch.set_num_threads(os.cpu_count())
    matrix = torch.zeros(4096, 4096)
    best["orthogonal"] = rate(4096 * 4096, lambda: torch.nn.init.orthogonal_(matrix))
    return best


def numpy_rates(elements: int) -> dict[str, float]:
    import numpy

    generator = numpy.random.Generator(numpy.random.Philox(1))
    buffer = numpy.zeros(elements, numpy.float32)
    return {
        "normal": rate(elements, lambda: generator.standard_normal(out=buffer, dtype=numpy.float32)),
        "uniform": rate(elements, lambda: generator.random(out=buffer, dtype=numpy.float32)),
    }


def jax_rates(elements: int) -> dict[str, float]:
    import jax

    key = jax.random.key(1)
    shape = (elements,)
    fills = {
        "normal": jax.jit(lambda key: jax.random.normal(key, shape)),
        "uniform": jax.jit(lambda key: jax.random.uniform(key, shape)),
        "truncated_normal": jax.jit(lambda key: jax.random.truncated_normal(key, -2.0, 2.0, shape)),
    }
    rates = {}
    for law, fill in fills.items():

        def once(fill: Any = fill) -> None:
            fill(key).block_until_ready()

        rates[law] = rate(elements, once)
    return rates


def main() -> None:
    libraries = {"torch": torch_rates, "numpy": numpy_rates, "jax": jax_rates}
    print(json.dumps(libraries[sys.argv[1]](int(sys.argv[2]))))


if __name__ == "__main__":
    main()
