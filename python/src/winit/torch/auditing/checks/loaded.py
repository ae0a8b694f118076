"""Parameters that were loaded from a file and initialized again afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..findings import AuditFinding
from ..observations import Observed


def loaded_overwritten(observed: Observed) -> Iterator[AuditFinding]:
    """Finds tensors whose loaded elements a draw or a constant replaced as a whole.

    transformers 5 initializes a module of which one tensor was missing in the checkpoint; an `_init_weights` that calls
    `module.weight.data.normal_()` then replaces the tensors that were loaded too.
    """
    for entry in observed.observations:
        if entry.record is None or not entry.record.overwritten:
            continue
        message = f"{entry.name}: its elements were loaded, and initialized again at {entry.record.overwritten}"
        nothing = np.zeros((0, entry.tensor.ndim), np.int64)
        yield AuditFinding("loaded_overwritten", entry.name, message, entry.tensor.numel(), nothing)
