"""Embeddings whose padding row was drawn at random with the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from .. import elements
from ..findings import AuditFinding
from ..observations import Observed


def padding_rows(observed: Observed) -> Iterator[AuditFinding]:
    """Finds the embeddings of `torch.nn` with a `padding_idx` whose row is not zero.

    `torch.nn.Embedding` writes zeros there, and gives the row no gradient: a draw that covers the whole weight
    (`nn.init.normal_(embedding.weight)`) leaves a random vector that training never changes (pytorch issue 6495).
    Weights that were loaded are left alone.
    """
    for entry in observed.observations:
        owner = entry.subject.owner
        if not isinstance(owner, torch.nn.Embedding | torch.nn.EmbeddingBag) or owner.padding_idx is None:
            continue
        if entry.name.rpartition(".")[2] != "weight" or entry.tensor.ndim != 2 or entry.tensor.device.type == "meta":
            continue
        row = int(owner.padding_idx)
        if not entry.is_random or entry.subject.is_local or row >= entry.tensor.shape[0]:
            continue
        if entry.never is not None and entry.never[row].any():
            continue
        bits = elements.bits(entry.tensor[row])
        magnitude = bits & np.array(2 ** (8 * bits.dtype.itemsize - 1) - 1, bits.dtype)
        columns = np.flatnonzero(magnitude)
        if not len(columns):
            continue
        count = len(columns)
        message = (
            f"{entry.name}: row {row}, the padding_idx of its {type(owner).__name__}, is not zero in {count:,} of "
            f"{len(bits):,} elements: a later draw wrote over it, and training does not change it"
        )
        indices = np.stack([np.full(min(count, 100), row), columns[:100]], axis=-1).astype(np.int64)
        yield AuditFinding("padding_row", entry.name, message, count, indices, (), entry.allocated)
