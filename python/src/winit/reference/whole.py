"""Laws of whole tensors, in which the element's place decides (docs/law.md, "Laws that depend on the position")."""

from __future__ import annotations

import itertools

import numpy as np

from .arrays import Flags, Floats
from .boxes import Box, shape_of, whole_box
from .draws import normal_draw
from .elements import Elements
from .errors import LawError
from .forms import DeltaOrthogonalLaw, DiracLaw, EyeLaw, OrthogonalLaw, SparseLaw, WholeLaw
from .laws import law_values
from .orthogonal import orthogonal_values, unit_vector


def whole_values(law: WholeLaw, elements: Elements, box: Box | None = None) -> Floats:
    """Computes the values of a law of a whole tensor, one matrix of its batch after the other.

    A box costs only its own elements with `eye` and `dirac`, its columns with `sparse`, and the matrices that it
    touches with the orthogonal laws.

    Args:
        law: The law.
        elements: All elements of the tensor, or of the box of a part.
        box: Which elements are wanted, with a start and a stop on each axis; all by default.

    Returns:
        A float32 array of the elements' shape, or of the box's.

    Raises:
        LawError: If the law does not fit the shape.
    """
    shape, batch = elements.shape, [int(axis) for axis in law.get("batch", [])]
    box = whole_box(shape) if box is None else box
    if "batch" in law and (not batch or batch != sorted(set(batch)) or not 0 <= batch[0] <= batch[-1] < len(shape)):
        raise LawError(f"{batch} are not ascending axes of a tensor of rank {len(shape)}")
    values = np.zeros(shape_of(box), np.float32)
    if values.size == 0:
        return values
    inner = tuple(box[axis] for axis in range(len(shape)) if axis not in batch)
    if law["law"] == "eye" or law["law"] == "dirac":  # every matrix of the batch is the same
        first = elements[tuple(0 if axis in batch else slice(None) for axis in range(len(shape)))]
        values[...] = np.expand_dims(_values(law, first, inner), batch)
        return values
    for index in itertools.product(*(range(box[axis].start, box[axis].stop) for axis in batch)):
        matrix: list[int | slice] = [slice(None)] * len(shape)
        target: list[int | slice] = [slice(None)] * len(shape)
        for axis, k in zip(batch, index, strict=True):
            matrix[axis], target[axis] = k, k - box[axis].start
        values[tuple(target)] = _values(law, elements[tuple(matrix)], inner)
    return values


def _values(law: WholeLaw, elements: Elements, box: Box) -> Floats:
    if law["law"] == "eye":
        return _eye(law, elements.shape, box)
    if law["law"] == "dirac":
        return _dirac(law, elements.shape, box)
    if law["law"] == "sparse":
        return _sparse(law, elements, box)
    if law["law"] == "delta_orthogonal":
        return _delta_orthogonal(law, elements, box)
    if law["law"] == "orthogonal":
        return _orthogonal(law, elements)[box]
    raise LawError(f"there is no law {law['law']!r}")


def _require(good: bool, name: str, shape: tuple[int, ...]) -> None:
    if not good:
        raise LawError(f"{name} does not fit the shape {shape}")


def _eye(law: EyeLaw, shape: tuple[int, ...], box: Box) -> Floats:
    _require(len(shape) == 2, "eye", shape)
    rows, columns = (np.arange(axis.start, axis.stop) for axis in box)
    return np.where(np.equal.outer(rows, columns), np.float32(law["value"]), np.float32(0))


def _dirac(law: DiracLaw, shape: tuple[int, ...], box: Box) -> Floats:
    _require(len(shape) >= 2, "dirac", shape)
    if law.get("layout") == "keras":
        # The same kernels with the axes in another order: [...spatial, in, out].
        moved = _torch_dirac(law, (shape[-1], shape[-2], *shape[:-2]), (box[-1], box[-2], *box[:-2]))
        return np.moveaxis(moved, (0, 1), (-1, -2))
    return _torch_dirac(law, shape, box)


def _torch_dirac(law: DiracLaw, shape: tuple[int, ...], box: Box) -> Floats:
    groups = int(law["groups"])
    _require(groups > 0 and shape[0] % groups == 0, f"dirac of {groups} groups", shape)
    if shape[0] == 0:
        return np.zeros(shape_of(box), np.float32)
    outputs, inputs, *centers = (np.arange(axis.start, axis.stop) for axis in box)
    ones: Flags = np.equal.outer(outputs % (shape[0] // groups), inputs)
    for positions, length in zip(centers, shape[2:], strict=True):
        ones = np.logical_and.outer(ones, positions == length // 2)
    return ones.astype(np.float32)


def _orthogonal(law: OrthogonalLaw, elements: Elements) -> Floats:
    rows, shape = int(law["rows"]), elements.shape
    if len(shape) == 0 or rows < 1 or elements.count % rows != 0 or (len(shape) == 1 and rows != 1):
        raise LawError(f"an orthogonal law of {rows} rows does not fit the shape {shape}")
    draws = normal_draw(elements.words())
    if len(shape) == 1:
        return unit_vector(draws, law["gain"])
    return orthogonal_values(draws.reshape(rows, -1), law["gain"]).reshape(shape)


def _delta_orthogonal(law: DeltaOrthogonalLaw, elements: Elements, box: Box) -> Floats:
    shape = elements.shape
    _require(len(shape) >= 2, "delta_orthogonal", shape)
    axes = (0, 1) if law.get("layout") == "torch" else (len(shape) - 2, len(shape) - 1)
    outputs, inputs = (axes[0], axes[1]) if law.get("layout") == "torch" else (axes[1], axes[0])
    _require(shape[inputs] <= shape[outputs], "delta_orthogonal", shape)
    values = np.zeros(shape_of(box), np.float32)
    middle: list[int | slice] = [slice(None)] * len(shape)
    target: list[int | slice] = [slice(None)] * len(shape)
    for axis, length in enumerate(shape):
        if axis not in axes:
            center = (length - 1) // 2
            if not box[axis].start <= center < box[axis].stop:
                return values
            middle[axis], target[axis] = center, center - box[axis].start
    matrix = orthogonal_values(normal_draw(elements[tuple(middle)].words()), law["gain"])
    values[tuple(target)] = matrix[box[axes[0]], box[axes[1]]]
    return values


def _sparse(law: SparseLaw, elements: Elements, box: Box) -> Floats:
    _require(len(elements.shape) == 2, "sparse", elements.shape)
    zeros = int(law["zeros"])
    _require(0 <= zeros <= elements.shape[0], f"sparse with {zeros} zeros", elements.shape)
    columns = elements[:, box[1]]
    values = law_values({"law": "normal", "mean": 0, "std": law["std"]}, columns.words())
    order = np.argsort(columns.words(2**63), axis=0, kind="stable")
    np.put_along_axis(values, order[:zeros], np.float32(0), axis=0)
    return values[box[0]]
