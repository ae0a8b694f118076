"""The outputs and the inputs of a weight: which of them are equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TILE = 1 << 20  # elements that are hashed at a time
_UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


@dataclass(frozen=True)
class Units:
    """Labels of the outputs and of the inputs of a weight: two have one label only if all their elements are equal.

    Attributes:
        outputs: The label of each output; 0 for one whose elements are all 0.
        inputs: The label of each input; 0 for one whose elements are all 0.
        output_size: The number of elements of an output.
        input_size: The number of elements of an input.
    """

    outputs: NDArray[np.int64]
    inputs: NDArray[np.int64]
    output_size: int
    input_size: int


def units(weight: NDArray[Any]) -> Units:
    """Labels the outputs and inputs of a weight [outputs, inputs, taps].

    Example:
        >>> labels = units(np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 2.0]])[:, :, None])
        >>> bool(labels.outputs[0] == labels.outputs[2]), int(labels.outputs[1])
        (True, 0)
    """
    outputs, inputs, taps = weight.shape
    row_hash = np.zeros(outputs, dtype=np.uint64)
    column_hash = np.zeros(inputs, dtype=np.uint64)
    random = np.random.default_rng(0)
    of_columns = random.integers(0, 2**64, (inputs, taps), dtype=np.uint64) | np.uint64(1)
    step = max(1, _TILE // max(1, inputs * taps))
    for start in range(0, outputs, step):
        bits = _bits(weight[start : start + step])
        row_hash[start : start + step] = (bits * of_columns).sum((1, 2), dtype=np.uint64)
        of_rows = random.integers(0, 2**64, (len(bits), 1, taps), dtype=np.uint64) | np.uint64(1)
        column_hash += (bits * of_rows).sum((0, 2), dtype=np.uint64)
    return Units(
        _labels(row_hash, lambda index: weight[index]),
        _labels(column_hash, lambda index: weight[:, index]),
        inputs * taps,
        outputs * taps,
    )


def _bits(values: NDArray[Any]) -> NDArray[np.uint64]:
    """Returns the bits of elements, those of 0 for −0."""
    positive = np.ascontiguousarray(values + values.dtype.type(0))
    return positive.view(_UNSIGNED[values.dtype.itemsize]).astype(np.uint64)


def _labels(hashes: NDArray[np.uint64], unit: Any) -> NDArray[np.int64]:
    """Returns labels from 1 for hashes, and 0 for units of zeros. Units with equal hashes are compared."""
    _, first, labels, counts = np.unique(hashes, return_index=True, return_inverse=True, return_counts=True)
    labels = labels.reshape(-1).astype(np.int64) + 1
    following = len(counts) + 1
    for group in np.flatnonzero((counts > 1) | (hashes[first] == 0)):
        members = np.flatnonzero(labels == group + 1)
        known = unit(members[0])
        if not known.any():
            labels[members[0]] = 0
        for member in members[1:]:
            if np.array_equal(unit(member), known):
                labels[member] = labels[members[0]]
            else:  # two units with one hash
                labels[member], following = following, following + 1
    return labels


def equal_groups(labels: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Returns the positions of each label that occurs twice or more, other than 0."""
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.zeros(0, dtype=np.int64)
    groups = np.split(order, starts[1:]) if len(starts) else []
    return [group for group in groups if len(group) > 1 and labels[group[0]] != 0]
