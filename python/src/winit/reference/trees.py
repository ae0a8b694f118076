"""Expressions as trees: their canonical form, and their values (docs/law.md, "Expressions")."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeGuard

import numpy as np

from .arrays import Doubles, Flags
from .errors import LawError
from .forms import Tree
from .operations import apply


def is_number(tree: Tree) -> TypeGuard[float]:
    """Tells whether a tree is a number.

    Args:
        tree: A tree.

    Returns:
        True for a number.
    """
    return isinstance(tree, int | float) and not isinstance(tree, bool)


def axis_of(tree: list[Tree]) -> int:
    """Gives the axis whose coordinate a tree ["index", k] is.

    Args:
        tree: The tree.

    Returns:
        k.

    Raises:
        LawError: If k is not an axis of any tensor.
    """
    axis = tree[1] if len(tree) == 2 else None
    if not isinstance(axis, int | float) or axis != int(axis) or axis < 0:
        raise LawError(f"{tree!r} names no axis")
    return int(axis)


def canonical(tree: Tree) -> Tree:
    """Computes the canonical form of an expression (docs/law.md, "Expressions").

    Each subtree without draw and index becomes its value, from the leaves up; -0 becomes +0.

    Args:
        tree: The expression as it was written.

    Returns:
        The canonical tree.

    Raises:
        LawError: If the tree has an unknown form, or a constant subtree has no finite value.
    """
    if is_number(tree):
        if not math.isfinite(tree):
            raise LawError(f"{tree!r} is not a finite number")
        return float(tree) + 0.0
    if tree == "draw":
        return "draw"
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        raise LawError(f"{tree!r} is not an expression")
    if tree[0] == "index":
        return ["index", axis_of(tree)]
    operands = [canonical(operand) for operand in tree[1:]]
    numbers = [np.array([operand]) for operand in operands if is_number(operand)]
    if len(numbers) == len(operands):
        return float(apply(tree[0], *numbers)[0]) + 0.0
    return [tree[0], *operands]


def uses_draw(tree: Tree) -> bool:
    """Tells whether "draw" is part of a tree.

    Args:
        tree: A tree.

    Returns:
        True if it is.
    """
    return any(uses_draw(part) for part in tree[1:]) if isinstance(tree, list) else tree == "draw"


def tree_values(
    tree: Tree,
    origin: tuple[int, ...],
    shape: tuple[int, ...],
    draws: Callable[[], Doubles],
    hidden: Flags | None = None,
) -> Doubles:
    """Computes the value of a canonical tree at each element of a box (docs/law.md, "Expressions").

    Args:
        tree: The tree.
        origin: The coordinates of the box's first element.
        shape: The shape of the box.
        draws: Gives the draws of all elements, in this shape.
        hidden: Elements that need no value, because a later part covers them. They get any finite value.

    Returns:
        An array of this shape.

    Raises:
        ElementError: If an operation is outside its domain, or gives a number that is not finite, at some element.
        LawError: If the tree has an unknown form.
    """
    if is_number(tree):
        return np.full(shape, np.float64(tree))
    if not isinstance(tree, list):
        return draws()
    if tree[0] == "index":
        axis = axis_of(tree)
        if axis >= len(shape):
            raise LawError(f"a tensor of rank {len(shape)} has no axis {axis}")
        along = np.arange(origin[axis], origin[axis] + shape[axis]).astype(np.float64)
        return np.broadcast_to(along.reshape([-1 if k == axis else 1 for k in range(len(shape))]), shape).copy()
    operands = (tree_values(operand, origin, shape, draws, hidden) for operand in tree[1:])
    return apply(tree[0], *operands, hidden=hidden)
