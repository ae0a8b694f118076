"""Elementwise operations on values of which at least one is not known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch

from . import trees
from .geometry import Box, contiguous, merged
from .mixing import broadcast, by_boxes
from .values import Empty, Known, Matrix, Mixed, Norm, Term, Unknown, Value

UNARY = (
    *("neg", "abs", "floor", "sqrt", "exp", "log", "log1p", "expm1", "sin", "cos", "tanh", "square", "reciprocal"),
    *("rsqrt", "sigmoid", "exp2", "log2", "log10", "relu", "logit", "erfinv", "special_erfinv", "positive"),
    *("sign", "sgn"),
)
BINARY = ("add", "sub", "rsub", "mul", "div", "true_divide", "pow", "maximum", "minimum", "clamp_min", "clamp_max",
          "fmax", "fmin")  # fmt: skip
TERNARY = ("clamp", "where", "masked_fill", "addcmul", "lerp")


def elementwise(name: str, args: list[Any], kwargs: dict[str, Any], shape: tuple[int, ...]) -> Value:
    """Returns what an elementwise operation gives.

    Args:
        name: The name of the operation, without the underscore of its form in place.
        args: Its operands in order; tensors as values.
        kwargs: Its other arguments.
        shape: The shape of the result.
    """
    if any(isinstance(a, Empty) for a in args):
        return Unknown("it is computed from elements that no operation wrote")
    for a in args:
        if isinstance(a, Unknown):
            return a
    operands = [broadcast(a, shape) if _is_value(a) else a for a in args]
    signs = _signed(name, args, shape)
    if signs is not None:
        return signs
    values = [a for a in operands if _is_value(a)]
    for a in values:
        if isinstance(a, Unknown):
            return a

    def one(parts: list[Value], box: Box) -> Value:
        given = iter(parts)
        own = [next(given) if _is_value(a) else a for a in operands]
        if all(isinstance(part, Known) for part in parts):
            return _computed(name, own, kwargs)
        return _one(name, own, kwargs, _lengths(box))

    return by_boxes(values, shape, one)


def _computed(name: str, args: list[Any], kwargs: dict[str, Any]) -> Known:
    """Computes an operation on known numbers with PyTorch's own code."""
    operands = [a.tensor if isinstance(a, Known) else a for a in args]
    return Known(getattr(torch.ops.aten, name)(*operands, **kwargs))


def _is_value(a: Any) -> bool:
    return isinstance(a, Known | Term | Matrix | Norm | Unknown | Empty | Mixed)


def _one(name: str, args: list[Any], kwargs: dict[str, Any], shape: tuple[int, ...]) -> Value:
    """Applies an operation to operands of one kind each: numbers, or one function of draws, or a matrix."""
    for a in args:
        if isinstance(a, Unknown):
            return a
        if isinstance(a, Empty):
            return Unknown("it is computed from elements that no operation wrote")
    numbers = [_number(a) for a in args]
    if any(n is None and isinstance(a, Known) for n, a in zip(numbers, args, strict=True)):
        return Unknown(f"it is computed by `{name}` from draws and from numbers that differ between elements")
    operands = [a if n is None else n for a, n in zip(args, numbers, strict=True)]
    if name == "where":
        return _chosen(bool(operands[0]), args[1], args[2], shape)
    if name == "masked_fill":
        return _chosen(bool(operands[1]), args[2], args[0], shape)
    matrices = [a for a in operands if isinstance(a, Matrix | Norm)]
    if matrices:
        return _scaled_matrix(name, operands)
    if name in UNARY and isinstance(operands[0], Term):
        return trees.unary(name.removeprefix("special_"), operands[0])
    result = _terms(name, operands, kwargs)
    if isinstance(result, float):
        return constant(result, shape)
    return result


