"""The shared library of the kernels: where it is, and whether it is the right one."""

from __future__ import annotations

import ctypes
import hashlib
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Unavailable
from .structs import VERSION_MAJOR, VERSION_MINOR, RecipeStruct, layout, recipe_struct

_FOLDER = Path(__file__).resolve().parent
_REMEDY = "Install winit-registry again, or set WINIT_BACKEND=numpy to do without the kernels."

_SIZE, _POINTER, _U64, _U32, _I32 = (
    ctypes.c_size_t,
    ctypes.c_void_p,
    ctypes.c_uint64,
    ctypes.c_uint32,
    ctypes.c_int32,
)
_FUNCTIONS = {
    "winit_kernel_best": (_U32, ()),
    "winit_kernel_is_available": (_I32, (_U32,)),
    "winit_kernel_name": (ctypes.c_char_p, (_U32,)),
    "winit_fill": (_U32, (_U32, ctypes.POINTER(RecipeStruct), _U64, _U64, _POINTER)),
    "winit_fill_box": (
        _U32,
        (_U32, ctypes.POINTER(RecipeStruct), _SIZE, _POINTER, _POINTER, _POINTER, _POINTER, _U64, _POINTER),
    ),
    "winit_orthogonal_reflect": (_U32, (_U32, _POINTER, _SIZE, _SIZE, _SIZE, _POINTER, _POINTER, _POINTER)),
    "winit_orthogonal_apply": (
        _U32,
        (_U32, _POINTER, _SIZE, _SIZE, _POINTER, _POINTER, _I32, _SIZE, _SIZE, _POINTER),
    ),
    "winit_update": (
        _U32,
        (_U32, _POINTER, _SIZE, _POINTER, _SIZE, _SIZE, _POINTER, _SIZE, _SIZE, _SIZE, _I32),
    ),
    "winit_sha256": (_U32, (_U32, _SIZE, _POINTER, _POINTER, _POINTER)),
    "winit_sha256_lanes": (_SIZE, (_U32,)),
    "winit_arithmetic_enter": (_U64, ()),
    "winit_arithmetic_leave": (None, (_U64,)),
}

# The SHA-256 of 4096 elements each of three laws, which winit.reference computes too.
_ANSWER = "5cf1ab94c8bbb9012e2be022e4718b3959156a1513ce10b16babc8aca5cff018"
_ANSWER_SEED, _ANSWER_STREAM = 42, 1234567891234
ANSWER_LAWS: tuple[dict[str, Any], ...] = (
    {"law": "uniform", "half": 1.0, "mid": 0.0, "low": -1.0, "high": 1.0},
    {"law": "normal", "mean": 0.0, "std": 1.0},
    {
        **{"law": "truncated_normal", "alpha": 0.02275013194817921, "beta": 0.9772498680518208},
        **{"low": -2.0, "high": 2.0, "mean": 0.0, "std": 1.0},
    },
)


@cache
def library_path() -> Path:
    """Returns where the library of this platform is, whether it exists or not."""
    names = {"win32": "winit_kernels.dll", "darwin": "libwinit_kernels.dylib"}
    return _FOLDER / names.get(sys.platform, "libwinit_kernels.so")


@cache
def load(path: Path) -> ctypes.CDLL:
    """Loads a library and checks its version and its layouts.

    Args:
        path: The file.

    Returns:
        The library, with the types of its functions set. Its functions release the GIL.

    Raises:
        Unavailable: If the file cannot be loaded, or is not the library that this module is written for.
    """
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise Unavailable(f"cannot load the kernels {path}: {error}. {_REMEDY}") from error
    try:
        library.winit_kernels_version.restype, library.winit_kernels_version.argtypes = _U32, ()
        library.winit_kernels_layout.restype, library.winit_kernels_layout.argtypes = _SIZE, (_POINTER, _SIZE)
        _check_interface(path, library)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as error:
        raise Unavailable(f"{path} is not the library of the kernels: {error}. {_REMEDY}") from error
    return library


def _check_interface(path: Path, library: ctypes.CDLL) -> None:
    version = int(library.winit_kernels_version())
    major, minor = version >> 16, version & 0xFFFF
    if major != VERSION_MAJOR or minor < VERSION_MINOR:
        raise Unavailable(
            f"the kernels {path} have the interface {major}.{minor}, and this winit needs "
            f"{VERSION_MAJOR}.{VERSION_MINOR}. {_REMEDY}"
        )
    expected = layout()
    numbers = (_SIZE * len(expected))()
    if library.winit_kernels_layout(numbers, len(expected)) < len(expected) or list(numbers) != expected:
        raise Unavailable(f"the kernels {path} lay out their structs as {list(numbers)}, not {expected}. {_REMEDY}")


def check_answer(path: Path, library: ctypes.CDLL, number: int) -> None:
    """Compares the values of a kernel with a known answer, in microseconds.

    A compiler that fused multiplications and additions would change them.

    Raises:
        Unavailable: If they differ.
    """
    values = np.empty((len(ANSWER_LAWS), 4096), np.float32)
    for law, out in zip(ANSWER_LAWS, values, strict=True):
        recipe = recipe_struct(_ANSWER_SEED, _ANSWER_STREAM, law, "float32")
        library.winit_fill(number, recipe, 0, out.size, out.ctypes.data)
    if hashlib.sha256(values.tobytes()).hexdigest() != _ANSWER:
        raise Unavailable(f"the kernels {path} compute wrong values on this machine. {_REMEDY}")
