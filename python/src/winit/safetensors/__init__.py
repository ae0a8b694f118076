"""Safetensors files: a strict reader of headers, and a writer. Bytes are read when they are needed."""

from __future__ import annotations

from .reading import Entry, Header, read_header
from .writing import header_bytes

__all__ = ["Entry", "Header", "header_bytes", "read_header"]
