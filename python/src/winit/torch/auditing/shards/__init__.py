"""The audit of a sharded module: what ranks that hold parts of one module tell each other, and what is wrong then."""

from __future__ import annotations

from .distributed import audit_distributed

__all__ = ["audit_distributed"]
