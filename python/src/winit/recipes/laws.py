"""The laws that a manifest can hold: their members, checked before anything is filled (docs/manifest.md, "Content")."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from .. import reference
from ..errors import BadInput
from ..quoting import quoted
from .trees import checked_tree

_LARGEST_INTEGER = 2**53
_STRUCTURES = ("eye", "dirac", "orthogonal", "delta_orthogonal", "sparse")
_DRAWS = ("uniform", "normal", "truncated_normal")


def checked_law(value: object) -> dict[str, Any]:
    """Checks the members of a law, whatever tensor it is for.

    Args:
        value: A law as JSON gives it.

    Returns:
        The law with its numbers in one form: integers as ints, no -0.

    Raises:
        BadInput: If the law is unknown, a member is missing, unknown or not valid, or the numbers are outside the
            domain of the law (docs/law.md, "Laws and their parameters").
    """
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise BadInput("a law is an object")
    name = value.get("law")
    read = _READERS.get(name) if isinstance(name, str) else None
    if read is None:
        raise BadInput("the law has no name" if name is None else f"there is no law {quoted(str(name))}")
    members = _Members(value)
    law = {"law": members.take("law"), **read(members)}
    members.finish()
    return law


class _Members:
    """The members of a law that were not read yet."""

    def __init__(self, law: Mapping[str, Any]) -> None:
        self.name = str(law["law"])
        self._rest = dict(law)

    def has(self, key: str) -> bool:
        return key in self._rest

    def take(self, key: str) -> Any:
        if key not in self._rest:
            raise BadInput(f"the law {self.name} has no member {quoted(key)}")
        return self._rest.pop(key)

    def fail(self, key: str, problem: str) -> BadInput:
        return BadInput(f"the member {quoted(key)} of the law {self.name} {problem}")

    def binary64(self, key: str) -> int | float:
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(key, "is not a number")
        if not math.isfinite(value) or abs(value) > 1.7976931348623157e308:
            raise self.fail(key, "is not finite")
        return value if value != 0 else 0

    def binary32(self, key: str) -> int | float:
        value = self.binary64(key)
        if not is_binary32(value):
            raise self.fail(key, f"is {value!r}, which is not a binary32 number")
        return value

    def integer(self, key: str, lowest: int) -> int:
        value = self.binary64(key)
        if value != int(value) or not lowest <= value <= _LARGEST_INTEGER:
            raise self.fail(key, f"is not an integer of at least {lowest}")
        return int(value)

    def axes(self, key: str) -> list[int]:
        value = self.take(key)
        items = value if isinstance(value, list | tuple) else []
        axes = [found for found in map(axis, items) if found is not None]
        if not axes or len(axes) != len(items) or axes != sorted(set(axes)):
            raise self.fail(key, "is not a list of different axes in ascending order")
        return axes

    def finish(self) -> None:
        for key in self._rest:
            raise BadInput(f"the law {self.name} has no member {quoted(str(key))} in this version")


def is_binary32(value: int | float) -> bool:
    """Tells whether a number has a binary32 form without rounding.

    The answer does not depend on the floating-point mode of the thread: flush to zero would change a rounded number.
    """
    if value == 0 or not math.isfinite(value):
        return value == 0
    numerator, denominator = value.as_integer_ratio()
    last = (numerator & -numerator).bit_length() - denominator.bit_length()  # the exponent of the last bit
    first = numerator.bit_length() - denominator.bit_length()
    return first - last < 24 and last >= -149 and first < 128


def axis(value: object) -> int | None:
    """Returns a number as an axis, or None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST_INTEGER:
        return None
    return int(value) if value == int(value) else None


def decimal64(value: object) -> int | None:
    """Reads a seed or a stream, a decimal text of 64 bits without a sign and leading zeros; None for anything else."""
    if not isinstance(value, str) or not 1 <= len(value) <= 20 or not value.isascii() or not value.isdigit():
        return None
    number = int(value)
    return number if str(number) == value and number < 1 << 64 else None


def _constant(members: _Members) -> dict[str, Any]:
    return {"value": members.binary64("value")}


def _uniform(members: _Members) -> dict[str, Any]:
    law = {key: members.binary32(key) for key in ("half", "high", "low", "mid")}
    if law["half"] < 0:
        raise members.fail("half", "is negative")
    if law["low"] >= law["high"]:
        raise members.fail("low", "is not below `high`")
    return law


def _normal(members: _Members) -> dict[str, Any]:
    return {key: members.binary32(key) for key in ("mean", "std")}


def _truncated_normal(members: _Members) -> dict[str, Any]:
    law = {key: members.binary64(key) for key in ("alpha", "beta")}
    law |= {key: members.binary32(key) for key in ("high", "low", "mean", "std")}
    if not 0 <= law["alpha"] <= law["beta"] <= 1:
        raise members.fail("alpha", "and `beta` are not probabilities in ascending order")
    if law["low"] >= law["high"]:
        raise members.fail("low", "is not below `high`")
    if law["low"] > 5 or law["high"] < -5:
        raise members.fail("low", "and `high` are outside the range of the law; at most 5 and at least -5")
    return law


def _expression(members: _Members) -> dict[str, Any]:
    tree, has_draw = checked_tree(members.take("tree"))
    if not has_draw:
        return {"tree": tree}
    draw = checked_law(members.take("draw"))
    if draw["law"] not in _DRAWS:
        raise members.fail("draw", f"has the law {draw['law']}; it must be uniform, normal or truncated_normal")
    return {"draw": draw, "tree": tree}


