"""The law inside `jax.jit`: elements that XLA computes, with the bits of docs/law.md."""

from __future__ import annotations

from .generating import generate

__all__ = ["generate"]
