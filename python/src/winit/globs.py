"""Patterns of tensor names, in which `*` stands for any characters, dots included, and `?` for one."""

from __future__ import annotations


def matches(pattern: str, name: str) -> bool:
    """Tells whether a pattern matches a whole name. The time is at most the product of the lengths.

    Args:
        pattern: The pattern. No other character than `*` and `?` has a meaning.
        name: The name.

    Example:
        >>> matches("h.*.weight", "h.0.attn.weight"), matches("h.?", "h.10")
        (True, False)
    """
    if "?" not in pattern:
        first, _, _ = pattern.partition("*")
        if not name.startswith(first) or not name.endswith(pattern.rpartition("*")[2]):
            return False
    at, star, resume = 0, -1, 0
    place = 0
    while place < len(name):
        if at < len(pattern) and pattern[at] == "*":
            star, resume, at = at, place, at + 1
        elif at < len(pattern) and pattern[at] in ("?", name[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return pattern[at:].strip("*") == ""
