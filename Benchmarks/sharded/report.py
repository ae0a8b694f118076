"""The document of a sitting: what was measured, and what was computed, as plain values for JSON and for the tables."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from . import computed
from .ranks import Measurement, Use
from .shapes import Shape
from .ways import WAYS


def measured(name: str, rounds: Sequence[Measurement], others: Mapping[int, str]) -> dict[str, Any]:
    """Describes what was measured of a way.

    Args:
        name: The name of the way.
        rounds: The measurements with the number of ranks of the sitting. Times are medians of the rounds, memory is the
            largest, and bytes are those of the first round.
        others: The digests with other numbers of ranks.
    """
    first = rounds[0]
    digests = {**others, len(first.ranks): first.digest}
    equal = {one.digest for one in rounds} == {first.digest} and len(set(digests.values())) == 1
    return {
        "way": name,
        "title": WAYS[name].title,
        "ours": WAYS[name].is_ours,
        "stored": first.stored,
        "read": sum(use.read for use in first.ranks),
        "sent": sum(use.sent for use in first.ranks),
        "peaks": [max(one.ranks[rank].peak for one in rounds) for rank in range(len(first.ranks))],
        "seconds": statistics.median(max(use.seconds for use in one.ranks) for one in rounds),
        "processor": statistics.median(sum(use.processor for use in one.ranks) for one in rounds),
        "preparation": _preparation([one.preparation for one in rounds if one.preparation is not None]),
        "digests": {str(ranks): digest for ranks, digest in sorted(digests.items())},
        "same_bits": equal,
        "equal_shards": len(first.ranks) > 1 and len(set(first.shards)) == 1,
        "rounds": [one.json() for one in rounds],
    }


def _preparation(uses: Sequence[Use]) -> dict[str, Any] | None:
    if not uses:
        return None
    return {
        "seconds": statistics.median(use.seconds for use in uses),
        "processor": statistics.median(use.processor for use in uses),
        "peak": max(use.peak for use in uses),
    }


def at_scale(shape: Shape, ranks: int, rates: Mapping[str, float], alone: Mapping[str, Use]) -> dict[str, Any]:
    """Describes what each way costs for a shape that no machine here holds.

    Args:
        shape: The model.
        ranks: The number of ranks.
        rates: Elements a second that a processor draws, of "torch" and "winit".
        alone: What rank 0 used, measured in a process group whose other ranks do not exist.
    """
    rows = []
    for name, way in WAYS.items():
        cost = computed.cost(name, shape, ranks)
        rate = rates["winit" if way.is_ours else "torch"]
        rows.append(
            {
                "way": name,
                "title": way.title,
                **asdict(cost),
                "seconds": cost.seconds(rate, ranks),
                "alone": asdict(alone[name]) if name in alone else None,
            }
        )
    assumptions = {
        "link": computed.LINK,
        "files": computed.FILES,
        "machine": computed.MACHINE,
        "plan": computed.PLAN,
        "box": computed.BOX_SECONDS,
        "box_memory": computed.BOX_MEMORY,
    }
    return {"shape": described(shape), "ranks": ranks, "rates": dict(rates), "assumptions": assumptions, "ways": rows}


def described(shape: Shape) -> dict[str, Any]:
    """Describes a shape."""
    return {"name": shape.name, "parameters": shape.parameters, "bytes": shape.bytes, "dtype": "bfloat16"}
