"""The law `expression`: an element as a function of its draw and its coordinates (docs/law.md, "Expressions")."""

from __future__ import annotations

import numpy as np

from .arithmetic import require_exact_arithmetic
from .arrays import Doubles, Flags, Floats
from .dtypes import FLOAT_SIZES
from .elements import Elements
from .errors import LawError
from .exponentials import log
from .forms import ConstantLaw, DrawLaw, ElementwiseLaw, ExpressionLaw, Tree
from .laws import constant, law_values, uniform
from .trees import canonical, is_number, tree_values, uses_draw


def expression(tree: Tree, draw: DrawLaw | None = None, dtype: str = "float32") -> ElementwiseLaw | ExpressionLaw:
    """Makes the law of an expression in its canonical form (docs/law.md, "Expressions").

    Args:
        tree: The expression, folded or not.
        draw: The law of the draw, where the tree has one.
        dtype: The tensor's dtype, which decides how a tree that is a number is rounded.

    Returns:
        `constant` for a tree that is a number, the draw's law for a tree that is just the draw, else `expression`.

    Raises:
        LawError: If the tree has an unknown form, a constant subtree has no finite value, or the dtype holds no such
            law.
    """
    folded = canonical(tree)
    if is_number(folded):
        if dtype in FLOAT_SIZES:
            return constant(folded)
        return _integer(folded, dtype)
    if dtype not in FLOAT_SIZES:
        raise LawError(f"a {dtype} tensor holds constants only")
    if not uses_draw(folded):
        return {"law": "expression", "tree": folded}
    if draw is None:
        raise LawError("the tree has a draw, and no law is given for it")
    return draw if folded == "draw" else {"law": "expression", "draw": draw, "tree": folded}


def _integer(value: float, dtype: str) -> ConstantLaw:
    if value != np.floor(value):
        raise LawError(f"{dtype} cannot hold {value!r}")
    return constant(int(value))


def log_uniform(low: float, high: float) -> ElementwiseLaw | ExpressionLaw:
    """Makes the law of a number whose logarithm is uniform (docs/law.md, "Expressions").

    Args:
        low: The lower bound, above 0.
        high: The upper bound.

    Returns:
        The law.

    Raises:
        LawError: If the logarithms are not apart in binary32.
    """
    bounds: list[float] = log(np.array([low, high], dtype=np.float64)).tolist()
    return expression(["min", ["max", ["exp", "draw"], low], high], uniform(*bounds))


def expression_values(
    law: ExpressionLaw, elements: Elements, origin: tuple[int, ...] | None = None, hidden: Flags | None = None
) -> Floats:
    """Computes the values of an expression (docs/law.md, "Expressions").

    Args:
        law: The law.
        elements: The elements of the tensor, or of the box of a part, or of a box within these.
        origin: The coordinates of the first element within the tensor, or within the box of the part; 0 by default.
        hidden: Elements that need no value, because a later part covers them.

    Returns:
        A float32 array of the elements' shape. Its hidden elements are 0.

    Raises:
        ElementError: If an operation is outside its domain, or gives a number that is not finite, at some element.
        LawError: If the tree has an unknown form.
    """

    def draws() -> Doubles:
        return law_values(law["draw"], elements.words()).astype(np.float64)

    require_exact_arithmetic()
    origin = (0,) * len(elements.shape) if origin is None else origin
    with np.errstate(over="ignore", under="ignore"):
        values = tree_values(law["tree"], origin, elements.shape, draws, hidden).astype(np.float32)
    return values if hidden is None else np.where(hidden, np.float32(0), values)
