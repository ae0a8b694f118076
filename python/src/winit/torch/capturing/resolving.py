"""Laws of a manifest for what the tensors of a built model hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ... import reference
from ...recipes import BytesLiteral
from .entries import MAXIMUM_LITERAL, Entry, Resolved, Unresolvable
from .geometry import Box
from .laws import matrix_law, norm_law, term_law
from .literals import DTYPES, known_law, trimmed
from .mixing import uncovered, visible
from .streams import Streams
from .values import Empty, Known, Matrix, Mixed, Norm, Unknown, Value


def resolve(entries: list[Entry]) -> dict[str, Resolved]:
    """Finds the law of every tensor.

    Args:
        entries: The tensors in the order of the model, with their values.

    Returns:
        By name, in the same order.
    """
    streams = Streams(entries)
    results = dict[str, Resolved]()
    for entry in entries:
        try:
            results[entry.name] = _checked(entry, _resolved(entry, entries, streams))
        except Unresolvable as error:
            results[entry.name] = Resolved(None, reason=str(error), unwritten=error.unwritten)
        except reference.LawError as error:
            results[entry.name] = Resolved(None, reason=f"the law, or its dtype, does not take its numbers: {error}")
    # A norm or a tied tensor needs the tensor that it names.
    changed = True
    while changed:
        changed = False
        for name, resolved in results.items():
            law = resolved.law
            if law is not None and law["law"] in ("same_as", "norm_of") and results[law["name"]].law is None:
                target = results[law["name"]]
                reason = f"it follows from `{law['name']}`, which is unresolved: {target.reason}"
                results[name] = Resolved(None, reason=reason, unwritten=target.unwritten)
                changed = True
    return results


def _checked(entry: Entry, resolved: Resolved) -> Resolved:
    """Checks that the dtype holds what the law gives (docs/law.md, "Dtypes and bytes")."""
    law: Any = resolved.law
    if law["law"] not in ("same_as", "norm_of", "literal"):
        reference.check(reference.Tensor(entry.name, DTYPES[entry.tensor.dtype], entry.shape, law))
    return resolved


def _resolved(entry: Entry, entries: list[Entry], streams: Streams) -> Resolved:
    if entry.tied:
        return Resolved({"law": "same_as", "name": entry.tied}, origin="tied")
    if entry.tensor.dtype not in DTYPES:
        raise Unresolvable(f"its dtype is {entry.tensor.dtype}, which a manifest does not have")
    value = entry.value
    if isinstance(value, Mixed):
        return _parts(entry, value, streams)
    law, literals, origin = _single(entry, value, entry.shape, streams, None, entries)
    given = value.given if isinstance(value, Known) and literals else 0
    return Resolved(law, literals, origin, given=given)


def _parts(entry: Entry, value: Mixed, streams: Streams) -> Resolved:
    pieces = visible(value.pieces)
    if isinstance(pieces[0][1], Empty):
        missing = uncovered(pieces[0][0], [box for box, _ in pieces[1:]])
        raise Unresolvable(f"no operation wrote {missing} of its {math.prod(entry.shape)} elements", True)
    parts, literals, origins, given = list[dict[str, Any]](), list[BytesLiteral](), list[str](), 0
    for box, piece in pieces:
        law, own, origin = _single(entry, piece, tuple(b - a for a, b in box), streams, box, [])
        literals += own
        origins += [origin] if origin and origin not in origins else []
        given = max(given, piece.given if isinstance(piece, Known) and own else 0)
        if law["law"] == "parts":
            covered = len(law["parts"]) > 1 and not law["parts"][1]["box"]
            parts += [_nested(part, box, entry.shape) for part in law["parts"][covered:]]
        else:
            parts.append({"box": trimmed(box, entry.shape), "law": law})
    if all(part["law"] == parts[0]["law"] and "stream" not in part for part in parts) and _elementwise(parts[0]["law"]):
        return Resolved(parts[0]["law"], tuple(literals), ", ".join(origins), given=given)
    if parts[0]["box"]:
        # The first part of a manifest is the whole tensor. The boxes cover it; an elementwise law needs no box then.
        plain = [part for part in parts if _elementwise(part["law"]) and "stream" not in part]
        base = max(plain, key=lambda part: _size(part["box"], entry.shape))["law"] if plain else _zero(entry)
        disjointed = _apart(parts, entry.shape)
        kept = [p for p in parts if not (disjointed and p["law"] == base and "stream" not in p)]
        parts = [{"box": [], "law": base}, *kept]
    if len(parts) == 1 and "stream" not in parts[0]:
        return Resolved(parts[0]["law"], tuple(literals), ", ".join(origins), given=given)
    return Resolved({"law": "parts", "parts": parts}, tuple(literals), ", ".join(origins), given=given)


def _single(
    entry: Entry, value: Value, shape: tuple[int, ...], streams: Streams, box: Box | None, entries: Iterable[Entry]
) -> tuple[dict[str, Any], tuple[BytesLiteral, ...], str]:
    """Returns law, literals and origin of a tensor, or of a box of it, that has one kind of value."""
    if isinstance(value, Empty):
        raise Unresolvable("no operation wrote it: its elements are whatever was in memory", True)
    if isinstance(value, Unknown):
        where = f" ({value.place})" if value.place else ""
        raise Unresolvable(value.reason + where, "no operation wrote" in value.reason)
    if isinstance(value, Known):
        if value.tensor.numel() > MAXIMUM_LITERAL and value.constant is None:
            raise Unresolvable(f"it holds {value.tensor.numel()} known numbers that differ, too many for a literal")
        law, literals = known_law(value.tensor)
        return law, literals, "known numbers" if literals else ""
    if isinstance(value, Norm):
        return norm_law(entry, value, entries), (), "the norm of another tensor"
    if isinstance(value, Mixed):
        raise Unresolvable("it holds parts within parts")
    stream = streams.of(entry.name, box, value)
    if isinstance(value, Matrix):
        law = matrix_law(value, shape)
    else:
        law = term_law(entry, value, signed=streams.shares(entry.name, box, value))
    origin = f"{value.source.origin} ({value.source.place})" if value.source.place else value.source.origin
    if stream is None:
        return law, (), origin
    # A base without a stream, because a YAML spec cannot give one to it.
    parts = [{"box": [], "law": {"law": "constant", "value": 0}}, {"box": [], "law": law, "stream": str(stream)}]
    return {"law": "parts", "parts": parts}, (), origin


def _nested(part: dict[str, Any], box: Box, shape: tuple[int, ...]) -> dict[str, Any]:
    """Moves a part of a box into the whole tensor."""
    inner = [*part["box"], *([0, b - a] for a, b in box[len(part["box"]) :])]
    moved = tuple((a + r[0], a + r[1]) for (a, _), r in zip(box, inner, strict=True))
    return {**part, "box": trimmed(moved, shape)}


def _elementwise(law: Mapping[str, Any]) -> bool:
    """Tells whether a law gives one element without the others, whatever the box."""
    return law["law"] in ("constant", "uniform", "normal", "truncated_normal") or (
        law["law"] == "expression" and "index" not in str(law["tree"])
    )


def _zero(entry: Entry) -> dict[str, Any]:
    return {"law": "constant", "value": 0}


def _size(box: list[list[int]], shape: tuple[int, ...]) -> int:
    lengths = [b - a for a, b in box] + list(shape[len(box) :])
    return math.prod(lengths)


def _apart(parts: list[dict[str, Any]], shape: tuple[int, ...]) -> bool:
    return sum(_size(part["box"], shape) for part in parts) == math.prod(shape)
