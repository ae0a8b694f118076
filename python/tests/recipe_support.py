"""What the tests of recipes and specs share: random models of every law, and the command."""

from __future__ import annotations

import math
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from winit import reference
from winit.specs import SpecTensor

REPOSITORY = Path(__file__).resolve().parents[2]
VECTORS = REPOSITORY / "Tests" / "Vectors"

COMMAND = shutil.which(os.environ.get("WINIT_COMMAND", "winit-registry"))
needs_command = pytest.mark.skipif(
    COMMAND is None, reason="there is no command winit-registry; $WINIT_COMMAND names it"
)

FLOATS = ("float32", "float64", "float16", "bfloat16")


def random_number(rng: random.Random) -> float:
    """A number as people write it, or as formulas give it."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice((0.02, 0.01, 0.1, 1.0, 0.5, 1e-5, 2.0))
    if kind == 1:
        return rng.uniform(1e-3, 2)
    if kind == 2:
        return math.sqrt(rng.uniform(0.5, 2) * 2 / rng.randint(1, 4096))
    return float(f"{rng.uniform(1e-4, 9):.2g}")


def random_uniform(rng: random.Random) -> dict[str, Any]:
    high = random_number(rng)
    low = rng.choice((-high, 0.0, -random_number(rng), high - random_number(rng) - 1e-3))
    return dict(reference.uniform(low, high))


def random_truncated(rng: random.Random) -> dict[str, Any]:
    std = random_number(rng)
    low, high = rng.choice(((-2.0, 2.0), (-2 / std, 2 / std), (-rng.uniform(0.1, 4), rng.uniform(0.1, 4)), (0.0, 3.3)))
    return dict(reference.truncated_normal(rng.choice((0.0, random_number(rng))), std, low, high))


def random_draw(rng: random.Random) -> dict[str, Any]:
    mean = rng.choice((0.0, -random_number(rng)))
    return rng.choice(
        (
            lambda: random_uniform(rng),
            lambda: random_truncated(rng),
            lambda: dict(reference.normal(mean, rng.choice((1, -1)) * random_number(rng))),
        )
    )()


def random_tree(rng: random.Random, rank: int, depth: int = 0) -> Any:
    """A tree that has a value at every element of small shapes."""
    if depth > 3 or rng.random() < 0.25:
        leaves: list[Callable[[], Any]] = [lambda: rng.choice((0.5, -0.25, 1e-7, 3.0, 1e21)), lambda: "draw"]
        if rank:
            leaves.append(lambda: ["index", rng.randrange(rank)])
        return rng.choice(leaves)()
    name = rng.choice(("+", "-", "*", "min", "max", "neg", "abs", "floor", "tanh", "/", "pow"))
    first = random_tree(rng, rank, depth + 1)
    if name in ("neg", "abs", "floor", "tanh"):
        return [name, first]
    if name == "/":
        return [name, first, ["+", ["abs", random_tree(rng, rank, depth + 1)], 1.5]]
    if name == "pow":
        return [name, ["min", ["abs", first], 9.0], 2.0]
    return [name, first, random_tree(rng, rank, depth + 1)]


def random_expression(rng: random.Random, rank: int) -> dict[str, Any]:
    while True:
        tree = ["*", 1e-3, ["tanh", random_tree(rng, rank)]]
        try:
            law = dict(reference.expression(tree, reference.uniform(*sorted((-random_number(rng), 0.5)))))
        except reference.LawError:
            continue
        return law


def random_structure(rng: random.Random) -> tuple[dict[str, Any], tuple[int, ...]]:
    kind = rng.choice(("eye", "sparse", "orthogonal", "orthogonal", "dirac", "delta_orthogonal", "vector"))
    batch = rng.choice(([], [], [0], [1]))
    law: dict[str, Any]
    if kind == "vector":
        return {"law": "orthogonal", "gain": random_number(rng), "rows": 1}, (rng.randint(1, 9),)
    if kind == "eye":
        law, dims = (
            {"law": "eye", "value": reference.binary32(random_number(rng))},
            [rng.randint(2, 6), rng.randint(2, 6)],
        )
    elif kind == "sparse":
        rows = rng.randint(2, 12)
        std = reference.binary32(random_number(rng))
        law, dims = {"law": "sparse", "std": std, "zeros": rng.randint(0, rows)}, [rows, rng.randint(2, 5)]
    elif kind == "orthogonal":
        dims = [rng.randint(2, 5) for _ in range(rng.randint(2, 4))]
        rows = rng.choice(
            (dims[0], len(dims) and _product(dims[:-1]), _product(dims[:2]) if len(dims) > 2 else dims[0])
        )
        law = {"law": "orthogonal", "gain": random_number(rng), "rows": rows}
    else:
        inputs, groups = rng.randint(2, 4), rng.randint(1, 2)
        outputs, space = groups * rng.randint(inputs, 5), [rng.randint(1, 3) for _ in range(rng.randint(1, 2))]
        is_keras = rng.random() < 0.5
        dims = [*space, inputs, outputs] if is_keras else [outputs, inputs, *space]
        if kind == "dirac":
            law = {"law": "dirac", "groups": groups, **({"layout": "keras"} if is_keras else {})}
        else:
            law = {"law": kind, "gain": random_number(rng), **({} if is_keras else {"layout": "torch"})}
    if batch:
        dims.insert(batch[0], rng.randint(2, 3))
        law["batch"] = batch
    return law, tuple(dims)


def _product(lengths: list[int]) -> int:
    made = 1
    for length in lengths:
        made *= length
    return made


def random_parts(rng: random.Random, dtype: str) -> tuple[dict[str, Any], tuple[int, ...]]:
    shape = (rng.randint(2, 6), rng.randint(2, 6), rng.randint(2, 4))[: rng.randint(1, 3)]
    parts: list[dict[str, Any]] = [{"box": [], "law": _plain_law(rng, dtype, len(shape))}]
    for _ in range(rng.randint(1, 4)):
        box = list[list[int]]()
        for length in shape[: rng.randint(1, len(shape))]:
            start = rng.randint(0, length)
            box.append([start, rng.randint(start, length)])
        while box and box[-1] == [0, shape[len(box) - 1]]:
            box.pop()
        parts.append({"box": box, "law": _plain_law(rng, dtype, len(shape))})
    if rng.random() < 0.5:
        parts.append(_structured_part(rng, shape))
    if len(shape) == 2 and rng.random() < 0.3:
        parts[0]["law"] = {"law": "orthogonal", "gain": 1.5, "rows": shape[0]}
    if len(shape) == 3 and rng.random() < 0.5:
        parts[0]["law"] = {"law": "orthogonal", "gain": 0.5, "rows": shape[0] * shape[1]}
    return {"law": "parts", "parts": parts}, shape


def _structured_part(rng: random.Random, shape: tuple[int, ...]) -> dict[str, Any]:
    """A part with a matrix, in a box that begins with axes of length 1 now and then."""
    start = rng.randrange(shape[0])
    stop = start + 1 if rng.random() < 0.5 else rng.randint(start + 1, shape[0])
    box = [[start, stop]] if (start, stop) != (0, shape[0]) or len(shape) == 1 else []
    if len(shape) == 1:
        box = [] if (start, stop) == (0, shape[0]) else box
    held = [stop - start, *shape[1:]] if box else list(shape)
    while box and len(held) > 1 and held[0] == 1:
        held.pop(0)
    rows = 1 if len(held) == 1 else rng.choice((held[0], _product(held[:-1])))
    if len(held) == 3 and rng.random() < 0.5:
        return {"box": box, "law": {"law": "orthogonal", "batch": [0], "gain": 2.0, "rows": held[1]}}
    if len(held) == 2 and rng.random() < 0.5:
        return {"box": box, "law": {"law": "sparse", "std": 0.5, "zeros": rng.randint(0, held[0])}}
    return {"box": box, "law": {"law": "orthogonal", "gain": 1.0, "rows": rows}}


def _plain_law(rng: random.Random, dtype: str, rank: int) -> dict[str, Any]:
    kind = rng.randrange(3)
    if kind == 0:
        return {"law": "constant", "value": reference.binary32(random_number(rng))}
    return random_draw(rng) if kind == 1 else random_expression(rng, rank)


def random_tensors(rng: random.Random, count: int) -> list[SpecTensor]:
    """Tensors of every law, some tied, some norms of others."""
    made = list[SpecTensor]()
    for number in range(count):
        layer = rng.choice(("h.0", "h.1", "h.2", "é ü", 'a"b', "x: y", "true", "p{q}*?"))
        name = f"{layer}.{number}" if rng.random() < 0.7 else f"block.{number}.weight"
        dtype = rng.choice(FLOATS)
        shape: tuple[int, ...] = tuple(rng.randint(0, 7) for _ in range(rng.randint(0, 3)))
        kind = rng.randrange(9)
        law: dict[str, Any]
        if kind == 0:
            dtype = rng.choice(("int64", "int8", "uint16", "bool", "uint64"))
            law = {"law": "constant", "value": rng.randint(0, 1) if dtype == "bool" else rng.randint(0, 100)}
        elif kind == 1:
            law, shape = random_structure(rng)
        elif kind == 2:
            law, shape = random_parts(rng, dtype)
        elif kind == 3:
            law = random_expression(rng, len(shape))
        elif kind == 4 and made:
            target = rng.choice(made)
            target = next((t for t in made if t.name == target.tied_to), target)
            law, shape, dtype = {"law": "same_as", "name": target.name}, target.shape, target.dtype
        elif kind == 5 and any(t.dtype in FLOATS and t.shape for t in made):
            source = rng.choice([t for t in made if t.dtype in FLOATS and t.shape])
            axes = sorted(rng.sample(range(len(source.shape)), rng.randint(1, len(source.shape))))
            law = {"law": "norm_of", "axes": axes, "name": source.name}
            shape = tuple(length for axis, length in enumerate(source.shape) if axis not in axes)
        else:
            law = _plain_law(rng, dtype, len(shape))
        seed = rng.randrange(1 << 64) if rng.random() < 0.1 and law["law"] != "same_as" else None
        made.append(SpecTensor(name, shape, dtype, law, seed=seed, origin=f"test {number}"))
    return made
