"""winit for JAX: sharded arrays and trees of arrays whose elements are those of a recipe or a run, also inside jit."""

from __future__ import annotations

from .arrays import make_array
from .in_jit import generate
from .trees import make_tree

__all__ = ["generate", "make_array", "make_tree"]
