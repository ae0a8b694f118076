"""The command line of the package: `python -m winit`."""

from __future__ import annotations

from .main import main

__all__ = ["main"]
