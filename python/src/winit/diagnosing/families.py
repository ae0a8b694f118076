"""Families of tensors: those whose names differ only in numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from statistics import median

LEAST = 5
"""How many members a family needs for a comparison of their standard deviations."""


def pattern(name: str) -> str:
    """Returns a name with its numbers replaced.

    Example:
        >>> pattern("h.11.attn.weight")
        'h.#.attn.weight'
    """
    return re.sub(r"\d+", "#", name)


def label(names: Sequence[str]) -> str:
    """Returns one text for the names of a family, with the range of each number.

    Example:
        >>> label(["h.0.fc.weight", "h.1.fc.weight", "h.2.fc.weight"])
        'h.{0-2}.fc.weight × 3'
        >>> label(["h.0.fc.weight"])
        'h.0.fc.weight'
    """
    if len(names) == 1:
        return names[0]
    numbers = [re.findall(r"\d+", name) for name in names]
    if len({pattern(name) for name in names}) > 1:
        return f"{names[0]} and {len(names) - 1} more"
    text, columns = pattern(names[0]), [[each[i] for each in numbers] for i in range(len(numbers[0]))]
    for column in columns:
        text = text.replace("#", _range(column), 1)
    return f"{text} × {len(names)}"


def odd_ones(logs: Sequence[float], errors: Sequence[float]) -> list[tuple[int, float]]:
    """Finds the members of a family whose standard deviation is not that of their neighbors.

    The expected value of a member is the median of the six lines through pairs of its four nearest members, so that a
    scale that changes with depth is no finding. The member with the largest residual is taken out if its factor is
    above 1.14 (1.5 for the first and the last) and above ten standard errors; then the others are compared again.

    Args:
        logs: The logarithms of the standard deviations, in order.
        errors: The standard errors of the logarithms.

    Returns:
        Index and factor of each.
    """
    left, found = list(range(len(logs))), list[tuple[int, float]]()
    while len(left) >= LEAST:
        residuals = {index: logs[index] - _expected(index, left, logs) for index in left}
        worst = max(left, key=lambda index: (abs(residuals[index]), index))
        bound = 1.5 if worst in (left[0], left[-1]) else 1.14
        if abs(residuals[worst]) <= max(math.log(bound), 10 * errors[worst]):
            break
        found.append((worst, math.exp(residuals[worst])))
        left.remove(worst)
    return found


def _expected(index: int, left: Sequence[int], logs: Sequence[float]) -> float:
    others = (other for other in left if other != index)
    near = sorted(sorted(others, key=lambda other: (abs(other - index), other))[:4])
    return median(
        logs[a] + (logs[b] - logs[a]) * (index - a) / (b - a) for i, a in enumerate(near) for b in near[i + 1 :]
    )


def _range(column: Sequence[str]) -> str:
    values = [int(text) for text in dict.fromkeys(column)]
    if len(values) == 1:
        return str(values[0])
    if values == list(range(values[0], values[0] + len(values))):
        return f"{{{values[0]}-{values[-1]}}}"
    shown = list(map(str, values)) if len(values) <= 4 else [str(values[0]), str(values[1]), "…", str(values[-1])]
    return f"{{{','.join(shown)}}}"
