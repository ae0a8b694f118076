"""Parameters with elements that are NaN or infinite, although they were written."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import elements, memory
from ..findings import AuditFinding
from ..observations import Observed
from ..regions import coordinates, region


def not_finite(observed: Observed, explained: set[str]) -> Iterator[AuditFinding]:
    """Finds parameters that are not finite.

    Args:
        observed: What a build shows.
        explained: The names of tensors that have a finding about elements never written, or computed from such.
    """
    for entry in observed.observations:
        if entry.subject.role != "parameter" or entry.name in explained or not memory.format_of(entry.tensor.dtype).nan:
            continue
        if entry.tensor.device.type == "meta" or entry.tensor.is_complex():
            continue
        array = elements.bits(entry.tensor)
        form = memory.format_of(entry.tensor.dtype)
        infinity = np.array(form.nan ^ (form.payload + 1), array.dtype)
        mask = (array & np.array(form.nan | form.payload, array.dtype)) >= infinity
        if not mask.any():
            continue
        count, place = int(np.count_nonzero(mask)), region(mask)
        message = f"{entry.name}: {count:,} of {mask.size:,} elements are NaN or infinite" + (
            f", {place}" if place else ""
        )
        yield AuditFinding("not_finite", entry.name, message, count, coordinates(mask), (), entry.allocated)
