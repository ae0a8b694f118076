"""The laws of a model that exists, from what its own construction draws."""

from __future__ import annotations

from .deviations import Deviation, deviations
from .public import capture, recording

__all__ = ["Deviation", "capture", "deviations", "recording"]
