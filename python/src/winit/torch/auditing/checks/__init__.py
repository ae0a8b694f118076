"""The checks of an audit, one file each."""

from __future__ import annotations
