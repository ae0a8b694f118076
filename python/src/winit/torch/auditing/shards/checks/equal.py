"""Parts that were drawn from one random state: on several ranks, or of several tensors.

With CPU offload of FSDP2, every draw starts from the same state on every rank (pytorch/pytorch#196562): the shards of a
tensor are equal, and tensors are equal too. So are shards of tensor parallelism and experts where every rank has one
seed and draws what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..found import ShardFinding, ranks_text
from ..records import SHARDED, TRAINED, Records
from ..statistics import HEAD


def equal_shards(named: dict[int, Records]) -> Iterator[ShardFinding]:
    """Finds tensors of which ranks hold different parts that begin with the same random numbers."""
    for name, rows in named.items():
        rows = rows[(rows["flags"] & SHARDED > 0) & (rows["head"] > 0)]
        heads, parts = np.unique(np.unique(rows[["head", "part"]])["head"], return_counts=True)
        groups = [rows[rows["head"] == head] for head in heads[parts > 1]]
        if not groups:
            continue
        groups.sort(key=lambda same: int(same["rank"].min()))
        message = (
            f"{{tensor}}: the parts that {_described(groups)}, and they are different parts of it: each of these ranks "
            "drew the same random numbers. Draw with a seed for each part, or fill it by winit.torch.init_"
        )
        count = sum(_count(same) for same in groups)
        yield ShardFinding("equal_shards", name, message, count, min(int(same["order"].min()) for same in groups))


def equal_tensors(named: dict[int, Records]) -> Iterator[ShardFinding]:
    """Finds trained tensors whose parts begin with the same random numbers on every rank."""
    groups = dict[bytes, list[int]]()
    for name, rows in named.items():
        wanted = SHARDED | TRAINED
        rows = rows[(rows["flags"] & wanted == wanted) & (rows["head"] > 0)]
        if len(rows):
            groups.setdefault(rows["rank"].tobytes() + rows["head"].tobytes(), []).append(name)
    for names in groups.values():
        if len(names) < 2:
            continue
        names.sort(key=lambda name: int(named[name]["order"].min()))
        first, others = names[0], tuple(names[1:])
        digests = {named[name]["digest"].tobytes() for name in names}
        are = _are(len(digests))
        more = "" if len(others) == 1 else f" and {len(others) - 1:,} more"
        message = (
            f"{{tensor}} and {{other}}{more} were drawn at random, and their parts {are} on every rank: each draw "
            "began from the same random state, or a layer was copied"
        )
        rows = named[first]
        yield ShardFinding("equal_tensors", first, message, _count(rows), int(rows["order"].min()), others)


def _described(groups: list[Records]) -> str:
    """Says which ranks hold equal parts, such as "ranks 0 and 2 hold are equal, those of ranks 1 and 3 too"."""
    first, *others = groups
    text = f"{ranks_text(first['rank'].tolist())} hold {_are(len(np.unique(first['digest'])))}"
    if others:
        text += f", those of {' and of '.join(ranks_text(same['rank'].tolist()) for same in others[:3])} too"
    return text


def _are(digests: int) -> str:
    return "are equal bit for bit" if digests == 1 else f"begin with the same {HEAD} elements"


def _count(rows: Records) -> int:
    """Returns the number of elements of all parts, each counted once."""
    return int(rows["count"][np.unique(rows["part"], return_index=True)[1]].sum())
