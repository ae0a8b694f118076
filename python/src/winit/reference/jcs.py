"""Canonical JSON by RFC 8785, the JSON Canonicalization Scheme (docs/manifest.md, "Spelling")."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from .errors import LawError


def number_text(value: int | float) -> str:
    """Writes a number as ECMAScript does, which RFC 8785 prescribes (docs/manifest.md, "Spelling").

    repr() gives the fewest digits that read back as the same binary64 number, and of those the nearest. Only the
    layout of the digits differs from ECMAScript's.

    Args:
        value: A finite number.

    Returns:
        The text; "0" for zero of either sign.

    Raises:
        LawError: If the number is not finite.
    """
    value = float(value)
    if not math.isfinite(value):
        raise LawError(f"JSON has no number for {value!r}")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, decimals = mantissa.partition(".")
    digits = (whole + decimals).lstrip("0")
    # The value is 0.DIGITS × 10^point.
    point = len(whole) + int(exponent or 0) - (len(whole + decimals) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        text = digits + "0" * (point - len(digits))
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        fraction = "." + digits[1:] if len(digits) > 1 else ""
        text = f"{digits[0]}{fraction}e{point - 1:+d}"
    return sign + text


def canonical_json(value: object) -> bytes:
    """Writes a JSON value in its canonical spelling (docs/manifest.md, "Spelling").

    Args:
        value: None, a bool, a str, a finite number, or a list, tuple or mapping of these.

    Returns:
        The UTF-8 bytes, without white space and without a final newline.

    Raises:
        LawError: If a number is not finite, or an int is of a magnitude above 2^53.
        TypeError: If the value is of another type.
    """
    return _text(value).encode("utf-8")


def _text(value: object) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)  # escapes what RFC 8785 escapes, and nothing else
    if isinstance(value, int | float):
        if isinstance(value, int) and abs(value) > 2**53:
            raise LawError(f"{value} is not exact as a JSON number")
        return number_text(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, Mapping):
        ordered = sorted(value.items(), key=lambda item: str(item[0]).encode("utf-16-be"))
        return "{" + ",".join(f"{_text(key)}:{_text(item)}" for key, item in ordered) + "}"
    raise TypeError(f"a {type(value).__name__} is not a JSON value")
