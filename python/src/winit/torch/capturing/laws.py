"""The law of a manifest for one kind of value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ... import reference
from .entries import Entry, Unresolvable
from .geometry import Geometry, contiguous, locate, merged, repeats
from .literals import DTYPES
from .values import Matrix, Norm, Term


def term_law(entry: Entry, value: Term, *, signed: bool) -> dict[str, Any]:
    """Returns the law of a function of draws; `signed` keeps the sign of the draws, which others share."""
    dtype = DTYPES[entry.tensor.dtype]
    law = (value.law if signed else value.law.unsigned()).manifest()
    if value.tree == "draw":
        return law
    return dict(reference.expression(value.tree, law, dtype))  # type: ignore[arg-type]


def matrix_law(value: Matrix, shape: tuple[int, ...]) -> dict[str, Any]:
    """Returns the law of an orthogonal or sparse matrix that fills a tensor of the shape."""
    if value.kind not in ("orthogonal", "sparse") or value.view is None:
        raise Unresolvable("it holds a factor of a QR decomposition, or a part of a matrix that was drawn as a whole")
    columns = math.prod(value.source.shape) // value.rows
    straight, view = contiguous((value.rows, columns)), merged(value.view)
    if view == merged(straight):
        rows = value.rows
    elif view == merged(Geometry(0, (columns, value.rows), (1, columns))) and value.kind == "orthogonal":
        rows = columns
    else:
        raise Unresolvable("it holds a part of a matrix that was drawn as a whole, or one in another order")
    if value.kind == "sparse":
        if len(shape) != 2:
            raise Unresolvable("it holds a sparse matrix in another shape")
        return {"law": "sparse", "std": reference.binary32(value.scale), "zeros": value.zeros}
    if len(shape) < 2:
        raise Unresolvable("it holds an orthogonal matrix as a vector")
    return {"law": "orthogonal", "gain": value.scale, "rows": rows}


def norm_law(entry: Entry, value: Norm, entries: Iterable[Entry]) -> dict[str, Any]:
    """Returns the law `norm_of`, if a tensor of the model holds the values of the norm."""
    if not entry.tensor.is_floating_point():
        raise Unresolvable("it holds a norm as integers")
    reasons = list[str]()
    for other in sorted(entries, key=lambda other: -len(_common(other.name, entry.name))):
        if other is entry or other.tied or not isinstance(other.value, Term):
            continue
        axes = _norm_axes(other, value)
        if axes is None:
            continue
        kept = [n for k, n in enumerate(other.shape) if k not in axes]
        ones = [1 if k in axes else n for k, n in enumerate(other.shape)]
        if list(entry.shape) in (kept, ones):
            return {"law": "norm_of", "name": other.name, "axes": axes}
        reasons.append(f"it is the norm of `{other.name}` in another shape")
    raise Unresolvable(reasons[0] if reasons else "it is the norm of values that no tensor of the model holds")


def _norm_axes(other: Entry, value: Norm) -> list[int] | None:
    """Returns the axes of a tensor over which the norm is taken, if the tensor holds the values of the norm."""
    held, of = other.value, value.of
    assert isinstance(held, Term)
    if (
        held.source is not of.source
        or held.law != of.law
        or held.tree != of.tree
        or held.view is None
        or of.view is None
    ):
        return None
    if held.view.size != of.view.size or held.view.offset != of.view.offset or repeats(held.view):
        return None
    place = locate(held.view, of.view)
    if place is None or any(place.start):
        return None
    reduced, kept = set[int](), list[int]()
    for axis, factors in enumerate(place.steps):
        axes = [k for _, k, _ in factors]
        if axis in value.reduced:
            reduced |= set(axes)
        else:
            kept += axes
    if reduced & set(kept) or kept != sorted(kept):
        return None
    # Axes of length 1 belong to the norm if the other axes leave no doubt.
    long_kept = [k for k, n in enumerate(other.shape) if n > 1 and k in kept]
    if not reduced or not value.reduced:
        return None
    first, last = min(reduced), max(reduced)
    ones = [k for k, n in enumerate(other.shape) if n == 1 and (first < k < last or (k > last and k not in long_kept))]
    return sorted(reduced | set(ones))


def _common(a: str, b: str) -> str:
    count = 0
    for x, y in zip(a.split("."), b.split("."), strict=False):
        if x != y:
            break
        count += 1
    return "." * count
