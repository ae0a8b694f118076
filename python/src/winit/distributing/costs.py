"""What a tensor's digests cost: the estimate by which chunks are shared out evenly.

Costs are integers, so that every machine shares a recipe out in the same way. Their unit is a picosecond of one thread
of an AMD EPYC with AVX-512 (`Benchmarks/peers/peer_dist.py` measures them); only their ratios matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..recipes import TensorRecipe
from ..recipes.checking import parsed_law
from ..recipes.hashing import chunk_count
from ..recipes.literals import CHUNK_SIZE

HASH = 220
"""SHA-256 of a byte."""

ELEMENT = {"constant": 50, "uniform": 250, "normal": 600, "truncated_normal": 1_500, "eye": 500, "dirac": 6_000}
"""An element of a law that knows neither the shape nor other elements, or only its place."""

EXPRESSION = 800
"""An element of an expression, besides its operations."""

OPERATION = 800
"""An operation of an element that is not in `FUNCTION`."""

FUNCTION = {"exp": 27_000, "expm1": 80_000, "log": 38_000, "log1p": 43_000, "sin": 51_000, "cos": 51_000}
FUNCTION |= {"tanh": 80_000, "pow": 90_000, "sqrt": 5_000}
"""A function of an element."""

REFLECTION = 110
"""An element of an orthogonal matrix, for each row or column of its shorter side."""

SPARSE = 50_000
"""An element of a sparse matrix, whose columns are sorted."""

NORM = 10_000
"""An element of the tensor that a norm is the norm of, besides making it."""

READ = 500
"""A byte of a literal, which is read from a file or a registry and compared with its digest."""


def tensor_cost(tensor: TensorRecipe) -> int:
    """Estimates what it costs to make and hash a tensor once.

    Args:
        tensor: The recipe.

    Returns:
        The cost in picoseconds, at least 1.

    Example:
        >>> from winit import Recipe, reference
        >>> laws = {"u": ("float32", (512, 512), reference.uniform(-1, 1)),
        ...         "n": ("float32", (512, 512), reference.normal())}
        >>> recipe = Recipe.from_laws(42, laws)
        >>> tensor_cost(recipe["u"]) < tensor_cost(recipe["n"])
        True
    """
    return max(_fill_cost(tensor) + HASH * tensor.byte_count, 1)


def chunks_made_together(tensor: TensorRecipe) -> int:
    """Returns the number of chunks that cost as much as one of them does, and belong to one worker.

    It is 1 where elements are independent. A matrix that is made whole is one piece with its neighbors in a chunk, so
    it divides a batch only where each matrix consists of whole chunks.

    Args:
        tensor: The recipe.
    """
    if not tensor.needs_whole:
        return 1
    law = parsed_law(tensor.law_text)
    batch = law.get("batch", [])
    if law["law"] in ("orthogonal", "delta_orthogonal", "sparse") and batch == list(range(len(batch))) and batch:
        matrix = tensor.byte_count // max(math.prod(tensor.shape[: len(batch)]), 1)
        if matrix and matrix % CHUNK_SIZE == 0:
            return matrix // CHUNK_SIZE
    return max(chunk_count(tensor), 1)


def _fill_cost(tensor: TensorRecipe) -> int:
    law = parsed_law(tensor.law_text)
    if law["law"] == "norm_of":
        source = tensor.source
        return 0 if source is None else _fill_cost(source) + NORM * source.count
    if law["law"] != "parts":
        return _law_cost(law, tensor.shape, tensor.byte_count)
    item_size = tensor.byte_count // max(tensor.count, 1)
    cost = 0
    for part in law["parts"]:
        lengths = [stop - start for start, stop in part["box"]]
        shape = (*lengths, *tensor.shape[len(lengths) :])
        cost += _law_cost(part["law"], shape, math.prod(shape) * item_size)
    return cost


def _law_cost(law: Mapping[str, Any], shape: tuple[int, ...], byte_count: int) -> int:
    name, count = law["law"], math.prod(shape)
    if name in ELEMENT:
        return ELEMENT[name] * count
    if name == "expression":
        draw = ELEMENT[law["draw"]["law"]] if "draw" in law else 0
        return (EXPRESSION + draw + _tree_cost(law["tree"])) * count
    if name == "sparse":
        return SPARSE * count
    if name == "literal":
        return READ * byte_count
    if name in ("orthogonal", "delta_orthogonal"):
        return REFLECTION * count * _shorter_side(law, shape)
    return ELEMENT["normal"] * count


def _shorter_side(law: Mapping[str, Any], shape: tuple[int, ...]) -> int:
    """Returns the shorter side of each matrix of an orthogonal tensor."""
    lengths = [length for axis, length in enumerate(shape) if axis not in law.get("batch", [])]
    rows = int(law.get("rows", lengths[0] if lengths else 1))
    return max(min(rows, math.prod(lengths) // max(rows, 1)), 1)


def _tree_cost(tree: Any) -> int:
    if not isinstance(tree, list) or tree[0] == "index":
        return 0
    return FUNCTION.get(tree[0], OPERATION) + sum(_tree_cost(operand) for operand in tree[1:])
