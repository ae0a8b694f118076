"""The reader of safetensors headers, which is at least as strict as the official reader."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import BadInput
from ..quoting import quoted, shown
from ..recipes.checking import checked_shape
from ..recipes.dtypes import SAFETENSORS_CODES, byte_count, fills_whole_bytes
from ..recipes.literals import open_regular
from ..strict_json import parse

_LONGEST_HEADER = 100_000_000
_DTYPES = {code: dtype for dtype, code in SAFETENSORS_CODES.items()}


@dataclass(frozen=True)
class Entry:
    """A tensor of a file.

    Attributes:
        name: The name of the tensor.
        dtype: Its dtype as docs/manifest.md names it.
        shape: The lengths of its axes.
        offset: Where its bytes begin in the file.
        byte_count: The number of its bytes.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    byte_count: int


@dataclass(frozen=True)
class Header:
    """The header of a file.

    Attributes:
        path: The absolute path of the file.
        entries: The tensors by name, in the order of the header.
        metadata: The texts of `__metadata__`.
    """

    path: str
    entries: Mapping[str, Entry]
    metadata: Mapping[str, str] = field(default_factory=dict)


def read_header(path: str | os.PathLike[str]) -> Header:
    """Reads the header of a safetensors file; no byte of a tensor is read.

    Args:
        path: The path of the file.

    Returns:
        The header. The tensors cover the rest of the file without gaps and overlaps.

    Raises:
        BadInput: If the file is not a valid safetensors file.
        NotFound: If there is no file.
        Unavailable: If it cannot be read.
    """
    path = os.path.abspath(os.fspath(path))
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            if size < 8:
                raise BadInput(f"it has {size} bytes, and the length of a header alone has 8")
            length = int.from_bytes(file.read(8), "little")
            if length > min(_LONGEST_HEADER, size - 8):
                raise BadInput(f"its header would have {length} bytes, and the file has {size}")
            text = file.read(length)
            if len(text) != length or not text.startswith(b"{"):
                raise BadInput("its header is not an object")
            return _header(path, parse(text, integers_only=True), 8 + length, size)
        except BadInput as error:
            raise BadInput(f"{path}: not a safetensors file: {error}") from None


def _header(path: str, document: dict[str, Any], start: int, size: int) -> Header:
    metadata = document.pop("__metadata__", None)
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise BadInput("its `__metadata__` is not an object of texts")
    entries = {name: _entry(name, value, start, size) for name, value in document.items()}
    end = start
    for entry in sorted(entries.values(), key=lambda entry: (entry.offset, entry.byte_count)):
        if entry.offset != end:
            raise BadInput(f"tensor {quoted(entry.name)} does not begin where the one before it ends")
        end += entry.byte_count
    if end != size:
        raise BadInput(f"its tensors end at byte {end}, and the file has {size} bytes")
    return Header(path, entries, metadata)


def _entry(name: str, value: object, start: int, size: int) -> Entry:
    if not isinstance(value, dict):
        raise BadInput(f"tensor {quoted(name)} is not an object")
    try:
        code = value.get("dtype")
        dtype = _DTYPES.get(code) if isinstance(code, str) else None
        if dtype is None:
            raise BadInput("its dtype is missing or unknown")
        if not isinstance(value.get("shape"), list):
            raise BadInput("its shape is missing")
        shape = checked_shape(value["shape"])
        offsets = value.get("data_offsets")
        if not isinstance(offsets, list) or len(offsets) != 2 or not all(type(at) is int for at in offsets):
            raise BadInput("its `data_offsets` are not two integers")
        begin, end = offsets
        if not 0 <= begin <= end <= size - start:
            raise BadInput(f"its `data_offsets` {begin} and {end} are not within the file")
        count = math.prod(shape)
        if not fills_whole_bytes(dtype, count) or byte_count(dtype, count) != end - begin:
            raise BadInput(f"{dtype} {shown(shape)} does not have {end - begin} bytes")
    except BadInput as error:
        raise BadInput(f"tensor {quoted(name)}: {error}") from None
    return Entry(name, dtype, shape, start + begin, end - begin)