def _terms(name: str, operands: list[Any], kwargs: dict[str, Any]) -> Value | float:
    if all(isinstance(o, int | float | bool | None) for o in operands):
        return Unknown(f"it is computed by `{name}`, which capture does not know")
    if name == "clamp":
        bounds = [*operands[1:], *([None] * (3 - len(operands)))]
        low, high = kwargs.get("min", bounds[0]), kwargs.get("max", bounds[1])
        return trees.clamp(operands[0], low, high) if isinstance(operands[0], Term) else _no(name)
    if name in ("clamp_min", "clamp_max") and isinstance(operands[0], Term) and isinstance(operands[1], int | float):
        return trees.clamp(operands[0], *((operands[1], None) if name == "clamp_min" else (None, operands[1])))
    if name == "addcmul":
        product = _terms("mul", operands[1:3], {})
        if kwargs.get("value", 1) != 1:
            product = _terms("mul", [product, float(kwargs["value"])], {})
        return product if isinstance(product, Unknown) else _terms("add", [operands[0], product], {})
    if name == "lerp":
        start, end, weight = operands[:3]
        if isinstance(weight, int | float) and isinstance(end, int | float) and isinstance(start, Term):
            return _terms("add", [_terms("mul", [start, 1.0 - weight], {}), end * weight], {})
        return _no(name)
    if name not in BINARY:
        return _no(name)
    if len(operands) > 2 or not all(isinstance(o, Term | int | float) for o in operands[:2]):
        return _no(name)
    x, y = operands[:2]
    alpha = kwargs.get("alpha", 1)
    if kwargs.get("rounding_mode") is not None:
        return _no("a rounded division")
    name = {"true_divide": "div", "fmax": "maximum", "fmin": "minimum"}.get(name, name)
    if name == "rsub":
        name, x, y = "sub", y, x
        if alpha != 1:
            return _no("rsub with alpha")
    elif name in ("add", "sub") and alpha != 1:
        y = y * alpha if not isinstance(y, Term) else trees.binary("mul", y, float(alpha))
        if isinstance(y, Unknown):
            return y
    if isinstance(x, int | float) and isinstance(y, int | float):
        return float(x + y) if name == "add" else _no(name)
    if name == "mul" and 0 in (x if not isinstance(x, Term) else 1, y if not isinstance(y, Term) else 1):
        return 0.0
    return trees.binary(name, x, y)


def _scaled_matrix(name: str, operands: list[Any]) -> Value:
    x = operands[0]
    y = operands[1] if len(operands) > 1 else None
    if name == "mul" and isinstance(x, int | float):
        x, y = y, x
    if isinstance(x, Matrix) and x.kind in ("orthogonal", "sparse"):
        if name == "neg":
            return x
        if name in ("mul", "div") and isinstance(y, int | float) and y != 0:
            return replace(x, scale=abs(x.scale * y if name == "mul" else x.scale / y))
    if name == "mul" and 0 in [o for o in operands if isinstance(o, int | float)]:
        return Unknown("it is 0 times a matrix")
    if name in ("sign", "sgn") and isinstance(x, Matrix) and x.kind == "diagonal":
        return replace(x, kind="sign")
    matrix = next(o for o in operands if isinstance(o, Matrix | Norm))
    what = "a norm" if isinstance(matrix, Norm) else "a matrix that was drawn as a whole"
    return Unknown(f"it is computed by `{name}` from {what}")


def _signed(name: str, args: list[Any], shape: tuple[int, ...]) -> Matrix | None:
    """Recognizes Q × sign(diag R): then Q is uniformly distributed (Mezzadri 2007)."""
    if name != "mul" or len(args) < 2 or not all(isinstance(a, Matrix) for a in args[:2]):
        return None
    q: Matrix = args[0]
    sign: Matrix = args[1]
    if q.kind == "sign":
        q, sign = sign, q
    if q.kind != "q" or sign.kind != "sign" or q.source is not sign.source or q.shape != shape:
        return None
    columns = shape[-1]
    rowwise = len(sign.shape) >= 1 and sign.shape[-1] == columns and math.prod(sign.shape) == columns
    if not rowwise or q.view is None or merged(q.view) != merged(contiguous(shape)):
        return None
    return replace(q, kind="orthogonal")


def _chosen(condition: bool, yes: Any, no: Any, shape: tuple[int, ...]) -> Value:
    chosen = yes if condition else no
    return chosen if _is_value(chosen) else constant(chosen, shape)


def constant(number: Any, shape: tuple[int, ...]) -> Known:
    """Returns a number for each element of a shape."""
    return Known(torch.tensor(number).expand(shape))


def _number(a: Any) -> float | int | bool | None:
    if isinstance(a, bool | int | float):
        return a
    if isinstance(a, Known):
        only = a.constant
        if only is not None and not only.dtype.is_complex:
            number: float | int | bool = only.item()
            return number
    return None


def _no(name: str) -> Unknown:
    return Unknown(f"it is computed by `{name}` from draws, for which there is no law")


def _lengths(box: Box) -> tuple[int, ...]:
    return tuple(stop - start for start, stop in box)
