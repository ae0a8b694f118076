"""YAML as the command reads it: block mappings outside, flow collections inside, quotes where they are needed."""

from __future__ import annotations

import re
from typing import Any

from .numbers import Number

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*\Z", re.ASCII)
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
_LONGEST_KEY = 900
"""libyaml takes a key of at most 1024 characters without a question mark before it."""


def scalar(text: str) -> str:
    """Returns a text as a YAML scalar.

    Example:
        >>> print(scalar("h.0.attn.weight"), scalar("*.bias"), scalar("a: b"))
        h.0.attn.weight "*.bias" "a: b"
    """
    if isinstance(text, Number) or (_PLAIN.match(text) and text.lower() not in _WORDS):
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable() and character not in "\ufeff\u2028\u2029\x85":
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def flow(value: Any) -> str:
    """Returns a value in YAML's flow style, on one line.

    Example:
        >>> print(flow({"shape": [2, 3], "init": {"scheme": "normal", "std": Number("0.02")}}))
        {shape: [2, 3], init: {scheme: normal, std: 0.02}}
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value) if isinstance(value, str) else str(value)


def member(key: str, value: Any) -> str:
    """Returns a line of a block mapping."""
    text = scalar(key)
    return f"? {text}\n  : {flow(value)}" if len(text) > _LONGEST_KEY else f"{text}: {flow(value)}"


def comment(text: str) -> str:
    """Returns a text as one comment, without characters that could end its line."""
    return "# " + "".join(c if c.isprintable() else " " for c in text)
