"""Boxes of tensors filled on their device: one law, or parts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ...errors import BadInput
from ...recipes import TensorRecipe
from ...recipes.laws import own_laws
from .. import gpu
from .drawing import draw_box
from .expressions import Expression
from .tiling import tiles
from .values import DRAW_LAWS
from .word_boxes import WordBox


def is_supported(tensor: TensorRecipe) -> bool:
    """Tells whether tensor operations make a tensor: elementwise laws, expressions, and parts of these and literals."""
    law = tensor.law
    if law["law"] == "same_as":
        return tensor.source is not None and is_supported(tensor.source)
    if law["law"] != "parts":
        return law["law"] in DRAW_LAWS or law["law"] in ("constant", "expression")
    boxes = [_whole_box(part["box"], tensor.shape) for part in law["parts"]]
    for number, part in enumerate(law["parts"]):
        if part["law"]["law"] == "expression" and any(_meet(boxes[number], later) for later in boxes[number + 1 :]):
            return False  # the domain of an expression does not count where a later part covers it
        if part["law"]["law"] not in ("constant", "expression", *DRAW_LAWS):
            return False
    return True


def prepare(tensor: TensorRecipe, device: torch.device, dtype: torch.dtype) -> None:
    """Does what can fail before the first fill with the draws of a tensor, so that nothing is written if it does.

    Args:
        tensor: The recipe.
        device: Where it is to be filled.
        dtype: The dtype of the recipe.

    Raises:
        BadInput: If $WINIT_CUDA_BACKEND has an unknown value.
        Unavailable: If it asks for kernels that cannot be made, or a kernel computes wrong values on the device.
    """
    tensor = _target(tensor)
    for law in own_laws(tensor.law):
        draw = law.get("draw") if law["law"] == "expression" else law
        if draw is not None and draw["law"] in DRAW_LAWS:
            gpu.is_used(device, draw, torch.float32 if draw is not law else dtype)


def fill_box(tensor: TensorRecipe, offset: Sequence[int], out: torch.Tensor, *, force: str | None = None) -> None:
    """Writes the box [offset, offset + out.shape) of a tensor whose law `is_supported`.

    Args:
        tensor: The recipe.
        offset: The first index on each axis.
        out: Where to write, of the tensor's dtype and any strides.
        force: As for `draw_box`.

    Raises:
        BadInput: If an expression has no finite value at some element; then nothing was written.
        BadInput, Unavailable: As `prepare`; nothing was written.
    """
    tensor = _target(tensor)
    if out.numel() == 0:
        return
    if force is None:
        prepare(tensor, out.device, out.dtype)
    check = Expression(out.device)
    if not _has_expression(tensor.law):
        _fill(tensor, offset, out, check, force)
        return
    made = torch.empty_like(out)
    _fill(tensor, offset, made, check, force)
    if bool(check.failed):
        raise BadInput(
            f"`{tensor.name}`: an operation of the expression is outside its domain or not finite at some element. "
            "Nothing was written."
        )
    out.copy_(made)


def _fill(tensor: TensorRecipe, offset: Sequence[int], out: torch.Tensor, check: Expression, force: str | None) -> None:
    if tensor.law["law"] != "parts":
        words_of = WordBox(tensor.seed, tensor.stream, tensor.shape, tuple(offset), tuple(out.shape))
        _paint(tensor.law, words_of, offset, out, check, force)
        return
    parts = tensor.law["parts"]
    boxes = [_whole_box(part["box"], tensor.shape) for part in parts]
    asked = [(start, start + length) for start, length in zip(offset, out.shape, strict=True)]
    if parts[0]["box"]:  # only in a recipe by hand is the first part not the whole tensor
        out.zero_()
    for number, (part, box) in enumerate(zip(parts, boxes, strict=True)):
        both = [(max(a, c), min(b, d)) for (a, b), (c, d) in zip(box, asked, strict=True)]
        if any(start >= stop for start, stop in both) or any(_covers(later, both) for later in boxes[number + 1 :]):
            continue
        size = tuple(stop - start for start, stop in both)
        place = out[tuple(slice(a - o, b - o) for (a, b), o in zip(both, offset, strict=True))]
        within = tuple(start - first for (start, _), (first, _) in zip(both, box, strict=True))
        if "stream" in part:
            shape = tuple(stop - start for start, stop in box)
            words_of = WordBox(tensor.seed, int(part["stream"]), shape, within, size)
        else:
            words_of = WordBox(tensor.seed, tensor.stream, tensor.shape, tuple(start for start, _ in both), size)
        _paint(part["law"], words_of, within, place, check, force)


def _paint(
    law: Mapping[str, Any],
    words: WordBox,
    coordinates: Sequence[int],
    out: torch.Tensor,
    check: Expression,
    force: str | None,
) -> None:
    """Writes one law; `words` are those of the box, and `coordinates` what the first element's indices are."""
    if law["law"] == "constant":
        out.fill_(law["value"])
        return
    if law["law"] in DRAW_LAWS:
        draw_box(law, words, out, force=force)
        return
    for place, tile in tiles(out):

        def draws(place: Sequence[int] = place, tile: torch.Tensor = tile) -> torch.Tensor:
            made = torch.empty(tuple(tile.shape), dtype=torch.float32, device=out.device)
            draw_box(law["draw"], words.box(place, tile.shape), made, force=force)
            return made

        first = [start + step for start, step in zip(coordinates, place, strict=True)]
        tile.copy_(check.values(law["tree"], first, tile.shape, draws))
        # finite in binary32 is not yet finite in the dtype
        check.failed |= ~torch.isfinite(tile).all()


def _whole_box(box: Sequence[Sequence[int]], shape: Sequence[int]) -> list[tuple[int, int]]:
    """Completes a box of a manifest, which leaves out trailing axes that it covers whole."""
    ranges = [(int(start), int(stop)) for start, stop in box]
    return ranges + [(0, length) for length in shape[len(ranges) :]]


def _meet(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> bool:
    return all(max(s, t) < min(e, f) for (s, e), (t, f) in zip(a, b, strict=True))


def _covers(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> bool:
    return all(s <= t and f <= e for (s, e), (t, f) in zip(a, b, strict=True))


def _target(tensor: TensorRecipe) -> TensorRecipe:
    """Returns the recipe that gives the elements: for a tied tensor, its target's."""
    while tensor.law["law"] == "same_as" and tensor.source is not None:
        tensor = tensor.source
    return tensor


def _has_expression(law: Mapping[str, Any]) -> bool:
    return any(each["law"] == "expression" for each in own_laws(law))
