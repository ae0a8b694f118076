"""The trees of expressions as a manifest holds them: their form, their limits, their canonical form."""

from __future__ import annotations

import math
from typing import Any

from .. import reference
from ..errors import BadInput
from ..quoting import quoted

NODE_LIMIT = 1000
"""The maximum number of numbers, draws, coordinates and operations of a tree (docs/law.md, "Expressions")."""

DEPTH_LIMIT = 50
"""How deep a tree may nest."""

_LARGEST_AXIS = 2**53


def checked_tree(value: object) -> tuple[Any, bool]:
    """Checks a tree.

    Args:
        value: The tree as JSON gives it.

    Returns:
        The tree, and whether it has a draw.

    Raises:
        BadInput: If the tree has an unknown form, is above the limits, or is not in its canonical form.
    """
    reader = _Reader()
    tree = reader.read(value, 1)
    if not isinstance(tree, list):
        raise BadInput("the tree of an expression is a number or the draw alone, which is another law")
    try:
        canonical = reference.canonical(tree)
    except reference.LawError as error:
        raise BadInput(f"the tree of the expression: {error}") from None
    if canonical != tree:
        raise BadInput("the tree of the expression is not in its canonical form: a constant part is not its value")
    return tree, reader.has_draw


class _Reader:
    def __init__(self) -> None:
        self.nodes = 0
        self.has_draw = False

    def read(self, value: object, depth: int) -> Any:
        self.nodes += 1
        if depth > DEPTH_LIMIT or self.nodes > NODE_LIMIT:
            raise BadInput(f"the tree has more than {NODE_LIMIT} nodes, or nests deeper than {DEPTH_LIMIT}")
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not math.isfinite(value):
                raise BadInput("a number of the tree is not finite")
            return value if value != 0 else 0
        if value == "draw":
            self.has_draw = True
            return "draw"
        if not isinstance(value, list | tuple) or not value or not isinstance(value[0], str):
            raise BadInput("the tree has a node that is no number, draw, coordinate or operation")
        if value[0] == "index":
            return ["index", self._axis(value)]
        operation = reference.OPERATIONS.get(value[0])
        if operation is None or operation.arity != len(value) - 1:
            raise BadInput(f"the tree has an operation {quoted(value[0])} of {len(value) - 1} operands, which is none")
        return [value[0], *(self.read(operand, depth + 1) for operand in value[1:])]

    def _axis(self, value: list[Any] | tuple[Any, ...]) -> int:
        axis = value[1] if len(value) == 2 else None
        if isinstance(axis, bool) or not isinstance(axis, int | float) or not 0 <= axis <= _LARGEST_AXIS:
            raise BadInput("the tree has a coordinate of no axis")
        if axis != int(axis):
            raise BadInput("the tree has a coordinate of no axis")
        return int(axis)


def largest_axis(tree: Any) -> int:
    """Returns the largest axis whose coordinate is in a tree; -1 if there is none."""
    if not isinstance(tree, list):
        return -1
    if tree[0] == "index":
        return int(tree[1])
    return max(largest_axis(operand) for operand in tree[1:])
