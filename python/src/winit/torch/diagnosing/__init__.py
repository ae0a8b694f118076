"""The diagnosis of a real model: what one pass forward and backward shows before training."""

from __future__ import annotations

from .diagnose_model import diagnose

__all__ = ["diagnose"]
