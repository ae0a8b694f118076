"""The recorder: sees every operation of a thread, fills new memory with sentinels, and keeps the records."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from . import memory
from .operations import ALLOCATING, OVERWRITING, RESIZING, SCATTERING, SHAPED, Operation, operation
from .records import (
    GARBAGE,
    LOADED,
    PARTIAL,
    RANDOM,
    Draw,
    Fill,
    Record,
    Records,
    caller,
    calling_library,
    plain_tensors,
    storage_of,
)
from .sentinels import Round


class Recorder(TorchDispatchMode):  # type: ignore[misc]
    """A dispatch mode that runs each operation as it is, and then records what it did to memory."""

    supports_higher_order_operators = True  # torch.cond and flex_attention raise in modes that do not say so

    def __init__(self, records: Records, round: Round, lock: AbstractContextManager[Any]) -> None:
        """Makes a recorder.

        Args:
            records: The table to fill.
            round: Which sentinels to use.
            lock: Guards the table, which recorders of several threads may share.
        """
        super().__init__()
        self._records = records
        self._round: Round = round
        self._lock = lock

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Runs an operation and records it."""
        kwargs = kwargs or {}
        known = operation(function)
        sizes = _sizes(args) if known is not None and known.name in RESIZING else None
        result = function(*args, **kwargs)
        with self._lock:
            if known is None:
                self._made(result)
            else:
                self._record(known, args, kwargs, result, sizes)
        return result

    def _made(self, result: Any) -> None:
        """Records the results of a higher-order operator, of which nothing else is known."""
        for tensor in plain_tensors(result if isinstance(result, tuple | list) else (result,)):
            storage = storage_of(tensor)
            if storage is not None and storage.device.type != "meta" and self._records.find(storage) is None:
                self._records.add(storage)

    def _record(
        self, known: Operation, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, sizes: list[int] | None
    ) -> None:
        written = list(plain_tensors(known.arguments(args, kwargs)))
        flags = RANDOM if known.is_random else 0
        source = None
        read_at = ""
        for tensor in plain_tensors((*args, *kwargs.values())):
            storage = storage_of(tensor)
            if storage is None:
                continue
            if storage.device.type == "meta":
                source = storage
                continue
            record = self._records.find(storage) or self._seen(known, storage)
            if known.is_view or known.name in SHAPED or any(tensor is target for target in written):
                continue
            flags |= record.flags
            read_at = read_at or record.read_garbage
            if record.fills and not record.writes:
                flags |= GARBAGE
                read_at = read_at or caller()[0]
            elif record.fills and not record.covered:
                flags |= PARTIAL
                read_at = read_at or caller()[0]
        if known.name in RESIZING and sizes is not None:
            for tensor, size in zip(plain_tensors(args[:1]), sizes, strict=True):
                self._resized(tensor, size)
        else:
            for tensor in written:
                self._written(known, tensor, flags, read_at, args, kwargs)
        if known.is_view:
            return
        for tensor in plain_tensors(result if isinstance(result, tuple | list) else (result,)):
            storage = storage_of(tensor)
            if storage is None or storage.device.type == "meta":
                continue
            if known.name in ALLOCATING:
                record = self._records.add(storage)
                self._fill(record, tensor, storage, 0)
                if source is not None and known.name == "empty_like":
                    record.origin = self._records.origin(source)
            elif self._records.find(storage) is None:
                self._records.add(storage, flags=flags).read_garbage = read_at

    def _seen(self, known: Operation, storage: Any) -> Record:
        """Adds the record of a storage that is an argument and that no operation made.

        `torch.tensor` and `torch.from_numpy` hand their results to `lift_fresh`. PyTorch cannot resize the storages of
        NumPy and of files, and can resize all others.
        """
        is_foreign = not storage.resizable()
        is_lifted = known.name == "lift_fresh"
        flags = LOADED if is_foreign and not is_lifted else 0
        return self._records.add(storage, outside=is_foreign or not is_lifted, flags=flags)

    def _resized(self, tensor: Any, size: int) -> None:
        storage = storage_of(tensor)
        if storage is None or storage.device.type == "meta":
            return
        record = self._records.find(storage) or self._records.add(storage)
        record.draw = None
        if storage.nbytes() > size:
            self._fill(record, tensor, storage, size)

    def _written(
        self, known: Operation, tensor: Any, flags: int, read_at: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        storage = storage_of(tensor)
        if storage is None or storage.device.type == "meta":
            return
        record = self._records.find(storage) or self._seen(known, storage)
        is_whole = tensor.numel() * tensor.element_size() == storage.nbytes() and 0 not in tensor.stride()
        overwrites = known.name in OVERWRITING or "out" in known.written
        if not overwrites and known.name not in SCATTERING and record.fills and not record.writes:
            flags |= GARBAGE
            read_at = read_at or caller()[0]
        if overwrites and is_whole:
            initializes = not flags & LOADED and (known.name != "copy_" or flags & RANDOM)
            record.overwritten = caller()[0] if record.flags & LOADED and initializes else ""
            record.covered = True
            record.flags, record.read_garbage = flags, read_at
        else:
            record.flags |= flags
            record.read_garbage = record.read_garbage or read_at
        record.writes += 1
        record.draw = _draw(known, args, kwargs) if is_whole else None

    def _fill(self, record: Record, tensor: Any, storage: Any, start: int) -> None:
        stop = storage.nbytes()
        if stop <= start:
            return
        self._records.serial += 1
        form = memory.format_of(tensor.dtype)
        memory.fill(storage, start, stop, form, self._records.serial, self._round)
        place, by = caller()
        record.fills.append(Fill(start, stop, form, self._records.serial, place, by))


def _sizes(args: tuple[Any, ...]) -> list[int]:
    found = list[int]()
    for tensor in plain_tensors(args[:1]):
        storage = storage_of(tensor)
        found.append(0 if storage is None else storage.nbytes())
    return found


def _draw(known: Operation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Draw | None:
    """Returns the law of `normal_` and `uniform_`, whose parameters have the defaults 0 and 1."""
    if known.name not in ("normal_", "uniform_"):
        return None
    names = ("mean", "std") if known.name == "normal_" else ("from", "to")
    first = args[1] if len(args) > 1 else kwargs.get(names[0], 0.0)
    second = args[2] if len(args) > 2 else kwargs.get(names[1], 1.0)
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return None
    return Draw(known.name, float(first), float(second), calling_library())
