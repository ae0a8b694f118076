"""Known numbers as laws: constants, identities, parts of constants, and else a literal."""

from __future__ import annotations

import math
from typing import Any

import torch

from ...recipes import BytesLiteral
from .mixing import constant_boxes
from .values import Tensor, whole

_FLOAT8 = ("float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float8_e4m3fnuz", "float8_e5m2fnuz")

DTYPES = {
    torch.float64: "float64", torch.float32: "float32", torch.float16: "float16", torch.bfloat16: "bfloat16",
    torch.int64: "int64", torch.int32: "int32", torch.int16: "int16", torch.int8: "int8",
    torch.uint64: "uint64", torch.uint32: "uint32", torch.uint16: "uint16", torch.uint8: "uint8",
    torch.bool: "bool", torch.complex64: "complex64",
    **{getattr(torch, name): name for name in _FLOAT8 if hasattr(torch, name)},
}  # fmt: skip
"""The dtypes of a manifest, by PyTorch's."""

MAXIMUM_PARTS = 8
"""Numbers that need more parts than this, or parts of fewer elements on average, become a literal."""

_LITERAL_ONLY = ("complex64", "float8")


def known_law(tensor: Tensor) -> tuple[dict[str, Any], tuple[BytesLiteral, ...]]:
    """Returns the law of known numbers, and the bytes of its literal.

    Args:
        tensor: A CPU tensor of the tensor's dtype and shape.
    """
    if tensor.numel() == 0 and not DTYPES[tensor.dtype].startswith(_LITERAL_ONLY):
        return {"law": "constant", "value": 0}, ()
    if not DTYPES[tensor.dtype].startswith(_LITERAL_ONLY):
        law = _short_law(tensor)
        if law is not None:
            return law, ()
    return {"law": "literal"}, (BytesLiteral(canonical_bytes(tensor)),)


def _short_law(tensor: Tensor) -> dict[str, Any] | None:
    boxes = constant_boxes(tensor, MAXIMUM_PARTS)
    if boxes is None:
        return _eye(tensor) or _dirac(tensor)
    laws = [(box, _constant(number)) for box, number in boxes]
    if any(law is None for _, law in laws):
        return None
    if len(laws) == 1:
        return laws[0][1]
    identity = _eye(tensor) or _dirac(tensor)
    if identity is not None or tensor.numel() < MAXIMUM_PARTS * len(laws):
        return identity
    # The most frequent number is the base.
    sizes: dict[Any, int] = {}
    for box, law in laws:
        sizes[law["value"]] = sizes.get(law["value"], 0) + math.prod(b - a for a, b in box)  # type: ignore[index]
    base = max(sizes, key=lambda value: sizes[value])
    parts: list[dict[str, Any]] = [{"box": [], "law": {"law": "constant", "value": base}}]
    for box, law in laws:
        if law is not None and law["value"] != base:
            parts.append({"box": trimmed(box, tuple(tensor.shape)), "law": law})
    return {"law": "parts", "parts": parts}


def trimmed(box: tuple[tuple[int, int], ...], shape: tuple[int, ...]) -> list[list[int]]:
    """Returns a box as a manifest has it: without the ranges at its end that cover a whole axis."""
    ranges = [list(r) for r in box]
    full = whole(shape)
    while ranges and tuple(ranges[-1]) == full[len(ranges) - 1]:
        ranges.pop()
    return ranges


def canonical_bytes(tensor: Tensor) -> bytes:
    """Returns the bytes of a CPU tensor: row-major and little-endian."""
    flat = tensor.detach().contiguous().reshape(-1)
    if flat.numel() == 0:
        return b""
    data: bytes = flat.view(torch.uint8).numpy().tobytes() if flat.dtype != torch.bool else flat.numpy().tobytes()
    return data


def _constant(number: Tensor) -> dict[str, Any] | None:
    """Returns the law of a constant, if the law gives exactly this number."""
    value = number.item()
    if isinstance(value, bool):
        return {"law": "constant", "value": int(value)}
    if isinstance(value, int):
        return {"law": "constant", "value": value} if abs(value) <= 2**53 else None
    if isinstance(value, complex) or not math.isfinite(value) or (value == 0 and math.copysign(1, value) < 0):
        return None
    rounded = torch.tensor(value, dtype=torch.float32).item()
    return {"law": "constant", "value": value} if rounded == value else None


def _eye(tensor: Tensor) -> dict[str, Any] | None:
    if tensor.dim() != 2 or not tensor.is_floating_point() or min(tensor.shape) < 2:
        return None
    law = _constant(tensor[0, 0])
    if law is None or law["value"] == 0:
        return None
    wanted = torch.zeros_like(tensor).fill_diagonal_(law["value"])
    return {"law": "eye", "value": law["value"]} if _equal(tensor, wanted) else None


def _dirac(tensor: Tensor) -> dict[str, Any] | None:
    """Recognizes `torch.nn.init.dirac_` (docs/law.md, `dirac`)."""
    if tensor.dim() < 3 or not tensor.is_floating_point():
        return None
    outputs, inputs = int(tensor.shape[0]), int(tensor.shape[1])
    ones = int((tensor != 0).sum())
    for groups in (g for g in range(1, outputs + 1) if outputs % g == 0 and g * min(outputs // g, inputs) == ones):
        wanted = torch.zeros_like(tensor)
        per_group = outputs // groups
        channel = torch.arange(outputs)
        within = channel % per_group
        channel, within = channel[within < inputs], within[within < inputs]
        wanted[(channel, within, *(n // 2 for n in tensor.shape[2:]))] = 1
        if _equal(tensor, wanted):
            return {"law": "dirac", "groups": groups}
    return None


def _equal(a: Tensor, b: Tensor) -> bool:
    """Compares bits, so that −0 is not 0."""
    same: bool = torch.equal(a.contiguous().view(torch.uint8), b.contiguous().view(torch.uint8))
    return same