def _batch(members: _Members) -> dict[str, Any]:
    return {"batch": members.axes("batch")} if members.has("batch") else {}


def _layout(members: _Members, second: str) -> dict[str, Any]:
    if not members.has("layout"):
        return {}
    if members.take("layout") != second:
        raise members.fail("layout", f"is not {second!r}, the only layout that a manifest names for it")
    return {"layout": second}


def _eye(members: _Members) -> dict[str, Any]:
    return {"value": members.binary32("value"), **_batch(members)}


def _dirac(members: _Members) -> dict[str, Any]:
    return {"groups": members.integer("groups", 1), **_layout(members, "keras"), **_batch(members)}


def _orthogonal(members: _Members) -> dict[str, Any]:
    return {"gain": members.binary64("gain"), "rows": members.integer("rows", 1), **_batch(members)}


def _delta_orthogonal(members: _Members) -> dict[str, Any]:
    return {"gain": members.binary64("gain"), **_layout(members, "torch"), **_batch(members)}


def _sparse(members: _Members) -> dict[str, Any]:
    law = {"std": members.binary32("std"), "zeros": members.integer("zeros", 0), **_batch(members)}
    if law["std"] < 0:
        raise members.fail("std", "is negative")
    return law


def _named(members: _Members) -> dict[str, Any]:
    name = members.take("name")
    if not isinstance(name, str):
        raise members.fail("name", "is not a text")
    return {"name": name}


def _norm_of(members: _Members) -> dict[str, Any]:
    return {"axes": members.axes("axes"), **_named(members)}


def _literal(_: _Members) -> dict[str, Any]:
    return {}


def _parts(members: _Members) -> dict[str, Any]:
    parts = members.take("parts")
    if not isinstance(parts, list | tuple) or not parts:
        raise members.fail("parts", "is not a list of parts")
    return {"parts": [_part(part, index) for index, part in enumerate(parts)]}


def _part(part: object, index: int) -> dict[str, Any]:
    try:
        if not isinstance(part, Mapping) or not {"box", "law"} <= set(part) <= {"box", "law", "stream"}:
            raise BadInput("it has the members `box`, `law` and, where it names a stream, `stream`")
        law = checked_law(part["law"])
        if law["law"] in ("parts", "same_as", "norm_of"):
            raise BadInput(f"a part cannot have the law {law['law']}")
        made: dict[str, Any] = {"box": _box(part["box"]), "law": law}
        if "stream" in part:
            if decimal64(part["stream"]) is None:
                raise BadInput("its stream is not a decimal text of 64 bits")
            made["stream"] = part["stream"]
    except BadInput as error:
        raise BadInput(f"part {index}: {error}") from None
    return made


def _box(box: object) -> list[list[int]]:
    ranges = list[list[int]]()
    for item in box if isinstance(box, list | tuple) else [None]:
        bounds = [axis(bound) for bound in item] if isinstance(item, list | tuple) else []
        if len(bounds) != 2 or bounds[0] is None or bounds[1] is None or bounds[0] > bounds[1]:
            raise BadInput("its box is not a list of ranges [start, stop]")
        ranges.append([bounds[0], bounds[1]])
    return ranges


_READERS: dict[str, Callable[[_Members], dict[str, Any]]] = {
    "constant": _constant,
    "uniform": _uniform,
    "normal": _normal,
    "truncated_normal": _truncated_normal,
    "expression": _expression,
    "eye": _eye,
    "dirac": _dirac,
    "orthogonal": _orthogonal,
    "delta_orthogonal": _delta_orthogonal,
    "sparse": _sparse,
    "norm_of": _norm_of,
    "parts": _parts,
    "literal": _literal,
    "same_as": _named,
}


def law_text(law: Mapping[str, Any]) -> str:
    """Checks a law and writes it as canonical JSON, the form that `TensorRecipe.law_text` has.

    Args:
        law: The law, such as `winit.reference.normal(std=0.02)`.

    Returns:
        The text.

    Raises:
        BadInput: If the law is not valid.

    Example:
        >>> law_text({"law": "constant", "value": 1.0})
        '{"law":"constant","value":1}'
    """
    return reference.canonical_json(checked_law(law)).decode("utf-8")


def own_laws(law: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the laws of the parts of a tensor, or the law itself if it has no parts."""
    return [part["law"] for part in law["parts"]] if law["law"] == "parts" else [law]


def has_literal(law: Mapping[str, Any]) -> bool:
    """Tells whether given bytes are a part of a tensor, or all of it."""
    return any(each["law"] == "literal" for each in own_laws(law))


def is_random(law: Mapping[str, Any]) -> bool:
    """Tells whether an element depends on a draw. A norm and a tied tensor depend on those of their source."""
    return any(
        each["law"] in (*_DRAWS, "orthogonal", "delta_orthogonal", "sparse") or "draw" in each for each in own_laws(law)
    )


def needs_whole(law: Mapping[str, Any]) -> bool:
    """Tells whether an element cannot be made without the whole tensor."""
    whole = ("orthogonal", "delta_orthogonal", "sparse", "norm_of")
    return any(each["law"] in whole for each in own_laws(law))


def is_structure(law: Mapping[str, Any]) -> bool:
    """Tells whether a law is a matrix or a kernel, which a batch can repeat."""
    return law["law"] in _STRUCTURES
