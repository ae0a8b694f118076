"""Comparison of weights with a recipe or a run: findings that name tensor, element, both values and the likely cause.

findings = compare(model.state_dict(), recipe)  # an empty list if every bit is right
verify(model.state_dict(), "gpt2@sha256:e6dc")  # raises winit.Mismatch
"""

from __future__ import annotations

from .comparison import compare, verify
from .report import mismatch
from .weights import Weights, held_weights

__all__ = ["Weights", "compare", "held_weights", "mismatch", "verify"]
