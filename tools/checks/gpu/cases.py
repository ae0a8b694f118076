"""Boxes at every edge of the kernels: lanes, units, programs, strides, and words beyond 2^32."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from winit import TensorRecipe, reference
from winit.reference import Law, Tensor
from winit.torch.dtypes import memory_of

SEED = 2**64 - 5  # both halves of the key are large
DTYPES = ("float32", "bfloat16", "float16", "float64")

DRAWS: dict[str, Law] = {
    "uniform around 0": reference.uniform(-0.05, 0.05),
    "uniform": reference.uniform(-0.3, 0.1),
    "normal": reference.normal(0.1, -0.02),
    "normal, subnormal": reference.normal(0, 1e-39),
    "truncated normal": reference.truncated_normal(0.5, 0.02, -1, 3),
}
"""A law for each formula of the kernels, and one whose values are subnormal in binary32."""

_CUT: Any = {
    **{"law": "uniform", "half": 0.057544171810150146, "mid": 1.0242135524749756},
    **{"low": 0.9666694402694702, "high": 1.0817577838897705},
}
"""A uniform law whose half and mid are rounded, so that the largest draws would be outside."""

LAWS: dict[str, Law] = {
    **DRAWS,
    "uniform, cut": _CUT,
    "uniform, subnormal": reference.uniform(-1e-39, 1e-39),
    "truncated normal, last tail": reference.truncated_normal(0, 1, 5, 30),
    "truncated normal, narrow": reference.truncated_normal(0, 1, 1, 1.0000001),
    "constant": reference.constant(0.1),
    "log-uniform": reference.log_uniform(0.001, 0.1),
    "parts": {
        "law": "parts",
        "parts": [
            {"box": [], "law": reference.normal(0, 0.02)},
            {"box": [[3, 4]], "law": reference.constant(0.0)},
            {"box": [[5, 9], [2, 5]], "law": reference.uniform(-1, 1), "stream": "12345"},
            {"box": [[11, 17], [64, 65]], "law": reference.truncated_normal(0, 1)},
        ],
    },
}


_PROGRAMS = (2048, 4096, 8192)
"""Elements of a program of the kernel, by formula, and of several ones."""


@dataclass(frozen=True)
class Box:
    """A box of a tensor, and how it lies in memory.

    Attributes:
        shape: The shape of the tensor.
        offset: The first index on each axis.
        size: The lengths of the box.
        layout: "whole" (row-major), "reversed" (column-major), "gaps" (every second column of wider memory), or
            "shifted" (row-major, one element after the beginning of the memory).
    """

    shape: tuple[int, ...]
    offset: tuple[int, ...]
    size: tuple[int, ...]
    layout: str = "whole"

    def memory(self, dtype: torch.dtype, device: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Allocates memory that is NaN all over, and returns it and the view of the box in it."""
        extra = 1 if self.layout == "shifted" else 0
        size = self.size if self.layout != "gaps" else (*self.size[:-1], 2 * self.size[-1] + 3)
        base = torch.full((math.prod(size) + 2 * extra,), math.nan, dtype=dtype, device=device)
        if self.layout == "reversed":
            return base, base.view(tuple(reversed(size))).permute(tuple(reversed(range(len(size)))))
        view = base[extra : extra + math.prod(size)].view(size)
        return base, view[..., 1 : 1 + 2 * self.size[-1] : 2] if self.layout == "gaps" else view


def boxes() -> Iterator[Box]:
    """Lists boxes."""
    for length in (1, 2, 3, 4, 5, 7, 8, 31, 63, 64, 65, *(n + k for n in _PROGRAMS for k in (-1, 0, 1, 6))):
        yield Box((length,), (0,), (length,))
    for lane in (1, 2, 3, 6):
        for length in (1, 4, 63, 66, 131):
            yield Box((1000,), (lane,), (length,))
            yield Box((1000,), (lane,), (length,), "shifted")
    yield Box((), (), ())
    yield Box((5, 0), (0, 0), (5, 0))
    for layout in ("whole", "reversed", "gaps", "shifted"):
        yield Box((17, 65), (0, 0), (17, 65), layout)
        yield Box((17, 64), (2, 0), (13, 32), layout)  # aligned rows of a column shard
        yield Box((17, 64), (2, 3), (13, 31), layout)
        yield Box((24, 160), (1, 5), (3, 150), layout)  # rows with an aligned middle, if they lie side by side
        yield Box((3, 5, 7, 2), (1, 1, 2, 0), (2, 3, 4, 2), layout)
        yield Box((2, 3, 2, 3, 2, 9), (0, 1, 0, 1, 0, 2), (2, 2, 2, 2, 2, 5), layout)  # more axes than the kernel has
    yield Box((300, 3), (0, 1), (300, 1))
    for start in (2**32, 2**33, 2**34, 2**35, 2**52):  # 2^34 elements are 2^32 blocks
        yield Box((127, 2**53), (0, start - 3), (1, 70))
    yield Box((127, 2**53), (63, 2**53 - 9), (64, 9))
    yield Box((2**20, 2**20), (2**19 + 1, 2**18 - 2), (5, 11))
    yield Box((2**20, 2**20), (2**14 - 1, 2**20 - 68), (2, 68))


def expected(recipe: TensorRecipe, box: Box) -> np.ndarray[Any, Any]:
    """Makes the elements of a box by `winit.reference`."""
    law: Any = recipe.law
    tensor = Tensor(recipe.name, recipe.dtype, recipe.shape, law, recipe.stream, recipe.seed)
    made: np.ndarray[Any, Any] = reference.fill_box(recipe.seed, tensor, box.offset, box.size)
    return made


def differences(base: torch.Tensor, view: torch.Tensor, values: np.ndarray[Any, Any]) -> str | None:
    """Returns what is wrong with filled memory, or None.

    Args:
        base: The memory, which was NaN all over.
        view: The box in it, which was filled.
        values: The elements that the box must hold, as bits.
    """
    found = memory_of(view.cpu().contiguous())
    bits = np.dtype(f"<u{found.dtype.itemsize}")
    wrong = np.flatnonzero(np.ascontiguousarray(found).view(bits) != np.ascontiguousarray(values).view(bits))
    if wrong.size:
        return f"{wrong.size} of {found.size} elements differ, the first at {wrong[0]} of the box"
    view.fill_(math.nan)
    return None if bool(torch.isnan(base).all()) else "memory outside of the box was written"
