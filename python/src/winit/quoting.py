"""Names and texts of users and files, as messages show them."""

from __future__ import annotations

from collections.abc import Sequence

_LONGEST = 80


def quoted(text: str) -> str:
    r"""Puts a text into backticks: on one line, and at most 80 characters long.

    Args:
        text: Any text, such as the name of a tensor.

    Returns:
        The text, with control characters and characters that change the direction of writing escaped.

    Example:
        >>> quoted("h.0.w")
        '`h.0.w`'
        >>> print(quoted("a" + chr(10) + "b"))
        `a\u{A}b`
    """
    shown = "".join(c if c.isprintable() else f"\\u{{{ord(c):X}}}" for c in text[: _LONGEST + 1])
    if len(text) > _LONGEST or len(shown) > 2 * _LONGEST:
        shown = shown[: _LONGEST - 1] + "…"
    return f"`{shown}`"


def shown(numbers: Sequence[int]) -> str:
    """Writes a shape or a list of axes, of which a hostile file may give millions.

    Args:
        numbers: The numbers.

    Returns:
        The list, at most 16 numbers long.

    Example:
        >>> shown((3, 4))
        '[3, 4]'
    """
    texts = [str(number) for number in numbers[:16]]
    return "[" + ", ".join(texts + ["…"] * (len(numbers) > 16)) + "]"


def counted(count: int, noun: str) -> str:
    """Writes a number with its noun.

    Args:
        count: The number.
        noun: The noun in the singular, whose plural ends in s.

    Returns:
        Both, such as "1 tensor" and "3 tensors".

    Example:
        >>> counted(3, "tensor")
        '3 tensors'
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
