"""The C kernels, through ctypes: the shared library, its functions, and the choice between it and NumPy.

winit_kernels.h documents the C interface, which other programs and languages can use too. A wheel has it in `include`
beside this file, and the repository in Sources/CWinitKernels/include.
"""

from __future__ import annotations

from .choice import backend, kernel, law_arithmetic
from .kernel import Kernel, Reflections
from .library import library_path

__all__ = ["Kernel", "Reflections", "backend", "kernel", "law_arithmetic", "library_path"]
