"""Literals: bytes that were given, and that no law gives."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

import numpy as np

from ..errors import BadInput, NotFound, Unavailable
from ..quoting import quoted

CHUNK_SIZE = 1 << 20
"""The length of a chunk in bytes (docs/law.md, "Digests")."""


class Literal(Protocol):
    """A source of given bytes. Implementations are picklable and safe to use from several threads."""

    @property
    def byte_count(self) -> int:
        """The number of bytes."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """Reads the bytes start ..< stop; raises `winit.BadInput` if they are not those that were recorded."""
        ...


@dataclass(frozen=True)
class BytesLiteral:
    """Given bytes in memory.

    Attributes:
        data: All bytes, canonical: row-major and little-endian.
    """

    data: bytes = field(repr=False)

    @property
    def byte_count(self) -> int:
        """The number of bytes."""
        return len(self.data)

    def read(self, start: int, stop: int) -> bytes:
        """Returns the bytes start ..< stop."""
        return self.data[start:stop]


@dataclass(frozen=True)
class FileLiteral:
    """Given bytes in a range of a file, read when they are needed.

    Before the first byte is given out, the whole range is compared with the digest; after that, each chunk is compared
    with what it was then. So a file that changes is an error, and never another value.

    Attributes:
        path: The absolute path of the file.
        offset: Where the range begins.
        byte_count: The length of the range.
        name: The name of the tensor, for errors.
        digest: The tensor digest of the range, "sha256:…"; None if it is not known.
    """

    path: str
    offset: int
    byte_count: int
    name: str
    digest: str | None = None
    _chunks: list[bytes] = field(default_factory=list, init=False, repr=False, compare=False)

    def read(self, start: int, stop: int) -> bytes:
        """Reads the bytes start ..< stop.

        Raises:
            BadInput: If the file does not hold the bytes of the digest, or changed since it was read first.
            NotFound: If there is no file any more.
            Unavailable: If the file cannot be read.
        """
        if stop <= start:
            return b""
        if not self._chunks:
            self._check_all()
        first, last = start // CHUNK_SIZE, (stop - 1) // CHUNK_SIZE
        data = self._bytes(first * CHUNK_SIZE, min((last + 1) * CHUNK_SIZE, self.byte_count))
        for index in range(first, last + 1):
            chunk = data[(index - first) * CHUNK_SIZE : (index - first + 1) * CHUNK_SIZE]
            if hashlib.sha256(chunk).digest() != self._chunks[index]:
                raise BadInput(f"{self.path} changed while it was in use: the literal {quoted(self.name)} differs")
        return data[start - first * CHUNK_SIZE : stop - first * CHUNK_SIZE]

    def _check_all(self) -> None:
        chunks = [
            hashlib.sha256(self._bytes(at, min(at + CHUNK_SIZE, self.byte_count))).digest()
            for at in range(0, self.byte_count, CHUNK_SIZE)
        ]
        found = "sha256:" + hashlib.sha256(b"".join(chunks)).hexdigest()
        if self.digest is not None and found != self.digest:
            raise BadInput(
                f"{self.path}: the literal {quoted(self.name)} has the digest {found}, "
                f"and the recipe names {self.digest}"
            )
        self._chunks[:] = chunks

    def _bytes(self, start: int, stop: int) -> bytes:
        with open_regular(self.path) as file:
            try:
                file.seek(self.offset + start)
                data = file.read(stop - start)
            except OSError as error:
                raise Unavailable(f"{self.path} cannot be read: {error.strerror}") from None
        if len(data) != stop - start:
            raise BadInput(f"{self.path} was cut short: the literal {quoted(self.name)} is not complete")
        return data

    def __getstate__(self) -> dict[str, object]:
        """Leaves out what was read from the file, because another process reads the file itself."""
        return self.__dict__ | {"_chunks": []}


@dataclass(frozen=True)
class BoxLiteral:
    """The bytes of a box of a tensor whose bytes are all given.

    Attributes:
        whole: The bytes of the tensor.
        shape: The shape of the tensor.
        box: The range [start, stop] on each axis.
        item_size: The size of an element in bytes.
    """

    whole: Literal
    shape: tuple[int, ...]
    box: tuple[tuple[int, int], ...]
    item_size: int

    @property
    def byte_count(self) -> int:
        """The number of bytes of the box."""
        return math.prod(stop - start for start, stop in self.box) * self.item_size

    def read(self, start: int, stop: int) -> bytes:
        """Reads the bytes start ..< stop of the box in its row-major order."""
        if stop <= start:
            return b""
        # The box consists of contiguous extents: rows of it, over the trailing axes that it covers whole.
        axis = len(self.shape)
        while axis > 0 and self.box[axis - 1] == (0, self.shape[axis - 1]):
            axis -= 1
        inner = math.prod(self.shape[axis:]) * self.item_size
        length = inner * (self.box[axis - 1][1] - self.box[axis - 1][0]) if axis else inner
        outer = [stop_ - start_ for start_, stop_ in self.box[: max(axis - 1, 0)]]
        pieces = list[bytes]()
        for index in range(start // length, (stop - 1) // length + 1):
            place = 0
            coordinates = np.unravel_index(index, outer) if outer else ()
            for along, length_of_axis in enumerate(self.shape[:axis]):
                coordinate = int(coordinates[along]) if along < len(outer) else 0
                place = place * length_of_axis + self.box[along][0] + coordinate
            begin, end = max(start - index * length, 0), min(stop - index * length, length)
            pieces.append(self.whole.read(place * inner + begin, place * inner + end))
        return b"".join(pieces)


@contextlib.contextmanager
def open_regular(path: str) -> Iterator[BinaryIO]:
    """Opens a regular file for reading; never waits for a pipe or a device.

    Args:
        path: The path.

    Raises:
        NotFound: If there is no file.
        BadInput: If it is not a regular file.
        Unavailable: If it cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise Unavailable(f"{path} cannot be opened: {getattr(error, 'strerror', None) or error}") from None
    with os.fdopen(descriptor, "rb") if _is_regular(descriptor) else _refused(path, descriptor) as file:
        yield file


def _is_regular(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def _refused(path: str, descriptor: int) -> BinaryIO:
    os.close(descriptor)
    raise BadInput(f"{path} is not a regular file")
