"""The digests of a recipe's bytes: every byte is made and hashed once, in chunks, over threads."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np

from ..errors import BadInput
from .checking import parsed_law
from .literals import CHUNK_SIZE
from .tensor_recipe import TensorRecipe

Progress: TypeAlias = "Callable[[int, int], object] | None"
"""Is called with the number of bytes that are done and the number of all bytes, in the calling thread."""

Range: TypeAlias = "tuple[TensorRecipe, int, int]"
"""A tensor, and the range [first, stop) of its chunks."""

_SMALL = 16 * CHUNK_SIZE
"""Up to this size, a tensor whose elements are not independent is made at once: ranges would repeat work."""


def chunk_digests(
    tensors: Iterable[TensorRecipe], threads: int | None = None, progress: Progress = None
) -> dict[str, list[bytes]]:
    """Computes the digests of all chunks of tensors.

    Args:
        tensors: The recipes.
        threads: How many threads to use at most; all cores by default.
        progress: Is called as the work proceeds.

    Returns:
        The raw digests of the chunks of each tensor, by its name.

    Raises:
        BadInput: If a law gives a value that the dtype cannot hold, or a literal is not at hand.
    """
    tensors = list(tensors)
    wanted = {tensor.name: tensor for tensor in tensors if tensor.tied_to is None}
    for tensor in tensors:
        if tensor.tied_to is not None and tensor.source is not None:
            wanted.setdefault(tensor.source.name, tensor.source)
    ranges = [(tensor, 0, chunk_count(tensor)) for tensor in wanted.values()]
    made = dict(zip(wanted, range_digests(ranges, threads, progress), strict=True))
    return {tensor.name: made[tensor.tied_to or tensor.name] for tensor in tensors}


def range_digests(ranges: Iterable[Range], threads: int | None = None, progress: Progress = None) -> list[list[bytes]]:
    """Computes the digests of ranges of chunks.

    Args:
        ranges: Tensors, each with the range of its chunks. A tensor that needs the whole is made once for each range.
        threads: How many threads to use at most; all cores by default.
        progress: Is called as the work proceeds.

    Returns:
        The raw digests of the chunks of each range.

    Raises:
        BadInput: If a law gives a value that the dtype cannot hold, or a literal is not at hand.
    """
    ranges = list(ranges)
    total = sum(_size(each) for each in ranges)
    made: list[list[bytes]] = [[] for _ in ranges]
    done = 0
    for number, digests, size in _spread(_pieces(ranges), _hashed, _worker_count(threads)):
        made[number] += digests
        done += size
        if progress is not None:
            progress(done, total)
    return made


def chunk_count(tensor: TensorRecipe) -> int:
    """Returns the number of chunks of a tensor."""
    return -(-tensor.byte_count // CHUNK_SIZE)


def tensor_digest(chunks: Iterable[bytes]) -> str:
    """Returns the tensor digest, "sha256:…", that follows from the digests of the chunks."""
    return "sha256:" + hashlib.sha256(b"".join(chunks)).hexdigest()


def bytes_digest(data: bytes | bytearray | memoryview) -> str:
    """Returns the tensor digest of the canonical bytes of a tensor."""
    return tensor_digest(hashlib.sha256(data[at : at + CHUNK_SIZE]).digest() for at in range(0, len(data), CHUNK_SIZE))


def _worker_count(threads: int | None) -> int:
    if threads is not None:
        if threads < 1:
            raise BadInput(f"{threads} threads cannot compute digests; use at least 1")
        return threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_Piece: TypeAlias = "tuple[int, Range]"
"""The number of a range of the caller, and the part of it that one thread makes at once."""

_Hashed: TypeAlias = "tuple[int, list[bytes], int]"
"""The number of the caller's range, the digests of a piece, and its size in bytes."""


def _size(chunks: Range) -> int:
    tensor, first, stop = chunks
    return max(min(stop * CHUNK_SIZE, tensor.byte_count) - first * CHUNK_SIZE, 0)


def _pieces(ranges: Iterable[Range]) -> Iterator[_Piece]:
    from ..filling import hash_lanes

    step = hash_lanes()  # the number of chunks that a thread has in memory
    for number, (tensor, first, stop) in enumerate(ranges):
        is_small = _size((tensor, first, stop)) <= _SMALL
        if tensor.needs_whole or (is_small and not _has_independent_chunks(tensor)):
            if first < stop:
                yield number, (tensor, first, stop)
        else:
            yield from ((number, (tensor, chunk, min(chunk + step, stop))) for chunk in range(first, stop, step))


def _has_independent_chunks(tensor: TensorRecipe) -> bool:
    return parsed_law(tensor.law_text)["law"] in ("constant", "uniform", "normal", "truncated_normal", "literal")


def _hashed(piece: _Piece) -> _Hashed:
    from ..filling import sha256

    number, (tensor, first, stop) = piece
    data = _bytes(tensor, first * CHUNK_SIZE, min(stop * CHUNK_SIZE, tensor.byte_count))
    return number, sha256([data[at : at + CHUNK_SIZE] for at in range(0, len(data), CHUNK_SIZE)]), len(data)


def literal_tensor_pieces(tensor: TensorRecipe) -> Iterator[bytes]:
    """Yields the canonical bytes of a tensor that holds literals, in chunks."""
    if tensor.needs_whole:
        yield bytes(_bytes(tensor, 0, tensor.byte_count))
        return
    for start in range(0, tensor.byte_count, CHUNK_SIZE):
        yield bytes(_bytes(tensor, start, min(start + CHUNK_SIZE, tensor.byte_count)))


def _bytes(tensor: TensorRecipe, start: int, stop: int) -> memoryview:
    """Returns a range of a tensor's canonical bytes."""
    from ..filling import fill_range, numpy_dtype

    if parsed_law(tensor.law_text)["law"] == "literal":
        if not tensor.literals:
            raise BadInput(f"the given bytes of `{tensor.name}` are not at hand. Load the recipe with its literals.")
        return memoryview(tensor.literals[0].read(start, stop))
    dtype: np.dtype[Any] = numpy_dtype(tensor.dtype)
    out = np.empty((stop - start) // dtype.itemsize, dtype)
    fill_range(tensor, start // dtype.itemsize, len(out), out, 1)
    return memoryview(out.view(np.uint8))  # type: ignore[arg-type]


def _spread(pieces: Iterator[_Piece], work: Callable[[_Piece], _Hashed], workers: int) -> Iterator[_Hashed]:
    """Yields the results of pieces, in order. At most two pieces for each worker are in memory."""
    if workers == 1:
        yield from map(work, pieces)
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    waiting = deque[Future[_Hashed]]()
    pool = ThreadPoolExecutor(workers)
    try:
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
