"""Recipes as checkpoints of `torch.distributed.checkpoint`: a reader, and the file system `winit://`."""

from __future__ import annotations

from .reader import RecipeReader

__all__ = ["RecipeReader"]
