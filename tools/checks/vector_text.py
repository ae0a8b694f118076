"""How the files under Tests/Vectors are written."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from winit import reference
from winit.reference import Floats, Words

MADE = "Made by tools/checks/vectors.py with NumPy."


def hex32(array: Words | Floats) -> list[str]:
    """The bits of each element, as eight hex digits."""
    return [f"{bits:08x}" for bits in np.ascontiguousarray(array).view(np.uint32).tolist()]


def hex64(value: float) -> str:
    """The bits of a binary64 number, as sixteen hex digits."""
    return np.float64(value).tobytes()[::-1].hex()


def from_hex64(bits: str) -> float:
    """The binary64 number with these bits."""
    return float(np.frombuffer(bytes.fromhex(bits)[::-1], dtype="<f8")[0])


def text_file(comments: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    lines = [f"# {line}" for line in comments] + [" ".join(map(str, row)) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def json_lines(comments: Iterable[str], rows: Iterable[object]) -> bytes:
    lines = [f"# {line}" for line in comments] + [reference.canonical_json(row).decode() for row in rows]
    return ("\n".join(lines) + "\n").encode()
