"""Replicas that differ: ranks that hold the same part of a tensor, or all of it, with other elements.

Nothing in PyTorch notices it. FSDP2 with replicas (HSDP) does not compare them, and training goes on with a model for
each replica (allenai/OLMo-core#319).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..found import ShardFinding, ShardNotChecked, ranks_text
from ..layouts import MARKED, SHAPES
from ..records import DTENSOR, PARAMETER, SPLIT, Records


def different_replicas(named: dict[int, Records]) -> Iterator[ShardFinding | ShardNotChecked]:
    """Finds tensors whose replicas differ.

    A plain tensor is a replica on each rank that has its name, unless `sharded` names it. Plain buffers are compared
    only if they look drawn: a rank may have a table of its own, such as that of its positions.
    """
    for name, rows in named.items():
        parts, digests = np.unique(np.unique(rows[["part", "digest"]])["part"], return_counts=True)
        for part in parts[digests > 1]:
            same = rows[rows["part"] == part]
            order = int(same["order"].min())
            flags = int(same["flags"][0])
            if not flags & DTENSOR:
                if len(np.unique(same["shape"])) > 1:
                    yield ShardNotChecked(name, SHAPES, order)
                    break
                if (same["flags"] & SPLIT).any():
                    yield ShardNotChecked(name, MARKED, order)
                    break
                if not flags & PARAMETER and not same["head"].any():
                    break
            yield ShardFinding("replicas_differ", name, _message(same), int(same["count"][0]), order)
            break


def _message(rows: Records) -> str:
    digests, counts = np.unique(rows["digest"], return_counts=True)
    usual = digests[np.argmax(counts)] if counts.max() > 1 else rows["digest"][0]
    odd = rows["rank"][rows["digest"] != usual].tolist()
    like = rows["rank"][rows["digest"] == usual].tolist()
    is_dtensor = bool(rows["flags"][0] & DTENSOR)
    what = "the same part of it" if is_dtensor else "a replica of it"
    cure = (
        "Draw replicas from one seed, broadcast them, or fill them by winit.torch.init_"
        if is_dtensor
        else "Broadcast it, or fill it by winit.torch.init_. If each rank holds a part or a tensor of its own, pass "
        "sharded="
    )
    return f"{{tensor}}: {ranks_text(like + odd)} hold {what}, and it differs on {ranks_text(odd)}. {cure}"
