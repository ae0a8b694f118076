"""The laws in which the element's place decides (docs/law.md, "Laws that depend on the position"), in boxes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from .. import reference
from ..errors import BadInput
from .boxes import Place, slices
from .drawing import Engine, Words
from .orthogonal import orthogonal_values
from .raw import store

WHOLE = ("eye", "dirac", "orthogonal", "delta_orthogonal", "sparse")
"""The laws of this file."""


class _Matrix:
    """One matrix of a batch: the elements of a region with one index on each axis of the batch."""

    def __init__(self, engine: Engine, words: Words, shape: Place, axes: list[int], index: Place, lead: int) -> None:
        self.engine = engine
        self.shape = tuple(shape[axis] for axis in axes)
        self._words, self._axes, self._index, self._lead = words, axes, index, lead

    def _box(self, offset: Place, size: Place) -> tuple[Place, Place]:
        """Gives the box of the region that a box of the matrix is."""
        start, length = list(self._index), [1] * len(self._index)
        for axis, first, count in zip(self._axes, offset, size, strict=True):
            start[axis], length[axis] = first, count
        lead = (0,) * self._lead, (1,) * self._lead
        return (*lead[0], *start), (*lead[1], *length)

    def normals(self, offset: Place, size: Place) -> reference.Floats:
        """Makes the standard normal draws of a box of the matrix."""
        return self.engine.normals(self._words, *self._box(offset, size)).reshape(size)

    def words(self, first: int) -> reference.Words:
        """Gives the words of the matrix, `first` added to the index of each."""
        return self.engine.words(self._words, *self._box((0,) * len(self.shape), self.shape), first).reshape(self.shape)


def fill_whole(
    engine: Engine,
    law: Mapping[str, Any],
    dtype: str,
    words: Words,
    shape: Place,
    is_part: bool,
    offset: Place,
    size: Place,
    out: np.ndarray[Any, Any],
) -> None:
    """Fills a box of a region, of which the law is one of `WHOLE`. Matrices outside the box are not computed.

    Args:
        engine: What fills.
        law: The law.
        dtype: A float dtype.
        words: The words of the region.
        shape: The shape of the region: the tensor's, or that of the box of a part.
        is_part: Whether the region is a part, which loses its leading axes of length 1.
        offset: Where the box begins in the region.
        size: The lengths of the box, which has elements.
        out: An array of `raw_dtype`.
    """
    lead = 0
    if is_part:
        while lead < len(shape) - 1 and shape[lead] == 1:
            lead += 1
    shape, offset, size, out = shape[lead:], offset[lead:], size[lead:], np.squeeze(out, tuple(range(lead)))
    batch = [int(axis) for axis in law.get("batch", [])]
    if "batch" in law and (not batch or batch != sorted(set(batch)) or not 0 <= batch[0] <= batch[-1] < len(shape)):
        raise BadInput(f"{batch} are not ascending axes of a tensor of rank {len(shape)}")
    axes = [axis for axis in range(len(shape)) if axis not in batch]
    inner_offset, inner_size = tuple(offset[a] for a in axes), tuple(size[a] for a in axes)
    for index in product(*(range(offset[axis], offset[axis] + size[axis]) for axis in batch)):
        place, target = [0] * len(shape), list[int | slice]([slice(None)] * len(shape))
        for axis, k in zip(batch, index, strict=True):
            place[axis], target[axis] = k, k - offset[axis]
        matrix = _Matrix(engine, words, shape, axes, tuple(place), lead)
        with engine.arithmetic():
            store(_values(law, matrix, inner_offset, inner_size), dtype, out[(*target, ...)])


def _require(good: bool, name: str, shape: Place) -> None:
    if not good:
        raise BadInput(f"{name} does not fit the shape {list(shape)}")


def _values(law: Mapping[str, Any], matrix: _Matrix, offset: Place, size: Place) -> reference.Floats:
    """Computes a box of a matrix."""
    name, shape = law["law"], matrix.shape
    if name == "eye":
        _require(len(shape) == 2, name, shape)
        return _placed(np.arange(min(shape))[:, None].repeat(2, 1), float(law["value"]), offset, size)
    if name == "dirac":
        _require(len(shape) >= 2, name, shape)
        return _placed(_dirac(law, shape), 1.0, offset, size)
    if name == "orthogonal":
        rows, count = int(law["rows"]), math.prod(shape)
        _require(
            len(shape) > 0 and rows > 0 and count % rows == 0 and (len(shape) > 1 or rows == 1),
            f"orthogonal of {rows} rows", shape,
        )  # fmt: skip
        draws = matrix.normals((0,) * len(shape), shape)
        if len(shape) == 1:
            return reference.unit_vector(draws, law["gain"])[slices(offset, size)]
        values = orthogonal_values(matrix.engine, draws.reshape(rows, -1), law["gain"])
        return values.reshape(shape)[slices(offset, size)]
    if name == "delta_orthogonal":
        return _delta_orthogonal(law, matrix, offset, size)
    return _sparse(law, matrix)[slices(offset, size)]


def _placed(indices: np.ndarray[Any, Any], value: float, offset: Place, size: Place) -> reference.Floats:
    """Makes a box that is `value` at some elements, given by their indices [n, rank] in the matrix, and else 0."""
    values = np.zeros(size, np.float32)
    local = indices - np.array(offset, np.int64)
    local = local[np.all((local >= 0) & (local < np.array(size, np.int64)), axis=1)]
    values[tuple(local.T)] = np.float32(value)
    return values


def _dirac(law: Mapping[str, Any], shape: Place) -> np.ndarray[Any, Any]:
    is_keras = law.get("layout") == "keras"
    outputs, inputs = (shape[-1], shape[-2]) if is_keras else shape[:2]
    spatial = shape[:-2] if is_keras else shape[2:]
    groups = int(law["groups"])
    _require(groups > 0 and outputs % groups == 0, f"dirac of {groups} groups", shape)
    per_group = outputs // groups
    channels = np.arange(outputs, dtype=np.int64)
    channels = channels[channels % max(per_group, 1) < inputs]
    middle = [np.full(len(channels), n // 2) for n in spatial]
    order = [*middle, channels % max(per_group, 1), channels] if is_keras else [channels, channels % per_group, *middle]
    return np.stack(order, axis=1)


def _delta_orthogonal(law: Mapping[str, Any], matrix: _Matrix, offset: Place, size: Place) -> reference.Floats:
    shape, rank = matrix.shape, len(matrix.shape)
    _require(rank >= 2, "delta_orthogonal", shape)
    is_torch = law.get("layout") == "torch"
    axes = (0, 1) if is_torch else (rank - 2, rank - 1)
    inputs, outputs = (shape[1], shape[0]) if is_torch else (shape[-2], shape[-1])
    _require(inputs <= outputs, "delta_orthogonal", shape)
    values = np.zeros(size, np.float32)
    middle = tuple(0 if axis in axes else (n - 1) // 2 for axis, n in enumerate(shape))
    target: list[int | slice] = [slice(None)] * rank
    for axis in range(rank):
        if axis not in axes:
            target[axis] = middle[axis] - offset[axis]
            if not 0 <= middle[axis] - offset[axis] < size[axis]:
                return values
    length = tuple(n if axis in axes else 1 for axis, n in enumerate(shape))
    draws = matrix.normals(middle, length).reshape(shape[axes[0]], shape[axes[1]])
    whole = orthogonal_values(matrix.engine, draws, law["gain"])
    values[tuple(target)] = whole[slices(tuple(offset[a] for a in axes), tuple(size[a] for a in axes))]
    return values


def _sparse(law: Mapping[str, Any], matrix: _Matrix) -> reference.Floats:
    shape, zeros = matrix.shape, int(law["zeros"])
    _require(len(shape) == 2 and 0 <= zeros <= shape[0], "sparse", shape)
    values: reference.Floats = matrix.normals((0, 0), shape) * np.float32(law["std"]) + np.float32(0)
    # Words in the upper halves and rows in the lower ones: all keys of a column differ, in the order of the law.
    keys = matrix.words(1 << 63).astype(np.uint64) << np.uint64(32)
    keys |= np.arange(shape[0], dtype=np.uint64)[:, None]
    if zeros:
        smallest = np.argpartition(keys, zeros - 1, axis=0)[:zeros]
        np.put_along_axis(values, smallest, np.float32(0), axis=0)
    return values
