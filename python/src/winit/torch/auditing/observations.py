"""Observations: what one build shows of each tensor of a module, before anything is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import elements, memory
from .elements import Mask
from .findings import NotChecked
from .records import GARBAGE, PARTIAL, RANDOM, Record, Records
from .registrations import Registrations
from .sentinels import Round
from .tensors import ModuleTensor, module_tensors, obstacle


@dataclass
class Observation:
    """What one build shows of one tensor.

    Attributes:
        subject: The tensor, under its first name.
        aliases: Its other names.
        record: What is known of its storage.
        never: Which elements hold their sentinels; None if no element does.
        nan: Which other elements are NaN; None if no element is.
    """

    subject: ModuleTensor
    aliases: list[str]
    record: Record | None
    never: Mask | None = None
    nan: Mask | None = None

    @property
    def name(self) -> str:
        """The first name of the tensor."""
        return self.subject.name

    @property
    def tensor(self) -> Any:
        """The tensor."""
        return self.subject.tensor

    @property
    def is_certain(self) -> bool:
        """Whether an element that equals its sentinel was never written, and does not equal it by chance."""
        if self.record is None or self.tensor.element_size() >= 4:
            return True
        form = memory.format_of(self.tensor.dtype)
        return form.nan != 0 and all(fill.form == form for fill in self.record.fills)

    @property
    def is_random(self) -> bool:
        """Whether the elements depend on a draw of random numbers."""
        return self.record is not None and bool(self.record.flags & RANDOM)

    @property
    def read_garbage(self) -> bool:
        """Whether an operation computed the elements from memory that nothing had written."""
        return self.record is not None and bool(self.record.flags & GARBAGE)

    @property
    def may_have_read_garbage(self) -> bool:
        """Whether that is so, or may be so: it was computed from memory whose parts were written one by one."""
        return self.record is not None and bool(self.record.flags & (GARBAGE | PARTIAL))

    @property
    def allocated(self) -> str:
        """Where the memory was allocated; "" if that is not known."""
        return self.record.fills[0].place if self.record is not None and self.record.fills else ""

    @property
    def watched_count(self) -> int:
        """How many elements were compared with a sentinel."""
        return self.tensor.numel() if self.record is not None and self.record.fills else 0


@dataclass
class Observed:
    """What one build shows of a module.

    Attributes:
        module: The module.
        tensors: All its tensors, under all their names.
        observations: The tensors whose elements were looked at, tied ones once.
        not_checked: The others, and why.
        records: The records of storages.
        registrations: The registrations of parameters.
    """

    module: Any
    tensors: Sequence[ModuleTensor]
    observations: Sequence[Observation]
    not_checked: list[NotChecked]
    records: Records
    registrations: Registrations

    def by_name(self) -> dict[str, Observation]:
        """Returns the observations by the first names of their tensors."""
        return {observation.name: observation for observation in self.observations}


def observe(module: Any, records: Records, registrations: Registrations, round: Round) -> Observed:
    """Looks at every tensor of a module.

    Args:
        module: The module.
        records: The records of the build.
        registrations: The registrations of the build.
        round: Which sentinels the build had.
    """
    tensors = list(module_tensors(module))
    observations = dict[Any, Observation]()
    not_checked = list[NotChecked]()
    for subject in tensors:
        reason = obstacle(subject.tensor)
        if reason is not None:
            not_checked.append(NotChecked(subject.name, reason))
            continue
        place = subject.place
        if place in observations:
            observations[place].aliases.append(subject.name)
            continue
        observation = Observation(subject, [], subject.record(records))
        observations[place] = observation
        if subject.tensor.device.type == "meta" or not subject.tensor.numel():
            continue
        if observation.record is None or (observation.record.outside and not observation.record.covered):
            is_foreign = not subject.storage.resizable()
            not_checked.append(NotChecked(subject.name, _FOREIGN if is_foreign else _UNSEEN))
        _look(observation, round)
    return Observed(module, tensors, list(observations.values()), not_checked, records, registrations)


_FOREIGN = "whether it was written: its memory is that of a file or of NumPy"
_UNSEEN = "whether it was written: its memory was made before the audit watched, or in another thread"


def _look(observation: Observation, round: Round) -> None:
    if observation.record is not None and observation.record.fills:
        observation.never = elements.never_written(observation.tensor, observation.record, round)
    nan = elements.nans(observation.tensor)
    if nan is not None and observation.never is not None:
        nan = nan & ~observation.never
    observation.nan = nan if nan is not None and np.any(nan) else None
