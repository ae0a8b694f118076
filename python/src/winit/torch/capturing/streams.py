"""Streams of values that hold the same draws as others."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from ... import reference
from .entries import Entry, Unresolvable
from .geometry import Box, disjoint, merged, repeats
from .values import Matrix, Mixed, Term

_Use: TypeAlias = tuple[str, Box | None, Term | Matrix]
"""The name of a tensor, a box of it or None, and what is there."""


class Streams:
    """Which values take their words from the stream of another tensor, because they hold the same draws."""

    def __init__(self, entries: list[Entry]) -> None:
        """Notes which tensors hold draws of which operation."""
        self._uses: dict[Any, list[_Use]] = {}
        self._names = {entry.name for entry in entries}
        for entry in entries:
            if entry.tied:
                continue
            pieces = entry.value.pieces if isinstance(entry.value, Mixed) else ((None, entry.value),)
            for box, piece in pieces:
                if isinstance(piece, Term | Matrix):
                    self._uses.setdefault(piece.source, []).append((entry.name, box, piece))

        self._accepted: dict[Any, list[_Use]] = {source: self._in_order(uses) for source, uses in self._uses.items()}

    def _in_order(self, uses: list[_Use]) -> list[_Use]:
        """Chooses the uses that can have a law together; an earlier one comes before a later one."""
        accepted = list[_Use]()
        for use in uses:
            if all(_aligned(use[2], other[2]) for other in accepted if _shares(use, other)):
                accepted.append(use)
        return accepted

    def shares(self, name: str, box: Box | None, value: Term | Matrix) -> bool:
        """Tells whether another tensor, or another box of the tensor, holds draws of the value."""
        return bool(self._sharing((name, box, value)))

    def _sharing(self, use: _Use) -> list[_Use]:
        return [other for other in self._accepted[use[2].source] if _shares(use, other)]

    def of(self, name: str, box: Box | None, value: Term | Matrix) -> int | None:
        """Returns the stream that a value must name, or None for that of its own tensor.

        Raises:
            Unresolvable: If the value shares draws with an earlier one in an order that no stream gives.
        """
        if isinstance(value, Term) and value.view is not None and repeats(value.view):
            raise Unresolvable(f"it repeats draws of {value.source.origin} ({value.source.place})")
        uses, shared = self._accepted[value.source], self._sharing((name, box, value))
        for other_name, _, other in shared:
            if not _aligned(value, other) and not any(use[2] is value for use in uses):
                raise Unresolvable(f"it shares draws with `{other_name}`, in another order or in part")
        if not shared:
            return None
        first_name, first_box, _ = next(use for use in uses if use[2] is value or _aligned(use[2], value))
        if first_box is None:
            return None if (first_name, first_box) == (name, box) else reference.name_stream(first_name)
        drawn = [use for others in self._uses.values() for use in others if use[0] == first_name]
        if all(_aligned(use[2], value) for use in drawn):
            return reference.name_stream(first_name)  # nothing else takes the words of that stream
        # A stream for each box of that tensor: two boxes count their elements from 0.
        number = next(k for k, use in enumerate(drawn) if use[1] == first_box)
        stream = f"{first_name}#{number}"
        while stream in self._names:
            stream += "#"
        return reference.name_stream(stream)


def _shares(a: _Use, b: _Use) -> bool:
    """Tells whether two places may hold a draw in common."""
    (name, box, value), (other_name, other_box, other) = a, b
    if (name, box) == (other_name, other_box) or _separate(other, value):
        return False
    under = name == other_name and (_is_under(box, value, other_box, other) or _is_under(other_box, other, box, value))
    return not under


def _separate(a: Term | Matrix, b: Term | Matrix) -> bool:
    return a.view is not None and b.view is not None and disjoint(a.view, b.view)


def _is_under(lower: Box | None, below: Term | Matrix, upper: Box | None, above: Term | Matrix) -> bool:
    """Tells whether a later box covers just those elements of an earlier box that hold its draws."""
    if lower is None or upper is None or below.view is None or above.view is None:
        return False
    inside = all(a <= c and d <= b for (a, b), (c, d) in zip(lower, upper, strict=True))
    part = tuple((c - a, d - a) for (a, _), (c, d) in zip(lower, upper, strict=True))
    return inside and merged(below.view.part(part)) == merged(above.view)


def _aligned(a: Term | Matrix, b: Term | Matrix) -> bool:
    if a.source is not b.source or a.view is None or b.view is None or type(a) is not type(b):
        return False
    if isinstance(a, Matrix) and (math.prod(a.shape) == 0 or a.shape != b.shape or a.shape[0] == 1):
        return False
    return merged(a.view) == merged(b.view)
