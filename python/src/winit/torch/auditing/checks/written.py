"""Which elements were never written, and which were computed from such elements."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import elements, memory
from ..elements import Mask
from ..findings import AuditFinding, NotChecked
from ..observations import Observation, Observed
from ..regions import coordinates, region
from ..sentinels import BOOL

CERTAINTY = 48
"""How many consecutive bits must equal their sentinels in one build to prove that they were never written."""


def needs_second_build(observed: Observed) -> bool:
    """Tells whether one build leaves a question open that a second one, with other sentinels, answers."""
    return any(
        (entry.never is not None and not entry.is_certain)
        or entry.nan is not None
        or (entry.may_have_read_garbage and (entry.never is None or not entry.never.all()))
        for entry in observed.observations
    )


def after_one_build(observed: Observed) -> Iterator[AuditFinding | NotChecked]:
    """Judges one build: what chance may explain is named as not checked."""
    for entry in observed.observations:
        yield from _on_meta(entry)
        never = entry.never
        if never is not None and not entry.is_certain:
            bit_count = 1 if memory.format_of(entry.tensor.dtype) is BOOL else 8 * entry.tensor.element_size()
            proven = _runs(never, -(-CERTAINTY // bit_count))
            left = int(np.count_nonzero(never)) - int(np.count_nonzero(proven))
            if left:
                yield NotChecked(entry.name, _by_chance(left, entry.tensor.numel(), bit_count))
            never = proven if proven.any() else None
        if never is not None:
            yield _never_written(entry, never)
        if entry.nan is None:
            if entry.read_garbage and never is None:
                yield NotChecked(entry.name, _READ)
            continue
        from_garbage = entry.nan if entry.read_garbage else elements.payloads(entry.tensor, entry.nan)
        if from_garbage.any():
            yield _from_garbage(entry, from_garbage)
        rest = entry.nan & ~from_garbage
        if rest.any() and entry.subject.role != "parameter":
            yield NotChecked(entry.name, "whether its NaNs come from memory that nothing had written: audit() can tell")


def after_two_builds(first: Observed, second: Observed, *, compare: bool) -> Iterator[AuditFinding | NotChecked]:
    """Judges two builds that started from the same random state, with different sentinels.

    Args:
        first: The first build.
        second: The second build.
        compare: Whether all elements are compared, and not only those of tensors that leave a question open.
    """
    others = second.by_name()
    for entry in first.observations:
        yield from _on_meta(entry)
        if entry.tensor.device.type == "meta" or not entry.tensor.numel():
            continue
        other = others.get(entry.name)
        fits = other is not None and other.tensor.shape == entry.tensor.shape
        if other is None or not fits or other.tensor.dtype != entry.tensor.dtype:
            yield NotChecked(
                entry.name, "a second build made it otherwise: the build depends on more than random numbers"
            )
            continue
        never = entry.never
        if never is not None and not entry.is_certain:
            never = None if other.never is None else never & other.never
        if never is not None and never.any():
            yield _never_written(entry, never)
        open_question = entry.nan is not None or entry.may_have_read_garbage or other.may_have_read_garbage
        if not compare and not open_question:
            continue
        differs = _differs(entry, other)
        for left in (never, entry.never if entry.is_certain else None):
            differs = differs if left is None else differs & ~left
        if not differs.any():
            continue
        proven = differs if open_question else differs & _nan(entry)
        if proven.any():
            yield _from_garbage(entry, proven)
        elif differs.any():
            yield NotChecked(entry.name, _not_reproducible(int(np.count_nonzero(differs))))


def _nan(entry: Observation) -> Mask:
    return np.zeros(tuple(entry.tensor.shape), np.bool_) if entry.nan is None else entry.nan


def _differs(entry: Observation, other: Observation) -> Mask:
    differs: Mask = np.not_equal(elements.bits(entry.tensor), elements.bits(other.tensor))
    return np.asarray(differs.any(axis=-1)) if differs.ndim > entry.tensor.ndim else differs


def _on_meta(entry: Observation) -> Iterator[AuditFinding]:
    if entry.tensor.device.type != "meta" or not entry.tensor.numel():
        return
    message = f"{_label(entry)} is still on the meta device: it has no memory, and was never written"
    everything = np.ones(tuple(entry.tensor.shape), np.bool_) if entry.tensor.numel() <= 1 << 20 else None
    indices = np.zeros((0, entry.tensor.ndim), np.int64) if everything is None else coordinates(everything)
    yield AuditFinding("never_written", entry.name, message, entry.tensor.numel(), indices)


def _never_written(entry: Observation, mask: Mask) -> AuditFinding:
    count = int(np.count_nonzero(mask))
    message = f"{_amount(entry, mask)} never written{_where(mask)}{_origin(entry)}"
    return AuditFinding("never_written", entry.name, message, count, coordinates(mask), (), entry.allocated)


def _from_garbage(entry: Observation, mask: Mask) -> AuditFinding:
    count = int(np.count_nonzero(mask))
    message = f"{_amount(entry, mask)} computed from memory that nothing had written{_where(mask)}"
    if entry.record is not None and entry.record.read_garbage:
        message += f"; an operation read it at {entry.record.read_garbage}"
    return AuditFinding("computed_from_garbage", entry.name, message, count, coordinates(mask), (), entry.allocated)


def _amount(entry: Observation, mask: Mask) -> str:
    count, size = int(np.count_nonzero(mask)), mask.size
    if size == 1:
        return f"{_label(entry)}: its element was"
    if count == size:
        return f"{_label(entry)}: all {size:,} elements were"
    return f"{_label(entry)}: {count:,} of {size:,} elements {'was' if count == 1 else 'were'}"


def _label(entry: Observation) -> str:
    return f"{entry.name} ({entry.subject.description})"


def _where(mask: Mask) -> str:
    place = region(mask)
    return f", {place}" if place else ""


def _origin(entry: Observation) -> str:
    if entry.record is None or not entry.record.fills:
        return ""
    fill = entry.record.fills[0]
    by = {"to_empty": " by Module.to_empty", "materialize": " by materialize"}.get(fill.by, "")
    return f"; allocated{by} at {fill.place}" if fill.place else ""


def _runs(mask: Mask, length: int) -> Mask:
    """Returns the elements of a mask that are part of a run of at least `length` in row-major order."""
    flat = mask.reshape(-1)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flat, [False])).astype(np.int8)))
    kept = np.zeros_like(flat)
    for start, stop in edges.reshape(-1, 2):
        if stop - start >= length:
            kept[start:stop] = True
    return kept.reshape(mask.shape)


def _by_chance(count: int, size: int, bit_count: int) -> str:
    return (
        f"whether {count:,} of {size:,} elements were written: they equal what their memory was filled with. Chance "
        f"can explain that for elements of {bit_count} bit{'' if bit_count == 1 else 's'}; audit() can tell"
    )


_OTHERWISE = "a second build made it with another shape or not at all: the build is not reproducible"
_READ = "whether it depends on memory that nothing had written: an operation read some to compute it; audit() can tell"


def _not_reproducible(count: int) -> str:
    return (
        f"whether {count:,} of its elements depend on memory that nothing had written: two builds with the same random "
        "state differ in them. They come from such memory, or from random numbers other than those of torch, numpy and "
        "random"
    )
