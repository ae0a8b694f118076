"""winit for JAX: sharded arrays and trees of arrays whose elements are those of a recipe or a run."""

from __future__ import annotations

from .arrays import make_array
from .trees import make_tree

__all__ = ["make_array", "make_tree"]
