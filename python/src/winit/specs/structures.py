"""Where the outputs and the batch of a matrix or a kernel are: what a spec says beside the init (docs/spec.md)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import BadInput
from ..quoting import shown

Keys = dict[str, Any]
"""`layout` and `fans` of a tensor, a rule or a part."""


def structure_keys(law: Mapping[str, Any], shape: Sequence[int], box: Sequence[Sequence[int]]) -> Keys:
    """Finds the `layout` and the `fans` with which a scheme resolves to a law.

    Args:
        law: A law from `eye` to `sparse`.
        shape: The shape of the tensor.
        box: The ranges of the part; none for a whole tensor.

    Returns:
        The keys; none where the layout `torch` is right.

    Raises:
        BadInput: If no layout and no fans give the law.
    """
    held = _held(shape, box)
    dropped = len(shape) - len(held)
    batch = [axis + dropped for axis in law.get("batch", [])]
    for keys in _candidates(len(shape), dropped, batch):
        if _resolved(law["law"], keys, held, dropped, bool(box)) == _wanted(law):
            return keys
    raise BadInput(
        f"no layout and no fans give the law {law['law']} of {shown(held)}, batch {shown(batch)}; save the recipe"
    )


def _held(shape: Sequence[int], box: Sequence[Sequence[int]]) -> list[int]:
    """Returns the shape that a box has for a matrix or a kernel: without its leading axes of length 1."""
    held = [stop - start for start, stop in box] + list(shape[len(box) :])
    while box and len(held) > 1 and held[0] == 1:
        held.pop(0)
    return held


def matrix_shape(law: Mapping[str, Any], shape: Sequence[int], box: Sequence[Sequence[int]]) -> list[int]:
    """Returns the shape of one matrix or kernel of a law, without the axes of its batch."""
    held = _held(shape, box)
    return [length for axis, length in enumerate(held) if axis not in law.get("batch", [])]


def _wanted(law: Mapping[str, Any]) -> tuple[object, list[int]]:
    detail: object = None
    if law["law"] == "orthogonal":
        detail = law["rows"]
    elif law["law"] == "dirac":
        detail = law.get("layout", "torch")
    elif law["law"] == "delta_orthogonal":
        detail = law.get("layout", "keras")
    return detail, list(law.get("batch", []))


def _candidates(rank: int, dropped: int, batch: list[int]) -> Iterator[Keys]:
    if not batch:
        yield from ({}, {"layout": "keras"})
    else:
        yield from ({"fans": {"batch": batch}}, {"layout": "keras", "fans": {"batch": batch}})
    rest = [axis for axis in range(dropped, rank) if axis not in batch]
    for split in range(1, len(rest)):
        yield {"fans": {"in": rest[split:], "out": rest[:split], **({"batch": batch} if batch else {})}}
    if len(rest) >= 2:
        for inputs, outputs in ((rest[1:2], rest[:1]), (rest[-2:-1], rest[-1:])):
            yield {"fans": {"in": inputs, "out": outputs, **({"batch": batch} if batch else {})}}


def _resolved(name: str, keys: Keys, held: list[int], dropped: int, is_box: bool) -> tuple[object, list[int]] | None:
    """Returns the detail of the law and the batch that the command would resolve; None if it would refuse."""
    fans = keys.get("fans", {})
    batch = sorted(axis - dropped for axis in fans.get("batch", []) if axis >= dropped)
    if is_box and batch and "in" not in fans:
        others = [axis for axis in range(len(held)) if axis not in batch]
        for axis in others[:-1]:
            if held[axis] != 1:
                break
            batch = sorted([*batch, axis])
    kept = [axis for axis in range(len(held)) if axis not in batch]
    dims = [held[axis] for axis in kept]
    if name == "orthogonal":
        return _rows(keys, dims, kept, dropped), batch
    if name in ("dirac", "delta_orthogonal"):
        return _layout(keys, kept, dropped), batch
    return None, batch


def _places(axes: Sequence[int], kept: list[int], dropped: int) -> list[int]:
    return sorted(kept.index(axis - dropped) for axis in axes if axis - dropped in kept)


def _rows(keys: Keys, dims: list[int], kept: list[int], dropped: int) -> int | None:
    if len(dims) <= 1:
        return 1
    if "in" not in keys.get("fans", {}):
        return dims[0] if keys.get("layout", "torch") == "torch" else math.prod(dims[:-1])
    outputs = _places(keys["fans"]["out"], kept, dropped)
    if outputs == list(range(len(outputs))):
        return math.prod(dims[: len(outputs)])
    if outputs == list(range(len(dims) - len(outputs), len(dims))):
        return math.prod(dims[: len(dims) - len(outputs)])
    return None


def _layout(keys: Keys, kept: list[int], dropped: int) -> str | None:
    if "in" not in keys.get("fans", {}):
        return str(keys.get("layout", "torch"))
    inputs, outputs = (_places(keys["fans"][key], kept, dropped) for key in ("in", "out"))
    if outputs == [0] and inputs == [1]:
        return "torch"
    return "keras" if inputs == [len(kept) - 2] and outputs == [len(kept) - 1] else None
