"""Laws in which the element's place decides (docs/law.md, "Laws in which the place decides").

Each tensor is made whole, as an array.
"""

from __future__ import annotations

import numpy as np

from .arrays import Doubles, Floats
from .draws import normal_draw
from .dtypes import FLOAT_SIZES
from .errors import LawError
from .generator import words
from .laws import PartsLaw, SparseLaw, law_values
from .orthogonal import orthogonal_values
from .tensor import Tensor

PLACED_LAWS = ("parts", "eye", "dirac", "orthogonal", "delta_orthogonal", "sparse")
"""The names of these laws."""


def placed_values(seed: int, tensor: Tensor) -> Floats | Doubles:
    """Computes all values of a tensor whose law is one of `PLACED_LAWS`.

    Args:
        seed: The seed, 0 ..< 2^64.
        tensor: The recipe.

    Returns:
        An array of the tensor's shape: float64, which holds the integers exactly, for the parts of an integer or
        boolean tensor; else float32.

    Raises:
        LawError: If the law is another one.
    """
    law, shape = tensor.law, tensor.shape
    if law["law"] == "eye":
        return _eye(shape, law["value"])
    if law["law"] == "dirac":
        return _dirac(shape, int(law["groups"]))
    if law["law"] == "orthogonal":
        return orthogonal_values(_normal_draws(seed, tensor).reshape(int(law["rows"]), -1), law["gain"])
    if law["law"] == "delta_orthogonal":
        array, middle = np.zeros(shape, np.float32), tuple((size - 1) // 2 for size in shape[:-2])
        array[middle] = orthogonal_values(_normal_draws(seed, tensor)[middle], law["gain"])
        return array
    if law["law"] == "sparse":
        return _sparse(seed, tensor, law)
    if law["law"] == "parts":
        return _parts(seed, tensor, law)
    raise LawError(f"in the law {law['law']!r} the place does not decide")


def _normal_draws(seed: int, tensor: Tensor) -> Floats:
    return normal_draw(words(seed, tensor.word_stream, 0, tensor.count)).reshape(tensor.shape)


def _eye(shape: tuple[int, ...], value: float) -> Floats:
    array = np.zeros(shape, np.float32)
    np.fill_diagonal(array[: min(shape), : min(shape)], np.float32(value))
    return array


def _dirac(shape: tuple[int, ...], groups: int) -> Floats:
    array = np.zeros(shape, np.float32)
    out_size, in_size = shape[:2]
    per_group = out_size // groups
    for channel in range(out_size):
        if channel % per_group < in_size:
            center = (channel, channel % per_group, *(size // 2 for size in shape[2:]))
            array[center] = 1
    return array


def _sparse(seed: int, tensor: Tensor, law: SparseLaw) -> Floats:
    own = words(seed, tensor.word_stream, 0, tensor.count)
    array = law_values({"law": "normal", "mean": 0, "std": law["std"]}, own).reshape(tensor.shape)
    keys = words(seed, tensor.word_stream, 2**63, tensor.count).reshape(tensor.shape)
    for column in range(tensor.shape[1]):
        order = np.argsort(keys[:, column], kind="stable")
        array[order[: int(law["zeros"])], column] = 0
    return array


def _parts(seed: int, tensor: Tensor, law: PartsLaw) -> Floats | Doubles:
    array: Floats | Doubles
    if tensor.dtype in FLOAT_SIZES:
        array = np.zeros(tensor.shape, np.float32)
    else:
        array = np.zeros(tensor.shape, np.float64)
    own = words(seed, tensor.word_stream, 0, tensor.count).reshape(tensor.shape)
    for part in law["parts"]:
        box = tuple(slice(start, stop) for start, stop in part["box"])
        drawn = own[box]
        if "stream" in part:
            drawn = words(seed, int(part["stream"]), 0, drawn.size).reshape(drawn.shape)
        if part["law"]["law"] == "constant":
            array[box] = part["law"]["value"]
        else:
            array[box] = law_values(part["law"], np.ascontiguousarray(drawn).reshape(-1)).reshape(drawn.shape)
    return array
