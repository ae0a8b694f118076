"""The operations of expressions, with their domains (docs/law.md, "Functions")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arithmetic import require_exact_arithmetic
from .arrays import Doubles, Flags
from .circular import cos, sin
from .errors import ElementError, LawError
from .exponentials import exp, expm1, log, log1p, tanh
from .powers import is_repeated, pow

_LARGEST_ANGLE = 2.0**20


def _everywhere(*operands: Doubles) -> Flags:
    return np.full(operands[0].shape, True)


@dataclass(frozen=True)
class Operation:
    """An operation on arrays of binary64 numbers.

    Attributes:
        arity: The number of operands.
        compute: The results, for operands of one shape.
        accepts: Where the operands are within the domain.
    """

    arity: int
    compute: Callable[..., Any]
    accepts: Callable[..., Any] = _everywhere


OPERATIONS = {
    "+": Operation(2, lambda a, b: a + b),
    "-": Operation(2, lambda a, b: a - b),
    "*": Operation(2, lambda a, b: a * b),
    "/": Operation(2, lambda a, b: a / b, lambda _, b: b != 0),
    "min": Operation(2, lambda a, b: np.where(a < b, a, b)),
    "max": Operation(2, lambda a, b: np.where(a > b, a, b)),
    "pow": Operation(2, pow, lambda x, y: (x > 0) | (is_repeated(y) & ((x != 0) | (y >= 0)))),
    "neg": Operation(1, lambda a: -a),
    "abs": Operation(1, np.abs),
    "floor": Operation(1, np.floor),
    "sqrt": Operation(1, np.sqrt, lambda x: x >= 0),
    "exp": Operation(1, exp),
    "log": Operation(1, log, lambda x: x > 0),
    "log1p": Operation(1, log1p, lambda x: x > -1),
    "expm1": Operation(1, expm1),
    "sin": Operation(1, sin, lambda x: np.abs(x) <= _LARGEST_ANGLE),
    "cos": Operation(1, cos, lambda x: np.abs(x) <= _LARGEST_ANGLE),
    "tanh": Operation(1, tanh),
}
"""The operations, by the names that they have in a manifest."""


def apply(name: str, *operands: Doubles, hidden: Flags | None = None) -> Doubles:
    """Applies an operation to each element (docs/law.md, "Functions").

    Args:
        name: The operation's name in a manifest.
        operands: Its operands, finite and all of one shape.
        hidden: Elements whose results do not count: where there is none, it becomes 1.

    Returns:
        An array of the same shape, of finite numbers.

    Raises:
        ElementError: If the operands are outside the domain, or their result is not finite. The error names the first
            such element.
        LawError: If there is no such operation, or the operands are too many or too few.
    """
    require_exact_arithmetic()
    operation = OPERATIONS.get(name)
    if operation is None or operation.arity != len(operands):
        raise LawError(f"there is no operation {name!r} of {len(operands)} operands")
    if hidden is not None:
        # 1 is in the domain of every operation.
        unfit = hidden & ~operation.accepts(*operands)
        operands = tuple(np.where(unfit, 1.0, operand) for operand in operands)
    _require(operation.accepts(*operands), name, operands, "is outside the domain")
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        result: Doubles = operation.compute(*operands)
    if hidden is not None:
        result = np.where(hidden & ~np.isfinite(result), 1.0, result)
    _require(np.isfinite(result), name, operands, "is not finite")
    return result


def _require(good: Flags, name: str, operands: tuple[Doubles, ...], what: str) -> None:
    if not np.all(good):
        element = int(np.argmin(good.reshape(-1)))
        shown = ", ".join(repr(float(operand.reshape(-1)[element])) for operand in operands)
        raise ElementError(element, f"{name}({shown}) {what}")
