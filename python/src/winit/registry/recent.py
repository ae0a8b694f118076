"""The chunks that were read last, so that a loop over the rows of a tensor reads and checks each chunk once."""

from __future__ import annotations

_MOST = 8  # MiB


class RecentChunks:
    """Up to 8 checked chunks, found by their SHA-256. Safe to use from several threads."""

    def __init__(self) -> None:
        """Makes an empty store."""
        self._chunks: dict[bytes, bytes | memoryview] = {}

    def get(self, digest: bytes) -> bytes | memoryview | None:
        """Returns the chunk with a digest, or None."""
        return self._chunks.get(digest)

    def add(self, digest: bytes, data: bytes | memoryview) -> None:
        """Keeps a checked chunk, and forgets the oldest one. A part of a larger buffer is copied."""
        chunks = dict(self._chunks)
        while len(chunks) >= _MOST:
            del chunks[next(iter(chunks))]
        chunks[digest] = bytes(data)
        self._chunks = chunks  # a change in one step, which another thread or a fork sees whole

    def clear(self) -> None:
        """Forgets all chunks."""
        self._chunks = {}
