"""The values of elementwise laws in float32 tensors (docs/law.md, "Laws and their parameters")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from .draws import normal_draw, truncated_draw, uniform_draw

DRAW_LAWS = frozenset({"uniform", "normal", "truncated_normal"})
"""The laws that need the element's word alone."""


def law_values(law: Mapping[str, Any], words: torch.Tensor) -> torch.Tensor:
    """Computes the values of a law of `DRAW_LAWS` for words as int32 bit patterns.

    Parameters are binary32 numbers (binary64 for alpha and beta), so that a Python float passes them on exactly.
    """
    if law["law"] == "uniform":
        values = uniform_draw(words).mul_(float(law["half"])).add_(float(law["mid"]))
        return values.clamp_(float(law["low"]), float(law["high"]))
    if law["law"] == "normal":
        return normal_draw(words).mul_(float(law["std"])).add_(float(law["mean"]))
    bounds = (float(law[name]) for name in ("alpha", "beta", "low", "high"))
    return truncated_draw(words, *bounds).mul_(float(law["std"])).add_(float(law["mean"]))
