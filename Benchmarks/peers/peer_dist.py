"""Measures winit.dist over processes of gloo, each on one thread: Mixtral 8x7B, some of its 32 layers.

python -m peers.peer_dist WORLD LAYERS   computes the id, then verifies by the digests of tensors; prints JSON on one
                                         line: seconds of both, the most processor seconds of a rank, MB above the
                                         imports, the id
python -m peers.peer_dist --costs        prints the picoseconds of an element by law and of a hashed byte, on one
                                         thread, which winit/distributing/costs.py rounds

Both need Benchmarks and python/src on PYTHONPATH.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import winit
from winit import reference

from . import shapes

Law = Any


def mixtral(layers: int) -> winit.Recipe:
    """Mixtral 8x7B with fewer layers, in bfloat16: N(0, 0.02²), norms 1."""
    normal, ones = reference.normal(std=0.02), reference.constant(1.0)
    laws = {
        name: ("bfloat16", shape, ones if "norm" in name else normal) for name, shape in shapes.mixtral(layers).items()
    }
    return winit.Recipe.from_laws(42, laws)


def rank_of(rank: int, world: int, layers: int, folder: str) -> None:
    """Measures on one rank, and writes what rank 0 saw."""
    import torch
    from torch import distributed

    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world)
    winit.dist.compute_id(winit.Recipe.from_laws(1, {"w": ("bfloat16", (1,), reference.normal())}), threads=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    recipe = mixtral(layers)
    found: dict[str, Any] = {}
    processor = time.process_time()

    def timed(name: str, function: Callable[[], Any]) -> Any:
        distributed.barrier()
        start = time.perf_counter()
        value = function()
        found[name] = time.perf_counter() - start
        return value

    found["run"] = timed("id", lambda: winit.dist.compute_id(recipe, threads=1))
    found["processor"] = time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    timed("verify", lambda: winit.dist.verify(recipe, threads=1))
    numbers = torch.tensor([found["processor"], peak / (1e6 if sys.platform == "darwin" else 1e3)])
    distributed.all_reduce(numbers, distributed.ReduceOp.MAX)
    if rank == 0:
        found |= {"processor": float(numbers[0]), "peak": float(numbers[1]), "bytes": recipe.byte_count, "world": world}
        Path(folder, "found.json").write_text(json.dumps(found))
    distributed.destroy_process_group()


def scaling(world: int, layers: int) -> None:
    """Prints the measurement of a number of processes."""
    from torch import multiprocessing

    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(rank_of, (world, layers, folder), nprocs=world)
        print(Path(folder, "found.json").read_text())


def costs() -> None:
    """Prints what elements and bytes cost."""
    from winit.filling import fill_range, numpy_dtype, sha256

    def picoseconds(law: Law, dtype: str, shape: tuple[int, ...]) -> float:
        text = reference.canonical_json(law).decode()
        tensor = winit.TensorRecipe("w", shape, dtype, text, reference.name_stream("w"), 1)
        step = tensor.count if tensor.needs_whole else (16 << 20) // numpy_dtype(dtype).itemsize
        best = float("inf")
        for _ in range(5):
            start = time.perf_counter()
            for first in range(0, tensor.count, step):
                fill_range(tensor, first, min(step, tensor.count - first), None, 1)
            best = min(best, time.perf_counter() - start)
        return best / tensor.count * 1e12

    long = (1 << 12, 1 << 10)
    draws: dict[str, Law] = {
        "constant": reference.constant(1.0),
        "uniform": reference.uniform(-1, 1),
        "normal": reference.normal(),
        "truncated_normal": reference.truncated_normal(),
    }
    for name, law in draws.items():
        print(name, {dtype: round(picoseconds(law, dtype, long)) for dtype in ("float32", "bfloat16", "float16")})
    square = (1 << 10, 1 << 10)
    near: list[Any] = ["+", ["*", ["index", 1], 1e-3], 0.5]
    functions = ("exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "sqrt", "floor")
    for tree in (["index", 1], near, *([name, near] for name in functions), ["pow", near, 0.3], ["max", near, 0.7]):
        print(tree, round(picoseconds(reference.expression(tree), "float32", square)))
    drawn = reference.expression(["*", "draw", 0.5], reference.normal())
    print("a draw and an operation", round(picoseconds(drawn, "float32", square)))
    for side in (256, 512, 1024):
        orthogonal = picoseconds({"law": "orthogonal", "gain": 1.0, "rows": side}, "float32", (side, side))
        sparse = picoseconds({"law": "sparse", "std": 0.5, "zeros": side // 4}, "float32", (side, side))
        print(f"orthogonal {side}, for each row", round(orthogonal / side), f"sparse {side}", round(sparse))
    print("eye", round(picoseconds({"law": "eye", "value": 1.0}, "float32", square)))
    print("dirac", round(picoseconds({"law": "dirac", "groups": 1}, "float32", (512, 512, 3, 3))))
    chunks = np.arange(16 << 17, dtype=np.float64).view(np.uint8).reshape(16, -1)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        sha256(list(chunks))
        times.append(time.perf_counter() - start)
    print("hash, for each byte", round(min(times) / chunks.nbytes * 1e12))


def main() -> None:
    if sys.argv[1] == "--costs":
        costs()
    else:
        scaling(int(sys.argv[1]), int(sys.argv[2]))


if __name__ == "__main__":
    main()
