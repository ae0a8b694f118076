"""The law `expression` (docs/law.md, "Expressions"), in boxes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import reference
from ..errors import BadInput
from ..reference.trees import axis_of
from .boxes import Place, intersection, minus, pieces, plus, slices
from .drawing import DRAWS, Engine, Words
from .raw import store
from .threads import for_each

_TILE = 1 << 15


def fill_expression(
    engine: Engine,
    law: Mapping[str, Any],
    dtype: str,
    words: Words,
    offset: Place,
    size: Place,
    out: np.ndarray[Any, Any],
    covered: list[tuple[Place, Place]] | None = None,
) -> None:
    """Fills a box of a region, of which the law is an expression.

    Args:
        engine: What fills.
        law: The law.
        dtype: A float dtype.
        words: The words of the region.
        offset: Where the box begins in the region.
        size: The lengths of the box.
        out: An array of `raw_dtype`.
        covered: Boxes of the region, start and stop, that later parts cover: there, any value will do.
    """
    draw = law.get("draw")
    if draw is not None and draw["law"] not in DRAWS:
        raise BadInput(f"the draw of an expression cannot be {draw['law']}")

    def fill(piece: tuple[Place, Place]) -> None:
        start = plus(offset, piece[0])
        length = piece[1]

        def draws() -> reference.Doubles:
            if draw is None:
                raise BadInput("the tree has a draw, and no law is given for it")
            values = np.empty(length, np.float32)
            alone.draw(draw, "float32", words, start, length, values)
            return values.astype(np.float64)

        hidden = None
        for first, stop in covered or []:
            shared = intersection(start, length, first, stop)
            if shared is not None:
                hidden = np.zeros(length, np.bool_) if hidden is None else hidden
                hidden[slices(minus(shared[0], start), shared[1])] = True
        with engine.arithmetic(), np.errstate(over="ignore", under="ignore"):
            try:
                values = _values(law["tree"], start, length, draws, hidden).astype(np.float32)
            except reference.LawError as error:
                raise BadInput(f"in the box {list(start)} + {list(length)}: {error}") from error
            if hidden is not None:
                values = np.where(hidden, np.float32(0), values)
            store(values, dtype, out[slices(*piece)])

    alone = Engine(engine.kernel, 1)
    count = math.prod(size)
    if count:
        for_each(pieces(size, _TILE), fill, min(engine.threads, -(-count // _TILE)))


def _values(
    tree: reference.Tree, start: Place, size: Place, draws: Callable[[], reference.Doubles], hidden: Any
) -> reference.Doubles:
    """Computes a canonical tree at each element of a box."""
    if isinstance(tree, int | float):
        return np.full(size, np.float64(tree))
    if tree == "draw":
        return draws()
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        raise BadInput(f"{str(tree)[:80]} is not an expression")
    if tree[0] == "index":
        axis = axis_of(tree)
        if axis >= len(size):
            raise BadInput(f"a tensor of rank {len(size)} has no axis {axis}")
        along = np.arange(start[axis], start[axis] + size[axis], dtype=np.float64)
        shape = [-1 if k == axis else 1 for k in range(len(size))]
        return np.broadcast_to(along.reshape(shape), size).copy()
    operands = (_values(operand, start, size, draws, hidden) for operand in tree[1:])
    return reference.apply(tree[0], *operands, hidden=hidden)
