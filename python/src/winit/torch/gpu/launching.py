"""Launches of the kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from ..dtypes import count_write
from .layout import MOST_ROW_AXES, Launch, launches
from .parameters import Parameters, halves, parameters

UNALIGNED_UNITS = 256
"""Units of a program where the elements of a unit are stored one by one."""

_DRAWS = 1024

OPTIONS = {"enable_fp_fusion": False, "num_warps": 4}
"""Options of the compiler. A fused multiply-add would round once where the law rounds twice."""


def units_of_program(formula: str) -> int:
    """Returns how many units a program makes where the elements of a unit are stored together.

    They are many, so that keys and places cost little, and few enough that all numbers are in registers.
    """
    return 1024 if formula in ("symmetric", "uniform") else 512


def fill_box(
    law: Mapping[str, Any],
    seed: int,
    stream: int,
    shape: Sequence[int],
    offset: Sequence[int],
    out: torch.Tensor,
) -> None:
    """Writes the values of a law for a box, where it lies.

    Args:
        law: A law uniform, normal or truncated_normal.
        seed: The seed, 0 ..< 2^64.
        stream: The stream, 0 ..< 2^64.
        shape: The axes that count the words, row-major.
        offset: The first index of the box on each of these axes.
        out: Where to write, of the box's size: float32, float16, bfloat16 or float64, on CUDA, any strides without two
            elements at one place.
    """
    which = parameters(law)
    with _on(out.device):
        for launch in launches(shape, offset, tuple(out.shape), out.stride()):
            grid, arguments, constants = fill_arguments(launch, which, seed, stream, out)
            _kernels().fill[grid](*arguments, **constants, **OPTIONS)
    if out.numel():
        count_write(out)


def values_of(which: Parameters, words: torch.Tensor) -> torch.Tensor:
    """Computes the values of a law for given words, so that all 2^32 words can be tried.

    Args:
        which: The law.
        words: Words as int32 bit patterns, contiguous, fewer than 2^31.

    Returns:
        A float32 tensor of the shape of the words.
    """
    out = torch.empty(tuple(words.shape), dtype=torch.float32, device=words.device)
    count = words.numel()
    if count:
        with _on(out.device):
            grid = (-(-count // _DRAWS),)
            _kernels().draw[grid](words, out, count, *which.bits, LAW=which.law, BLOCK=_DRAWS, **OPTIONS)
    return out


def fill_arguments(
    launch: Launch, which: Parameters, seed: int, stream: int, out: torch.Tensor
) -> tuple[tuple[int], list[Any], dict[str, Any]]:
    """Returns the grid, the arguments and the constants of a launch of `kernels.fill`."""
    axes, row = launch.order()
    lengths = [axis.length for axis in axes[:-1]]
    words = [half for axis in axes for half in halves(axis.words)]
    memory = [half for axis in axes for half in halves(axis.memory)]
    block = units_of_program(which.law) if launch.is_aligned else UNALIGNED_UNITS
    in_integers = out.dtype == torch.bfloat16 and out.device.type == "cpu"
    target = out.as_strided((1,), (1,), out.storage_offset() + launch.place)
    arguments = [
        target.view(torch.int16) if in_integers else target,
        launch.units,
        launch.length,
        *halves(launch.first),
        *halves(seed),
        *halves(stream),
        *lengths,
        *(1,) * (MOST_ROW_AXES - len(lengths)),
        *words,
        *(0,) * (2 * (MOST_ROW_AXES + 1) - len(words)),
        *memory,
        *(0,) * (2 * (MOST_ROW_AXES + 1) - len(memory)),
        *halves(launch.step),
        *which.bits,
    ]
    constants = {
        "LAW": which.law,
        "AXES": len(axes),
        "ROW": row,
        "IS_ALIGNED": launch.is_aligned,
        "IN_INTEGERS": in_integers,
        "BLOCK": block,
    }
    return (-(-launch.units // block),), arguments, constants


def _on(device: torch.device) -> AbstractContextManager[Any]:
    """Makes a device the current one, on whose current stream Triton launches."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def _kernels() -> Any:
    from . import kernels

    return kernels
