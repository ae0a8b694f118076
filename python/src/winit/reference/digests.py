"""Chunk and tensor digests (docs/law.md, "Digests")."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from .dtypes import item_bits, item_size
from .fill import canonical_bytes, is_made_in_ranges
from .tensor import Tensor

CHUNK_SIZE = 1 << 20
"""The length of a chunk in bytes. The last chunk of a tensor may be shorter."""


def digest_of_chunks(chunks: Iterable[bytes]) -> str:
    """Computes a tensor digest from the chunks (docs/law.md, "Digests").

    Args:
        chunks: The chunks in order.

    Returns:
        "sha256:" and the SHA-256, in hex, of the chunks' raw SHA-256 digests.
    """
    outer = hashlib.sha256()
    for chunk in chunks:
        outer.update(hashlib.sha256(chunk).digest())
    return "sha256:" + outer.hexdigest()


def tensor_chunks(seed: int, tensor: Tensor) -> Iterator[bytes]:
    """Makes a tensor's canonical bytes one chunk at a time (docs/law.md, "Digests").

    Args:
        seed: The seed of the run, 0 ..< 2^64.
        tensor: The recipe.

    Yields:
        The chunks in order, of 2^20 bytes each; the last may be shorter.

    Raises:
        LawError: If the dtype cannot hold the values, or the bytes do not follow from the law.
    """
    if not is_made_in_ranges(tensor) or item_bits(tensor.dtype) % 8 != 0:
        data = canonical_bytes(seed, tensor)
        yield from (data[start : start + CHUNK_SIZE] for start in range(0, len(data), CHUNK_SIZE))
        return
    step = CHUNK_SIZE // item_size(tensor.dtype)
    for start in range(0, tensor.count, step):
        yield canonical_bytes(seed, tensor, start, min(start + step, tensor.count))


def tensor_digest(seed: int, tensor: Tensor) -> str:
    """Makes a tensor and computes its digest (docs/law.md, "Digests").

    Args:
        seed: The seed of the run, 0 ..< 2^64.
        tensor: The recipe.

    Returns:
        The digest, "sha256:" and hex.

    Raises:
        LawError: If the dtype cannot hold the values, or the bytes do not follow from the law.
    """
    return digest_of_chunks(tensor_chunks(seed, tensor))
