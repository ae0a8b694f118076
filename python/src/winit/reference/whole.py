"""Laws of whole tensors, in which the element's place decides (docs/law.md, "Laws that depend on the position")."""

from __future__ import annotations

import numpy as np

from .arrays import Floats
from .draws import normal_draw
from .elements import Elements
from .errors import LawError
from .forms import DeltaOrthogonalLaw, DiracLaw, EyeLaw, SparseLaw, WholeLaw
from .laws import law_values
from .orthogonal import orthogonal_values, unit_vector


def whole_values(law: WholeLaw, elements: Elements) -> Floats:
    """Computes the values of a law of a whole tensor, one matrix of its batch after the other.

    Args:
        law: The law.
        elements: The elements of the tensor, or of the box of a part.

    Returns:
        A float32 array of the elements' shape.

    Raises:
        LawError: If the law does not fit the shape.
    """
    shape, batch = elements.shape, [int(axis) for axis in law.get("batch", [])]
    if "batch" in law and (not batch or batch != sorted(set(batch)) or not 0 <= batch[0] <= batch[-1] < len(shape)):
        raise LawError(f"{batch} are not ascending axes of a tensor of rank {len(shape)}")
    values = np.zeros(shape, np.float32)
    if values.size == 0:
        return values
    for index in np.ndindex(*(shape[axis] for axis in batch)):
        place: list[int | slice] = [slice(None)] * len(shape)
        for axis, k in zip(batch, index, strict=True):
            place[axis] = k
        values[tuple(place)] = _values(law, elements[tuple(place)])
    return values


def _values(law: WholeLaw, elements: Elements) -> Floats:
    if law["law"] == "eye":
        return _eye(law, elements.shape)
    if law["law"] == "dirac":
        return _dirac(law, elements.shape)
    if law["law"] == "sparse":
        return _sparse(law, elements)
    if law["law"] == "delta_orthogonal":
        return _delta_orthogonal(law, elements)
    if law["law"] == "orthogonal":
        draws, rows = normal_draw(elements.words()), int(law["rows"])
        if draws.ndim == 0 or draws.size % rows != 0 or (draws.ndim == 1 and rows != 1):
            raise LawError(f"an orthogonal law of {rows} rows does not fit the shape {elements.shape}")
        if draws.ndim == 1:
            return unit_vector(draws, law["gain"])
        return orthogonal_values(draws.reshape(rows, -1), law["gain"]).reshape(elements.shape)
    raise LawError(f"there is no law {law['law']!r}")


def _require(good: bool, name: str, shape: tuple[int, ...]) -> None:
    if not good:
        raise LawError(f"{name} does not fit the shape {shape}")


def _eye(law: EyeLaw, shape: tuple[int, ...]) -> Floats:
    _require(len(shape) == 2, "eye", shape)
    array = np.zeros(shape, np.float32)
    np.fill_diagonal(array, np.float32(law["value"]))
    return array


def _dirac(law: DiracLaw, shape: tuple[int, ...]) -> Floats:
    _require(len(shape) >= 2, "dirac", shape)
    if law.get("layout") == "keras":
        # The same kernels with the axes in another order: [...spatial, in, out].
        return np.moveaxis(_torch_dirac(law, (shape[-1], shape[-2], *shape[:-2])), (0, 1), (-1, -2))
    return _torch_dirac(law, shape)


def _torch_dirac(law: DiracLaw, shape: tuple[int, ...]) -> Floats:
    array = np.zeros(shape, np.float32)
    out_size, in_size = shape[:2]
    per_group = out_size // int(law["groups"])
    for channel in range(out_size):
        if channel % per_group < in_size:
            center = (channel, channel % per_group, *(size // 2 for size in shape[2:]))
            array[center] = 1
    return array


def _delta_orthogonal(law: DeltaOrthogonalLaw, elements: Elements) -> Floats:
    shape, array = elements.shape, np.zeros(elements.shape, np.float32)
    _require(len(shape) >= 2, "delta_orthogonal", shape)
    middle: tuple[int | slice, ...]
    if law.get("layout") == "torch":
        inputs, outputs = shape[1], shape[0]
        middle = (slice(None), slice(None), *((size - 1) // 2 for size in shape[2:]))
    else:
        inputs, outputs = shape[-2], shape[-1]
        middle = (*((size - 1) // 2 for size in shape[:-2]), slice(None), slice(None))
    _require(inputs <= outputs, "delta_orthogonal", shape)
    array[middle] = orthogonal_values(normal_draw(elements[middle].words()), law["gain"])
    return array


def _sparse(law: SparseLaw, elements: Elements) -> Floats:
    _require(len(elements.shape) == 2, "sparse", elements.shape)
    own = elements.words().reshape(-1)
    array = law_values({"law": "normal", "mean": 0, "std": law["std"]}, own).reshape(elements.shape)
    keys = elements.words(2**63)
    for column in range(elements.shape[1]):
        order = np.argsort(keys[:, column], kind="stable")
        array[order[: int(law["zeros"])], column] = 0
    return array
