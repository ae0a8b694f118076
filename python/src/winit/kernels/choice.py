"""Which implementation fills: $WINIT_BACKEND and $WINIT_KERNEL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from ..errors import BadInput, Unavailable
from .kernel import Kernel
from .library import check_answer, library_path, load
from .structs import KERNELS


def backend() -> Literal["native", "numpy"]:
    """Says what fills tensors: the C kernels (`native`) or NumPy (`numpy`). Both give the same bits.

    The kernels are used where this installation has them. The environment variable `WINIT_BACKEND` forces one of the
    two; `WINIT_KERNEL` names an instruction set, as for the command `winit-registry` (`avx512`, `avx2`, `sse2`, `neon`;
    `scalar` is NumPy here). Both are read at each call.

    Returns:
        "native" or "numpy".

    Raises:
        BadInput: If a variable has an unknown value, or names a kernel that the processor does not have.
        Unavailable: If `native` is forced and the kernels are missing, or the library of the kernels is not usable.

    Example:
        >>> import winit
        >>> winit.backend() in ("native", "numpy")
        True
    """
    return "numpy" if kernel() is None else "native"


def kernel() -> Kernel | None:
    """Returns the kernel that fills tensors, or None if NumPy does; raises as `backend`."""
    wanted = os.environ.get("WINIT_BACKEND", "")
    if wanted not in ("", "native", "numpy"):
        raise BadInput(f"WINIT_BACKEND is `{wanted[:80]}`, but must be `native` or `numpy`, or not set")
    name = os.environ.get("WINIT_KERNEL", "")
    if wanted == "numpy" or (name == "scalar" and wanted == ""):
        return None
    path, name = library_path(), name or "best"
    loaded = _loaded.get((path, name))
    if loaded is not None:
        return loaded
    if not path.is_file():
        if wanted == "native":
            raise Unavailable(
                f"WINIT_BACKEND is `native`, but this installation has no kernels: there is no {path}. Install a wheel "
                "for your platform, or build with clang or the package ziglang; or set WINIT_BACKEND=numpy."
            )
        return None
    _loaded[path, name] = loaded = _load(path, name)
    return loaded


@contextmanager
def law_arithmetic(using: Kernel | None = None) -> Iterator[None]:
    """Puts the calling thread into the floating-point mode of the law, if there are kernels to do it with.

    Numbers that are read or rounded in another mode may become other numbers.

    Args:
        using: The kernel to set the mode with; by default, the one in use.
    """
    using = kernel() if using is None else using
    if using is None:
        yield
        return
    mode = using.arithmetic_enter()
    try:
        yield
    finally:
        using.arithmetic_leave(mode)


_loaded: dict[tuple[Path, str], Kernel] = {}


def _load(path: Path, name: str) -> Kernel:
    library = load(path)
    usable = [other for other, number in KERNELS.items() if number > 0 and library.winit_kernel_is_available(number)]
    if name != "best" and name not in usable:
        raise BadInput(
            f"WINIT_KERNEL is `{name[:80]}`, but must name a kernel that this processor runs: {', '.join(usable)}"
        )
    check_answer(path, library, KERNELS[name])
    return Kernel(library, KERNELS[name])
