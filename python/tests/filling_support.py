"""What the tests of the filling engine share: the implementations, vectors, and the reference's values."""

from __future__ import annotations

import ctypes
import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checks.vector_recipes import VECTORS as VECTORS
from checks.vector_recipes import from_json as from_json
from checks.vector_recipes import lines as lines
from checks.vector_recipes import recipe as recipe
from checks.vector_recipes import vector_recipes as vector_recipes
from winit import TensorRecipe, reference
from winit.filling.raw import raw_dtype
from winit.kernels import Kernel, library_path
from winit.kernels.library import load
from winit.kernels.structs import KERNELS

REPOSITORY = Path(__file__).resolve().parents[2]

NO_KERNELS = f"there is no {library_path()}: run python/build_kernels.py"
needs_kernels = pytest.mark.skipif(not library_path().is_file(), reason=NO_KERNELS)


def implementations() -> list[Any]:
    """NumPy, and every kernel that this processor runs, by the values of $WINIT_KERNEL."""
    if not library_path().is_file():
        return ["scalar", pytest.param("native", marks=needs_kernels)]
    library = load(library_path())
    return ["scalar"] + [n for n, number in KERNELS.items() if number and library.winit_kernel_is_available(number)]


def whole(tensor: TensorRecipe) -> np.ndarray[Any, Any]:
    """All elements by the reference, as `raw_dtype`."""
    data = reference.canonical_bytes(tensor.seed, reference_tensor(tensor))
    return np.frombuffer(data, raw_dtype(tensor.dtype)).reshape(tensor.shape)


def reference_tensor(tensor: TensorRecipe) -> reference.Tensor:
    source = None if tensor.source is None else reference_tensor(tensor.source)
    literals = tuple(literal.read(0, literal.byte_count) for literal in tensor.literals)
    return reference.Tensor(
        tensor.name, tensor.dtype, tensor.shape, tensor.law, tensor.stream, tensor.seed, literals, source  # type: ignore[arg-type]
    )  # fmt: skip


def bits(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The bits of elements as unsigned integers, so that zeros of both signs and NaNs differ."""
    return np.ascontiguousarray(values).view(np.dtype(f"<u{values.itemsize}"))


def same_bits(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    return a.shape == b.shape and np.array_equal(bits(a), bits(b))


def random_box(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    offset = tuple(int(rng.integers(0, n + 1)) for n in shape)
    return offset, tuple(int(rng.integers(0, n - start + 1)) for n, start in zip(shape, offset, strict=True))


@contextmanager
def arithmetic_mode(mode: int) -> Iterator[None]:
    """Runs the calling thread with these bits of MXCSR set; x86-64 with glibc only."""
    libm = ctypes.CDLL("libm.so.6")
    saved, changed = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
    libm.fegetenv(saved)
    libm.fegetenv(changed)
    # MXCSR is the last word of glibc's fenv_t.
    word = ctypes.c_uint32.from_buffer(changed, 28)
    word.value |= mode
    libm.fesetenv(changed)
    try:
        yield
    finally:
        libm.fesetenv(saved)


def current_mode() -> int:
    """The bits of MXCSR that are not flags of past exceptions."""
    libm = ctypes.CDLL("libm.so.6")
    saved = ctypes.create_string_buffer(64)
    libm.fegetenv(saved)
    return ctypes.c_uint32.from_buffer(saved, 28).value & ~0x3F


def count(shape: tuple[int, ...]) -> int:
    return math.prod(shape)


SOURCES = REPOSITORY / "Sources" / "CWinitKernels"
KERNEL_NAMES = [name for name in implementations() if isinstance(name, str) and name != "scalar"]
SHA_LENGTHS = [*range(0, 9), *range(54, 67), *range(118, 131), 1000, 4096, 65535, 1 << 20, (1 << 20) + 1]


def named(name: str) -> Kernel:
    return Kernel(load(library_path()), KERNELS[name])


def compiler(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"there is no {' or '.join(names)}")
    return found
