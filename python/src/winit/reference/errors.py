"""The error that refused recipes raise."""

from __future__ import annotations


class LawError(ValueError):
    """The law or the manifest does not allow this recipe or value."""
