"""One library's fills: elements a second into a warm buffer of so many float32, as JSON on one line.

    peer_fills.py torch|numpy|jax ELEMENTS

In a process of its own, so that no library's threads are in another's way. PyTorch counts at its best number of threads.
"""

import json
import os
import sys
import time


def rate(elements, fill):
    """The better of two, after one that warms up."""
    fill()
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        fill()
        seconds.append(time.perf_counter() - start)
    return elements / min(seconds)


def torch_rates(elements):
    import torch

    buffer = torch.zeros(elements)
    best = {}
    for threads in {1, os.cpu_count()}:
        torch.set_num_threads(threads)
        for law, fill in (
            ("normal", buffer.normal_), ("uniform", buffer.uniform_),
            ("truncated_normal", lambda: torch.nn.init.trunc_normal_(buffer)),
        ):
            best[law] = max(best.get(law, 0), rate(elements, fill))
    torch.set_num_threads(os.cpu_count())
    matrix = torch.zeros(4096, 4096)
    best["orthogonal"] = rate(4096 * 4096, lambda: torch.nn.init.orthogonal_(matrix))
    return best


def numpy_rates(elements):
    import numpy

    generator = numpy.random.Generator(numpy.random.Philox(1))
    buffer = numpy.zeros(elements, numpy.float32)
    return {
        "normal": rate(elements, lambda: generator.standard_normal(out=buffer, dtype=numpy.float32)),
        "uniform": rate(elements, lambda: generator.random(out=buffer, dtype=numpy.float32)),
    }


def jax_rates(elements):
    import jax

    key = jax.random.key(1)
    draws = {"normal": jax.random.normal, "uniform": jax.random.uniform, "truncated_normal": jax.random.truncated_normal}
    bounds = {"truncated_normal": (-2.0, 2.0)}
    rates = {}
    for law, draw in draws.items():
        compiled = jax.jit(lambda key, draw=draw, law=law: draw(key, *bounds.get(law, ()), shape=(elements,)))
        rates[law] = rate(elements, lambda: compiled(key).block_until_ready())
    return rates


print(json.dumps({"torch": torch_rates, "numpy": numpy_rates, "jax": jax_rates}[sys.argv[1]](int(sys.argv[2]))))
