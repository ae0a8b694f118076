"""`audit_distributed`: what is wrong with the parts of a module that all ranks hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ....errors import BadInput
from ..findings import Audit, AuditFinding, NotChecked
from ..judging import Options
from ..software import software
from ..tensors import require_module
from ..watch_context import watch
from .checks.equal import equal_shards, equal_tensors
from .checks.fans import shard_fans
from .checks.replicas import different_replicas
from .exchange import exchanged, names_of, rank_and_size
from .found import ShardFinding, ShardNotChecked
from .layouts import REASONS, checked_sharded
from .records import PARAMETER, RECORD, Records, records_of


def audit_distributed(
    module: Any,
    *,
    sharded: Mapping[str, int | None] | None = None,
    watched: watch | None = None,
    accept: Mapping[str, str | Sequence[str]] | None = None,
    group: Any = None,
) -> Audit:
    """Says what is wrong with the initial values of a module of which each rank of a job holds parts.

    Call it on each rank of the group, after the initialization. `winit.torch.audit` sees one process; this finds what
    only the ranks together show:

    - `equal_shards`: different parts of a tensor were drawn from one random state, as by CPU offload of FSDP2.
    - `equal_tensors`: so were several sharded tensors.
    - `replicas_differ`: ranks that hold the same part, or the whole, hold other elements.
    - `shard_fan`: the standard deviation follows the fans of a part, and depends on the number of ranks.

    Nothing is gathered. Each rank reads its elements once, and tells the others 128 bytes for each tensor. Every rank
    returns the same audit, but for the versions of the libraries, which are its own. Nothing in the module changes, and
    no random number is drawn.

    A finding needs elements that look drawn: constants, tables and repeated rows are equal on purpose. Parts of fewer
    than 80 elements are not compared with other parts, and `shard_fan` needs tens of thousands, or `watched`.

    Args:
        module: A module. DTensors (FSDP2, tensor parallelism, meshes of several dimensions) say what a rank holds. A
            plain tensor is a replica on each rank that has a tensor of its name.
        sharded: The plain tensors that are none, as in Megatron: a mapping from patterns of names to the axis that the
            ranks of the group split; None where each rank has a tensor of its own, such as an expert.
        watched: The `winit.torch.watch` that watched the initialization on this rank. The laws that it drew from are
            then known exactly, so that `shard_fan` needs one tensor, of any size.
        accept: As for `winit.torch.audit`.
        group: The process group; all ranks by default. With Megatron, the group of tensor parallelism with `sharded=`,
            and that of data parallelism without.

    Returns:
        The audit: `findings`, `ok`, `not_checked`, `raise_for_findings()`.

    Raises:
        winit.BadInput: On each rank, if a rank has no module, if something in it is on the meta device or gathered by
            FSDP, or if `sharded` does not fit it.

    Example:
        >>> import torch, winit.torch
        >>> audit = winit.torch.audit_distributed(torch.nn.Linear(8, 8))  # without a process group: one rank
        >>> print(audit.summary)
        audit of Linear: no findings
    """
    rank, size = rank_and_size(group)
    mine, known, error, cause = np.zeros(0, RECORD), dict[int, str](), "", None
    model = ""
    options: Options | None = None
    try:
        options = Options.checked(scheme=None, accept=accept, scheme_checks=True)
        require_module(module, "audit_distributed")
        model = f"{type(module).__module__}.{type(module).__qualname__}"
        with torch.no_grad():
            mine, known = records_of(module, checked_sharded(sharded), rank, _checked(watched))
    except Exception as failure:  # the other ranks wait: they must learn of it
        error, cause = str(failure) or type(failure).__name__, failure
    try:
        records = exchanged(mine, error, group)
    except Exception as failure:
        raise failure from cause
    assert options is not None, "a rank without options has an error"
    named = _named(records[records["reason"] == 0])
    results = list(_results(named, records))
    wanted = dict.fromkeys(name for one in results for name in (one.tensor, *getattr(one, "others", ())))
    names = names_of(list(wanted), known, group)
    results.sort(key=lambda one: (one.order, names[one.tensor]))
    findings = [_finding(one, names) for one in results if isinstance(one, ShardFinding)]
    left = [NotChecked(names[one.tensor], REASONS[one.reason]) for one in results if isinstance(one, ShardNotChecked)]
    accepted = [finding for finding in findings if options.accepts(finding)]
    parameters = sum(bool(rows["flags"][0] & PARAMETER) for rows in named.values())
    return Audit(
        findings=tuple(finding for finding in findings if finding not in accepted),
        accepted=tuple(accepted),
        not_checked=tuple(left),
        model=model,
        parameter_count=parameters,
        buffer_count=len(named) - parameters,
        element_count=sum(_count(rows) for rows in named.values()),
        software=software(torch),
        ranks=size,
    )


def _checked(watched: Any) -> watch | None:
    if watched is not None and not isinstance(watched, watch):
        raise BadInput(f"watched must be a winit.torch.watch, and is a {type(watched).__name__}")
    return watched


def _named(records: Records) -> dict[int, Records]:
    """Returns the records of each tensor, in the order in which ranks name tensors."""
    ordered = records[np.argsort(records["name"], kind="stable")]
    names, starts = np.unique(ordered["name"], return_index=True)
    groups = np.split(ordered, starts[1:])
    found = {int(name): rows for name, rows in zip(names, groups, strict=True)} if len(names) else {}
    return dict(sorted(found.items(), key=lambda pair: (int(pair[1]["order"].min()), int(pair[1]["rank"].min()))))


def _results(named: dict[int, Records], records: Records) -> Iterator[ShardFinding | ShardNotChecked]:
    seen = set[tuple[int, int]]()
    for row in records[records["reason"] > 0]:
        key = int(row["name"]), int(row["reason"])
        if key not in seen:
            seen.add(key)
            yield ShardNotChecked(*key, int(row["order"]))
    yield from equal_shards(named)
    yield from equal_tensors(named)
    yield from different_replicas(named)
    yield from shard_fans(named)


def _finding(one: ShardFinding, names: Mapping[int, str]) -> AuditFinding:
    others = tuple(names[other] for other in one.others)
    message = one.message.format(tensor=names[one.tensor], other=others[0] if others else "")
    return AuditFinding(one.kind, names[one.tensor], message, one.count, np.zeros((0, 0), np.int64), others)


def _count(rows: Records) -> int:
    return int(rows["count"][np.unique(rows["part"], return_index=True)[1]].sum())
