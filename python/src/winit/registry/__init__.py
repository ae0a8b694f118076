"""Registries: read with SQLite alone, and written by the command."""

from __future__ import annotations

from .checking import Identified
from .chunks import DamageWarning
from .history import HistoryEntry
from .registry import Registry
from .run import Run
from .run_tensor import RunTensor

__all__ = ["DamageWarning", "HistoryEntry", "Identified", "Registry", "Run", "RunTensor"]
