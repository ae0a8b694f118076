"""The values of draws for a box, by the kernels of Triton or by tensor operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from .. import gpu
from .tiling import tiles
from .values import law_values
from .word_boxes import WordBox


def draw_box(law: Mapping[str, Any], words: WordBox, out: torch.Tensor, *, force: str | None = None) -> None:
    """Writes the values of a law of `DRAW_LAWS` for a box.

    Args:
        law: The law.
        words: The words of the box.
        out: Where to write, of the box's size and a floating-point dtype; any strides.
        force: "operations" for tensor operations also where there are kernels, "triton" for kernels also on the CPU,
            for tests.
    """
    if force == "triton" or (force is None and gpu.is_used(out.device, law, out.dtype)):
        from ..gpu.launching import fill_box

        fill_box(law, words.seed, words.stream, words.shape, words.offset, out)
        return
    for place, tile in tiles(out):
        tile.copy_(law_values(law, words.box(place, tile.shape).words(out.device)))  # rounds once to the dtype
