"""Parameters that were drawn at random and are equal bit for bit: cloned layers, or a seed that was set again."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

import numpy as np

from .. import elements
from ..findings import AuditFinding
from ..observations import Observation, Observed

FEWEST = 4
"""How many elements a parameter must have: fewer can be equal by chance in 16 bits."""


def equal_tensors(observed: Observed, broken: Set[frozenset[str]]) -> Iterator[AuditFinding]:
    """Finds trained parameters of one shape that are equal, drawn at random and not tied.

    Args:
        observed: What a build shows.
        broken: The pairs of names whose tie broke, which have a finding already.
    """
    groups = dict[Any, list[Observation]]()
    for entry in observed.observations:
        if not (entry.subject.is_trained and entry.is_random) or entry.tensor.numel() < FEWEST:
            continue
        if entry.never is None and entry.nan is None and entry.tensor.device.type != "meta":
            groups.setdefault((tuple(entry.tensor.shape), entry.tensor.dtype, _sample(entry)), []).append(entry)
    found = list[tuple[int, AuditFinding]]()
    order = {entry.name: position for position, entry in enumerate(observed.observations)}
    for entries in groups.values():
        while len(entries) > 1:
            head, *rest = entries
            bits = elements.bits(head.tensor)
            same = [other for other in rest if np.array_equal(bits, elements.bits(other.tensor))]
            told = [other for other in same if frozenset((head.name, other.name)) not in broken]
            if told and not _is_constant(bits, head):
                found.append((order[head.name], _finding(head, told)))
            entries = [other for other in rest if all(other is not equal for equal in same)]
    yield from (finding for _, finding in sorted(found, key=lambda pair: pair[0]))


def _finding(head: Observation, same: list[Observation]) -> AuditFinding:
    others = tuple(entry.name for entry in same)
    more = "" if len(others) == 1 else f" and {len(others) - 1:,} more"
    message = (
        f"{head.name} and {others[0]}{more} were drawn at random and are equal bit for bit: a layer was copied, or a "
        "seed was set again"
    )
    nothing = np.zeros((0, head.tensor.ndim), np.int64)
    return AuditFinding("equal_tensors", head.name, message, head.tensor.numel(), nothing, others, head.allocated)


def _sample(entry: Observation) -> bytes:
    """Returns the first elements along the first axes, which differ unless the tensors are equal."""
    place = tuple(slice(0, 8) for _ in entry.tensor.shape)
    return elements.bits(entry.tensor[place]).tobytes()[:4096]


def _is_constant(bits: Any, entry: Observation) -> bool:
    if entry.tensor.is_complex():
        return False
    return bool((bits == bits.reshape(-1)[0]).all()) if bits.size else True
