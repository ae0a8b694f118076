"""The expression of an element as a text that the command reads as the same tree (docs/spec.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BadInput
from .numbers import binary32, binary64, cut, uniform_bounds

_LONGEST = 1000
_OPERATORS = ("+", "-", "*", "/")


def expression_text(law: Mapping[str, Any]) -> str:
    """Returns the text of a law `expression`.

    Args:
        law: The law, as a manifest has it.

    Raises:
        BadInput: If the text has more than 1000 characters, the limit of a spec, or no text gives the draw.

    Example:
        >>> expression_text({"law": "expression", "tree": ["+", 1, ["*", ["neg", ["index", 0]], 0.5]]})
        '1 + -index[0] * 0.5'
    """
    draw = draw_text(law["draw"]) if "draw" in law else ""
    text = _text(law["tree"], draw)[0]
    if len(text) > _LONGEST:
        raise BadInput(f"its expression has {len(text)} characters, and a spec allows {_LONGEST}; save the recipe")
    return text


def draw_text(law: Mapping[str, Any]) -> str:
    """Returns the call that gives a draw, such as `uniform(0, 16)`."""
    name = law["law"]
    if name == "uniform":
        arguments = list(uniform_bounds(law["half"], law["mid"], law["low"], law["high"]))
    else:
        arguments = [binary32(law["mean"]), binary32(law["std"])]
        if name == "truncated_normal":
            arguments += [cut(law["low"], law["alpha"]), cut(law["high"], law["beta"])]
    return f"{name}({', '.join(arguments)})"


def _text(tree: Any, draw: str) -> tuple[str, int]:
    """Returns the text of a tree, and how tightly it binds: 1 for a sum, 2 for a product, 3 for a factor."""
    if isinstance(tree, int | float):
        return binary64(tree), 3
    if tree == "draw":
        return draw, 3
    name, *operands = tree
    if name == "index":
        return f"index[{operands[0]}]", 3
    if name == "neg":
        # A minus sign belongs to its factor; before a number it would become a part of it.
        text, bound = _text(operands[0], draw)
        return "-" + (text if bound == 3 and not text.startswith("-") else f"({text})"), 3
    if name in _OPERATORS:
        own = 1 if name in "+-" else 2
        left, right = _text(operands[0], draw), _text(operands[1], draw)
        first = left[0] if left[1] >= own else f"({left[0]})"
        second = right[0] if right[1] > own else f"({right[0]})"
        return f"{first} {name} {second}", own
    return f"{name}({', '.join(_text(operand, draw)[0] for operand in operands)})", 3
