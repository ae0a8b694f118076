"""Where the elements of a mask are, in words: slices for people, coordinates for programs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LIMIT = 100
"""How many coordinates a finding lists."""


def coordinates(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Returns the coordinates of the first elements of a mask in row-major order, [≤ 100, rank]."""
    flat = np.flatnonzero(mask)[:LIMIT]
    if not mask.ndim:
        return np.zeros((len(flat), 0), np.int64)
    return np.stack(np.unravel_index(flat, mask.shape), axis=-1).astype(np.int64)


def region(mask: NDArray[np.bool_]) -> str:
    """Describes where the elements of a mask are.

    Returns:
        "" for all elements; "[3, :]" if they are exactly one box; "first at [0, 5]" otherwise.
    """
    count = int(np.count_nonzero(mask))
    if count == mask.size or not count:
        return ""
    box = list[slice]()
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        places = np.flatnonzero(mask.any(axis=others))
        box.append(slice(int(places[0]), int(places[-1]) + 1))
    if np.prod([side.stop - side.start for side in box]) == count:
        return f"[{', '.join(_side(side, length) for side, length in zip(box, mask.shape, strict=True))}]"
    first = np.unravel_index(int(np.argmax(mask)), mask.shape)
    return f"first at [{', '.join(str(int(place)) for place in first)}]"


def _side(side: slice, length: int) -> str:
    if side.start == 0 and side.stop == length:
        return ":"
    if side.stop == side.start + 1:
        return str(side.start)
    start = "" if side.start == 0 else str(side.start)
    stop = "" if side.stop == length else str(side.stop)
    return f"{start}:{stop}"
