"""The comparison of a kernel with the CPU before it is first used on a device."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ...errors import Unavailable
from ...filling import fill_box
from ...recipes import TensorRecipe, law_text
from ..dtypes import dtype_name, memory_of
from .launching import fill_box as fill_by_kernel
from .parameters import parameters

_COUNT = 4099
"""Elements that are compared: aligned ones, and a rest."""

_SEED, _STREAM = 2**64 - 59, 2**63 + 1234567891234

_LAWS: dict[str, Mapping[str, Any]] = {
    "symmetric": {"law": "uniform", "half": 1.0, "mid": 0.0, "low": -1.0, "high": 1.0},
    "uniform": {
        **{"law": "uniform", "half": 0.057544171810150146, "mid": 1.0242135524749756},
        **{"low": 0.9666694402694702, "high": 1.0817577838897705},
    },
    "normal": {"law": "normal", "mean": 0.10000000149011612, "std": 0.019999999552965164},
    "truncated_normal": {
        **{"law": "truncated_normal", "alpha": 0.02275013194817921, "beta": 0.9986501019683699},
        **{"low": -2.0, "high": 3.0, "mean": 0.5, "std": 0.019999999552965164},
    },
}
"""A law for each formula of the kernels."""

_found: dict[tuple[torch.device, str, torch.dtype], str | None] = {}
_lock = threading.Lock()


def why_unusable(device: torch.device, law: Mapping[str, Any], dtype: torch.dtype) -> str | None:
    """Returns why a kernel cannot be made for the formula of a law, or None if it can be and is right.

    The answer is kept until the process ends.

    Raises:
        Unavailable: If the kernel computes wrong values.
    """
    formula = parameters(law).law
    key = (device, formula, dtype)
    with _lock:
        if key not in _found:
            _found[key] = _checked(device, formula, dtype)
        return _found[key]


def _checked(device: torch.device, formula: str, dtype: torch.dtype) -> str | None:
    law, name = _LAWS[formula], dtype_name(dtype)
    assert name is not None, "the caller checks the dtype"
    recipe = TensorRecipe("known answer", (_COUNT,), name, law_text(law), _STREAM, _SEED)
    expected = fill_box(recipe, (0,), (_COUNT,), threads=1)
    out = torch.zeros(_COUNT, dtype=dtype, device=device)
    try:
        fill_by_kernel(law, _SEED, _STREAM, (_COUNT,), (0,), out)
        found = memory_of(out.cpu())
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # whatever Triton, its compilers and the driver raise
        return f"Triton cannot make its kernels on {device}: {type(error).__name__}: {str(error)[:200]}"
    if not np.array_equal(found.view(np.uint8), expected.view(np.uint8)):
        raise Unavailable(
            f"the kernel that Triton made for the law {law['law']} in {name} computes wrong values on {device}. Please "
            "report the GPU and the versions of its driver, PyTorch and Triton. WINIT_CUDA_BACKEND=torch does without "
            "Triton."
        )
    return None
