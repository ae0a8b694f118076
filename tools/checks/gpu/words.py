"""Unit draws of words: all 2^32 words beside the SHA-256 in docs/law.md, and the words of the vector files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from winit import reference
from winit.torch.gpu.launching import values_of
from winit.torch.gpu.parameters import Parameters, binary32_bits, parameters

from ..vector_recipes import VECTORS, lines
from .place import Place

ALL_WORDS = 1 << 32

_UNIT: dict[str, Any] = {"law": "uniform", "half": 1.0, "mid": 0.0, "low": -1.0, "high": 1.0}
FORMULAS = {
    "symmetric": ("U", parameters(_UNIT)),
    "uniform": ("U", Parameters("uniform", tuple(binary32_bits(x) for x in (1.0, 0.0, -1.0, 1.0, 0, 0, 0, 0)))),
    "normal": ("Q", parameters({"law": "normal", "mean": 0.0, "std": 1.0})),
}
"""For each formula of the kernels that a unit draw has: the draw, and the parameters that leave it as it is."""


def published(draw: str) -> str:
    """Reads the SHA-256 of a draw over all words from docs/law.md."""
    text = (VECTORS.parents[1] / "docs" / "law.md").read_text(encoding="utf-8")
    found = re.search(rf"^\| {draw} \| `([0-9a-f]{{64}})` \|$", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"docs/law.md has no SHA-256 of {draw}")
    return found[1]


def sweep(formula: str, place: Place, piece: int, stop: int = ALL_WORDS, start: int = 0) -> str:
    """Draws the words start ..< stop, and returns the SHA-256 of the draws as little-endian binary32 numbers.

    Args:
        formula: A formula of `FORMULAS`.
        place: Where to draw.
        piece: How many words to draw at once. One piece is hashed while the next one is drawn.
        stop: The word after the last one.
        start: The first word.
    """
    digest = hashlib.sha256()
    with ThreadPoolExecutor(1) as hashing:
        pending: Future[None] | None = None
        for first in range(start, stop, piece):
            found = _draws(FORMULAS[formula][1], place, first, min(piece, stop - first)).cpu().numpy()
            if pending is not None:
                pending.result()
            pending = hashing.submit(digest.update, memoryview(found).cast("B"))
        if pending is not None:
            pending.result()
    return digest.hexdigest()


def reference_sweep(formula: str, stop: int, start: int = 0) -> str:
    """Returns the SHA-256 of the draws of the words start ..< stop by `winit.reference`."""
    draw = reference.uniform_draw if FORMULAS[formula][0] == "U" else reference.normal_draw
    return hashlib.sha256(
        draw(np.arange(start, stop, dtype=np.uint64).astype(np.uint32)).astype("<f4").tobytes()
    ).hexdigest()


def _draws(which: Parameters, place: Place, start: int, count: int) -> torch.Tensor:
    if start < 1 << 31 < start + count:
        raise ValueError("a piece may not have both words below 2^31 and others")
    first = start if start < 1 << 31 else start - ALL_WORDS  # as a signed integer
    return values_of(which, torch.arange(count, dtype=torch.int32, device=place.device).add_(first))


def check_vectors(place: Place) -> Iterator[str | None]:
    """Draws the words of draws.txt and truncated.txt; yields what is wrong with each file or pair of cuts, or None."""
    rows = [line.split(" ") for line in lines("draws.txt")]
    words = [row[0] for row in rows]
    for formula, (draw, which) in FORMULAS.items():
        yield _compared(f"{formula}, draws.txt", place, which, words, [row[1 if draw == "U" else 2] for row in rows])
    by_cuts: dict[tuple[str, ...], list[list[str]]] = {}
    for line in lines("truncated.txt"):
        row = line.split(" ")
        by_cuts.setdefault(tuple(row[:4]), []).append(row[4:])
    for cuts, found in by_cuts.items():
        low, high, alpha, beta = (float(np.array(int(text, 16), np.uint64).view(np.float64)) for text in cuts)
        law = {"law": "truncated_normal", "alpha": alpha, "beta": beta, "low": low, "high": high}
        bounds = {name: float(np.float32(law[name])) for name in ("low", "high")}  # type: ignore[arg-type]
        which = parameters({**law, **bounds, "mean": 0.0, "std": 1.0})
        name = f"truncated normal {low} to {high}, truncated.txt"
        yield _compared(name, place, which, [row[0] for row in found], [row[1] for row in found])


def check_truncated(place: Place, stride: int) -> Iterator[str | None]:
    """Draws every stride-th word of the truncated normal draw beside `winit.reference`."""
    words = np.arange(stride // 2, ALL_WORDS, stride, dtype=np.uint64).astype(np.uint32)
    for low, high in ((-2.0, 2.0), (-1.0, 3.0), (5.0, 30.0), (-6.0, -4.75)):
        law = reference.truncated_normal(0, 1, low, high)
        drawn = values_of(parameters(law), _tensor(words, place)).cpu().numpy()
        wanted = reference.law_values(law, words)
        wrong = np.flatnonzero(drawn.view(np.uint32) != wanted.view(np.uint32))
        first = (
            f"{wrong.size} of {words.size} differ, the first at the word {words[wrong[0]]:08x}" if wrong.size else ""
        )
        yield f"truncated normal {low} to {high}: {first}" if wrong.size else None


def _compared(name: str, place: Place, which: Parameters, words: list[str], draws: list[str]) -> str | None:
    given = np.array([int(word, 16) for word in words], np.uint32)
    wanted = np.array([int(draw, 16) for draw in draws], np.uint32)
    found = values_of(which, _tensor(given, place)).cpu().numpy().view(np.uint32)
    wrong = np.flatnonzero(found != wanted)
    return f"{name}: {wrong.size} differ, the first at the word {words[wrong[0]]}" if wrong.size else None


def _tensor(words: np.ndarray[Any, Any], place: Place) -> torch.Tensor:
    return torch.from_numpy(words.view(np.int32)).to(place.device)
