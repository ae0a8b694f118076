"""Operations of PyTorch on one draw of each element, as expressions of docs/law.md."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .draws import DrawLaw
from .values import Term, Unknown

_OPERATIONS = ("abs", "floor", "sqrt", "exp", "log", "log1p", "expm1", "sin", "cos", "tanh")

_UNARY: dict[str, Callable[[Any], Any]] = {
    "square": lambda x: ["*", x, x],
    "reciprocal": lambda x: ["/", 1.0, x],
    "rsqrt": lambda x: ["/", 1.0, ["sqrt", x]],
    "sigmoid": lambda x: ["/", 1.0, ["+", 1.0, ["exp", ["neg", x]]]],
    "exp2": lambda x: ["pow", 2.0, x],
    "log2": lambda x: ["/", ["log", x], math.log(2)],
    "log10": lambda x: ["/", ["log", x], math.log(10)],
    "relu": lambda x: ["max", x, 0.0],
    "logit": lambda x: ["log", ["/", x, ["-", 1.0, x]]],
}

Operand = Term | float
"""A function of a draw, or a number."""


def unary(name: str, x: Term) -> Term | Unknown:
    """Applies an operation of one operand."""
    if name == "neg":
        return binary("mul", x, -1.0) if x.tree == "draw" else replace(x, tree=["neg", x.tree])
    if name in ("positive", "clone", "alias"):
        return x
    if name == "erfinv" and x.tree == "draw" and x.law.kind == "uniform":
        law = x.law
        ends = sorted((law.shift + law.scale * law.a, law.shift + law.scale * law.b))
        if -1 <= ends[0] < ends[1] <= 1:
            return replace(x, law=DrawLaw("erfinv", 1.0, 0.0, ends[0], ends[1]))
    if name in _OPERATIONS:
        return replace(x, tree=[name, x.tree])
    if name in _UNARY:
        return replace(x, tree=_UNARY[name](x.tree))
    return _unknown(name, x)


def binary(name: str, x: Operand, y: Operand) -> Term | Unknown:
    """Applies an operation of two operands, of which at least one is a function of draws."""
    if isinstance(x, Term) and isinstance(y, Term):
        return _of_two(name, x, y)
    affine = _affine(name, x, y)
    if affine is not None:
        return affine
    symbol = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "pow", "maximum": "max", "minimum": "min"}.get(
        name
    )
    if symbol is None:
        return _unknown(name, x if isinstance(x, Term) else y)
    term = x if isinstance(x, Term) else y
    assert isinstance(term, Term)
    left, right = (o.tree if isinstance(o, Term) else float(o) for o in (x, y))
    if symbol == "/" and right == 0.0:
        return _unknown("division by 0", term)
    return replace(term, tree=[symbol, left, right])


def clamp(x: Term, low: float | None, high: float | None) -> Term | Unknown:
    """Applies a clamp."""
    if x.tree == "draw":
        bounds = (-math.inf if low is None else low, math.inf if high is None else high)
        law = x.law.clamped(*bounds)
        if law is not None:
            return replace(x, law=law)
    term: Term | Unknown = x
    for name, bound in (("maximum", low), ("minimum", high)):
        if bound is not None and isinstance(term, Term):
            term = binary(name, term, float(bound))
    return term


def _affine(name: str, x: Operand, y: Operand) -> Term | None:
    """Computes a law of the draw itself, where the operation only scales and shifts it."""
    term = x if isinstance(x, Term) else y
    number = y if isinstance(x, Term) else x
    assert isinstance(term, Term)
    if term.tree != "draw" or isinstance(number, Term):
        return None
    if name == "mul" and number != 0:
        return replace(term, law=term.law.affine(number, 0.0))
    if name == "add":
        return replace(term, law=term.law.affine(1.0, number))
    if name == "sub":
        return replace(term, law=term.law.affine(1.0, -number) if term is x else term.law.affine(-1.0, number))
    if name == "div" and term is x and number != 0:
        law = term.law
        outlier = None if law.outlier is None else law.outlier / number
        divided = DrawLaw(law.kind, law.scale / number, law.shift / number, law.a, law.b, outlier)
        return replace(term, law=divided)
    return None


def _of_two(name: str, x: Term, y: Term) -> Term | Unknown:
    if x.source is not y.source or x.view is None or x.view != y.view or x.shape != y.shape:
        if x.source is not y.source and x.tree == y.tree == "draw" and name in ("add", "sub"):
            return Unknown(
                f"it is {'a sum' if name == 'add' else 'a difference'} of two independent draws", x.source.place
            )
        return _unknown(name, x)
    relation = y.law.relation(x.law)
    if relation is None:
        return _unknown(name, x)
    factor, shift = relation
    if x.tree == y.tree == "draw" and name in ("add", "sub"):
        sign = 1.0 if name == "add" else -1.0
        if 1.0 + sign * factor != 0:
            return replace(x, law=x.law.affine(1.0 + sign * factor, sign * shift))
    other = y.tree
    if (factor, shift) != (1.0, 0.0):
        other = _substituted(other, ["+", ["*", "draw", factor], shift])
    symbol = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "pow", "maximum": "max", "minimum": "min"}.get(
        name
    )
    return replace(x, tree=[symbol, x.tree, other]) if symbol else _unknown(name, x)


def _substituted(tree: Any, draw: Any) -> Any:
    if isinstance(tree, list):
        return [tree[0], *(_substituted(part, draw) for part in tree[1:])]
    return draw if tree == "draw" else tree


def _unknown(name: str, operand: Operand) -> Unknown:
    where = operand.source.place if isinstance(operand, Term) else ""
    return Unknown(f"it is computed by `{name}` from draws, for which there is no law", where)
