"""References to runs: the rules of the command (`winit-registry --help`, "References to runs")."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import BadInput
from ..quoting import quoted

_NAME = re.compile(r"[A-Za-z0-9._/-]{1,255}")
_VERSION = re.compile(r"v([1-9][0-9]{0,18})")
_DIGITS = re.compile(r"[0-9a-fA-F]{1,64}")


@dataclass(frozen=True)
class Reference:
    """A parsed reference. At most one of `version`, `alias` and `digits` is given; without any: the latest version.

    Attributes:
        text: The reference as the user wrote it.
        name: The name of the run; None for an id alone.
        version: The version.
        alias: The alias.
        digits: The first hexadecimal digits of an id.
    """

    text: str
    name: str | None = None
    version: int | None = None
    alias: str | None = None
    digits: str | None = None


def is_name(text: str) -> bool:
    """Returns whether a text has the form of a name of runs."""
    return _NAME.fullmatch(text) is not None


def is_alias(text: str) -> bool:
    """Returns whether a text has the form of an alias: a name without `/` that does not look like a version."""
    return is_name(text) and "/" not in text and text != "latest" and not re.fullmatch(r"[vV]*[0-9]*", text)


def is_reference(text: str) -> bool:
    """Returns whether a text is a reference, to a run that may exist or not."""
    try:
        parse(text)
    except BadInput:
        return False
    return True


def parse(text: str) -> Reference:
    """Parses a reference.

    Args:
        text: `gpt2`, `gpt2:v2`, `gpt2:baseline`, `gpt2@sha256:e6dc…` or `sha256:e6dc…`.

    Raises:
        BadInput: If the text is not a reference.
    """
    # An older registry may have a run with the name `sha256`, whose references have no digits behind the colon.
    mark = "sha256:" if text.startswith("sha256:") else "@sha256:"
    if mark in text and not re.match(r"sha256:(latest$|v)", text):
        name, _, digits = text.partition(mark)
        if _DIGITS.fullmatch(digits) and (mark == "sha256:" or is_name(name)):
            return Reference(text, name or None, digits=digits.lower())
        raise _invalid(text)
    name, colon, rest = text.partition(":")
    if not is_name(name):
        raise _invalid(text)
    if not colon or rest == "latest":
        return Reference(text, name)
    if is_alias(rest):
        return Reference(text, name, alias=rest)
    version = _VERSION.fullmatch(rest)
    if version is None or int(version[1]) >= 1 << 63:
        raise _invalid(text)
    return Reference(text, name, version=int(version[1]))


def _invalid(text: str) -> BadInput:
    error = BadInput(
        f"{quoted(text)} is not a reference. Write NAME, NAME:v2, NAME:ALIAS, NAME@sha256:… or sha256:… (the first "
        "digits are enough)"
    )
    error.code = 64  # a usage error, as in the command
    return error
