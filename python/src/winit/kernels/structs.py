"""The declarations of winit_kernels.h in ctypes, and the layouts that they must have."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

VERSION_MAJOR, VERSION_MINOR = 1, 0
"""The version of the C interface that this module declares."""

KERNELS = {"best": 0, "sse2": 1, "avx2": 2, "avx512": 3, "neon": 4}
"""`enum winit_kernel`."""

LAWS = {"uniform": 0, "normal": 1, "truncated_normal": 2, "words": 3}
"""`enum winit_law`, by the names of a manifest; `words` are the words themselves."""

FORMATS = {"float32": 0, "float64": 1, "float16": 2, "bfloat16": 3}
"""`enum winit_format`, by the names of the dtypes."""

STATUS = {1: "an argument is not allowed", 2: "this processor does not have the kernel"}
"""What the values of `enum winit_status` other than WINIT_OK mean."""

MAX_RANK, BLOCK, PANEL, SCRATCH = 64, 64, 16, 8192
"""WINIT_MAX_RANK and the sizes of the orthogonal law."""

_PARAMETERS = ("half", "mid", "low", "high", "mean", "std", "alpha", "beta")


class RecipeStruct(ctypes.Structure):
    """`struct winit_recipe`."""

    _fields_ = (
        ("seed", ctypes.c_uint64),
        ("stream", ctypes.c_uint64),
        ("law", ctypes.c_uint32),
        ("format", ctypes.c_uint32),
        *((name, ctypes.c_float) for name in _PARAMETERS[:6]),
        *((name, ctypes.c_double) for name in _PARAMETERS[6:]),
    )


def recipe_struct(seed: int, stream: int, law: Mapping[str, Any], dtype: str) -> RecipeStruct:
    """Makes the struct of a recipe.

    Args:
        seed: The seed, 0 ..< 2^64.
        stream: The stream, 0 ..< 2^64.
        law: A law of `LAWS` with its parameters, as in a manifest.
        dtype: A dtype of `FORMATS`.

    Returns:
        The struct. Parameters that the law does not have are 0.
    """
    parameters = {name: float(law[name]) for name in _PARAMETERS if name in law}
    return RecipeStruct(seed, stream, LAWS[law["law"]], FORMATS[dtype], **parameters)


def layout() -> list[int]:
    """Returns the numbers that `winit_kernels_layout` must report, from the declarations here."""
    offsets = [getattr(RecipeStruct, field[0]).offset for field in RecipeStruct._fields_]
    return [ctypes.sizeof(RecipeStruct), *offsets, MAX_RANK, BLOCK, PANEL, SCRATCH]
