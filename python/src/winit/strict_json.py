"""JSON of files from elsewhere: RFC 8259 without extensions and without duplicate keys, with bounded nesting."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from .errors import BadInput
from .quoting import quoted

DEPTH_LIMIT = 64
"""How deep lists and objects may nest, as in the command."""

_TILE = 1 << 18
_LARGEST_INTEGER = 2**53


def parse(data: bytes, *, integers_only: bool = False) -> Any:
    """Reads a JSON text.

    Args:
        data: The text in UTF-8, without a byte order mark.
        integers_only: Refuse a number that is not written as an integer of magnitude 2^53 at most.

    Returns:
        None, a bool, a str, an int, a float, a list or a dict. An integer above 2^53 in magnitude becomes the nearest
        float, as in every other number of JSON.

    Raises:
        BadInput: If the text is not JSON, has a duplicate key, a lone surrogate or a number that is not finite, or
            nests deeper than 64.

    Example:
        >>> parse(b'{"seed": "42"}')
        {'seed': '42'}
    """
    _check_depth(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"not JSON: byte {error.start} is not UTF-8") from None
    if text.startswith("\ufeff"):
        raise BadInput("not JSON: it begins with a byte order mark")
    decoder = json.JSONDecoder(
        object_pairs_hook=_object,
        parse_float=_refused_float if integers_only else _float,
        parse_int=_exact_integer if integers_only else _integer,
        parse_constant=_refused_constant,
    )
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise BadInput(f"not JSON: it nests deeper than {DEPTH_LIMIT}") from None
    if b"\\u" in data:
        _check_surrogates(value)
    return value


def _check_depth(data: bytes) -> None:
    # The decoder recurses in C; a process that raised its recursion limit would crash on a hostile file.
    if b"\\" in data:
        data = data.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    depth, within = 0, 0
    for start in range(0, len(data), _TILE):
        tile = np.frombuffer(data, np.uint8, min(_TILE, len(data) - start), start)
        strings = (np.cumsum(tile == ord('"'), dtype=np.int64) + within) & 1
        opening = ((tile == ord("[")) | (tile == ord("{"))) & (strings == 0)
        closing = ((tile == ord("]")) | (tile == ord("}"))) & (strings == 0)
        depths = np.cumsum(opening.astype(np.int64) - closing) + depth
        if int(depths.max()) > DEPTH_LIMIT:
            raise BadInput(f"not JSON that is read here: it nests deeper than {DEPTH_LIMIT}")
        depth, within = int(depths[-1]), int(strings[-1])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen = set[str]()
        for key, _ in pairs:
            if key in seen:
                raise BadInput(f"duplicate key {quoted(key)}")
            seen.add(key)
    return members


def _integer(text: str) -> int | float:
    if len(text) > 17:
        return _float(text)
    value = int(text)
    return value if abs(value) <= _LARGEST_INTEGER else float(value)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadInput(f"the number {quoted(text)} is not finite in binary64")
    return value


def _exact_integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > _LARGEST_INTEGER or text == "-0":
        raise BadInput(f"{quoted(text)} is not an integer of magnitude 2^53 at most")
    return int(text)


def _refused_float(text: str) -> float:
    raise BadInput(f"{quoted(text)} is not written as an integer")


def _refused_constant(text: str) -> float:
    raise BadInput(f"JSON has no number {quoted(text)}")


def _check_surrogates(value: Any) -> None:
    # Nesting is at most 64 deep here.
    if isinstance(value, str):
        if any("\ud800" <= c <= "\udfff" for c in value):
            raise BadInput("a string has a lone surrogate")
    elif isinstance(value, list):
        for item in value:
            _check_surrogates(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_surrogates(key)
            _check_surrogates(item)
