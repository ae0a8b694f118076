"""The recipes in the vector files of Tests/Vectors, with their digests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from winit import TensorRecipe, reference
from winit.recipes import BytesLiteral

VECTORS = Path(__file__).resolve().parents[2] / "Tests" / "Vectors"


def lines(file: str) -> list[str]:
    text = (VECTORS / file).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def recipe(
    name: str,
    dtype: str,
    shape: tuple[int, ...],
    law: Mapping[str, Any],
    seed: int = 7,
    stream: int | None = None,
    source: TensorRecipe | None = None,
    literals: tuple[bytes, ...] = (),
) -> TensorRecipe:
    text = reference.canonical_json(law).decode("utf-8")
    own = reference.name_stream(name) if stream is None else stream
    given = tuple(BytesLiteral(data) for data in literals)
    return TensorRecipe(name, shape, dtype, text, own, seed, None, source, given)


def from_json(entry: dict[str, Any], seed: int | None = None) -> TensorRecipe:
    """The recipe of a line of structures.txt or expressions.txt."""
    seed = int(entry.get("seed", seed or 0))
    source = from_json(entry["source"], seed) if "source" in entry else None
    stream = int(entry["stream"]) if "stream" in entry else None
    literals = entry.get("literals", [])
    given = [literals] if isinstance(literals, str) else literals
    return recipe(
        entry["name"], entry["dtype"], tuple(entry["shape"]), entry["law"],
        int(entry.get("tensor_seed", seed)), stream, source, tuple(bytes.fromhex(data) for data in given),
    )  # fmt: skip


def vector_recipes() -> Iterator[tuple[TensorRecipe, str]]:
    """The recipes of all vector files, with their digests, which tools/checks/vectors.py made with the reference."""
    for line in lines("fills.txt"):
        name, seed, dtype, shape, law, digest, _ = line.split(" ")
        axes = () if shape == "-" else tuple(int(n) for n in shape.split(","))
        yield recipe(bytes.fromhex(name).decode("utf-8"), dtype, axes, json.loads(law), int(seed)), f"sha256:{digest}"
    for file in ("structures.txt", "expressions.txt"):
        for line in lines(file):
            entry = json.loads(line)
            if "refused" not in entry:
                yield from_json(entry), entry["digest"]
