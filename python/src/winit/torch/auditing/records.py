"""What is known of each storage that PyTorch used while an audit watched."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from .sentinels import Format

RANDOM = 1
"""The elements depend on a draw of random numbers."""

GARBAGE = 2
"""The elements were computed from memory that nothing had written."""

LOADED = 4
"""The elements come from a file."""

PARTIAL = 8
"""The elements were computed from memory that no operation wrote as a whole; several may have written its parts."""


@dataclass(frozen=True)
class Fill:
    """A range of bytes that was filled with sentinels.

    Attributes:
        start: The first byte.
        stop: The end.
        form: How the elements were filled.
        serial: The number of the allocation.
        place: Where the memory was allocated, such as "model.py:12 in Block.__init__".
        by: The function of PyTorch that the code there called, such as "to_empty".
    """

    start: int
    stop: int
    form: Format
    serial: int
    place: str
    by: str


@dataclass(frozen=True)
class Draw:
    """A draw that wrote a whole storage.

    Attributes:
        name: "normal_" or "uniform_".
        first: The mean, or the lower bound.
        second: The standard deviation, or the upper bound.
        library: The top package of the code that called PyTorch, such as "transformers".
    """

    name: str
    first: float
    second: float
    library: str


@dataclass
class Record:
    """What is known of one storage.

    Attributes:
        reference: A weak reference. While it lives, no other storage has the same key.
        outside: Whether the storage was first seen as an argument: other code than PyTorch's operations made it.
        covered: Whether an operation wrote all of it.
        fills: The ranges that were filled with sentinels.
        writes: How many operations wrote it after that.
        flags: `RANDOM`, `GARBAGE`, `LOADED`, `PARTIAL`.
        draw: The draw that wrote the whole storage last, if nothing wrote it since.
        origin: The key of the storage on the meta device that it was made from (`to_empty`).
        read_garbage: Where an operation computed the elements from memory that nothing had written; "" if none did.
        overwritten: Where an initialization wrote over loaded elements; "" if none did.
    """

    reference: StorageWeakRef
    outside: bool = False
    covered: bool = False
    fills: list[Fill] = field(default_factory=list)
    writes: int = 0
    flags: int = 0
    draw: Draw | None = None
    origin: int | None = None
    read_garbage: str = ""
    overwritten: str = ""


class Records:
    """The records of all storages that still exist, by the address of PyTorch's storage object."""

    def __init__(self) -> None:
        """Makes an empty table."""
        self._records: dict[int, Record] = {}
        self._origins: dict[int, StorageWeakRef] = {}
        self._limit = 4096
        self.serial = 0

    def find(self, storage: Any) -> Record | None:
        """Returns the record of a storage."""
        return self._records.get(storage._cdata)

    def add(self, storage: Any, *, outside: bool = False, flags: int = 0) -> Record:
        """Adds the record of a storage that has none, or replaces it."""
        if len(self._records) >= self._limit:
            self._records = {key: kept for key, kept in self._records.items() if not kept.reference.expired()}
            self._limit = max(4096, 2 * len(self._records))
        record = Record(StorageWeakRef(storage), outside=outside, flags=flags)
        self._records[storage._cdata] = record
        return record

    def origin(self, storage: Any) -> int:
        """Returns a key of a storage on the meta device, which no other storage gets."""
        key: int = storage._cdata
        if key not in self._origins:
            self._origins[key] = StorageWeakRef(storage)
        return key


def plain_tensors(values: Iterable[Any]) -> Iterable[Any]:
    """Iterates over the tensors with memory of their own in the arguments or results of an operation.

    A wrapper subclass such as DTensor gives the tensors that it holds.
    """
    for value in values:
        if isinstance(value, torch.Tensor):
            if is_traceable_wrapper_subclass(value):
                yield from plain_tensors(inner_tensors(value).values())
            else:
                yield value
        elif isinstance(value, list | tuple):
            yield from plain_tensors(value)


def inner_tensors(wrapper: Any) -> dict[str, Any]:
    """Returns the tensors that a wrapper subclass holds, by the names of its attributes."""
    names, _ = wrapper.__tensor_flatten__()
    found = {name: getattr(wrapper, name) for name in names}
    return {name: value for name, value in found.items() if isinstance(value, torch.Tensor)}


def storage_of(tensor: Any) -> Any | None:
    """Returns the storage of a tensor; None for sparse, quantized and nested ones, which the audit does not check."""
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_nested:
        return None
    try:
        return tensor.untyped_storage()
    except (NotImplementedError, RuntimeError):  # a subclass without memory of its own
        return None


def caller() -> tuple[str, str]:
    """Returns where the code of the user is that allocates now, and the function of PyTorch that it called."""
    frame = sys._getframe(1)
    by = ""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        top = module.partition(".")[0]
        if not module.startswith("winit.torch.auditing") and top not in ("torch", "contextlib"):
            code = frame.f_code
            name = getattr(code, "co_qualname", code.co_name)
            return f"{_short(code.co_filename)}:{frame.f_lineno} in {name}", by
        if top == "torch" and module != "torch.utils._contextlib":
            by = frame.f_code.co_name
        frame = frame.f_back  # type: ignore[assignment]
    return "", by


def calling_library() -> str:
    """Returns the top package of the code that calls PyTorch now."""
    frame = sys._getframe(1)
    while frame is not None:
        top: str = frame.f_globals.get("__name__", "").partition(".")[0]
        if top not in ("torch", "winit", "contextlib"):
            return top
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def _short(path: str) -> str:
    """Returns a path relative to the current directory if it is below it, else its last two parts."""
    here = os.getcwd() + os.sep
    if path.startswith(here):
        return path[len(here) :]
    parts = path.replace("\\", "/").split("/")
    return "/".join(parts[-2:])
