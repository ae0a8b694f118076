"""A fault at every write, truncation, flush and change of a name: kills, errors, short writes, power cuts."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence

from .program import Fault
from .scenarios import Scenario
from .trials import Trials

WRITES = {"write"}
SPACE = {"write", "make", "link", "rename", "allocate"}
FLUSHES = {"flush", "flush-folder"}

KILLS = "kills at every write"
ERRORS = "errors at every write"
CUTS = "power cuts at every write"

Item = tuple[str, Scenario, Fault, int]
"""The row, the scenario, the fault without a place, and the number of the operation that it strikes."""


def variants(rounds: int) -> Iterator[tuple[str, Fault, set[str] | None]]:
    """Rows, faults without a place, and the kinds of operation that the faults can strike (None: all)."""
    yield KILLS, Fault("kill"), None
    yield KILLS, Fault("kill-half"), WRITES
    for kind, struck in (("eio", None), ("enospc", SPACE), ("short", WRITES), ("eio-fsync", FLUSHES)):
        for mode in ("once", "from"):
            yield ERRORS, Fault(kind, mode=mode), struck
    yield ERRORS, Fault("edquot", mode="from"), SPACE
    # After a failed flush, what it should have flushed is lost, even if a later flush succeeds.
    yield CUTS, Fault("eio-fsync", loss="all", cut_at_exit=True), FLUSHES
    yield CUTS, Fault("powercut", loss="all"), None
    for _ in range(rounds):
        yield CUTS, Fault("powercut"), None


def places(scenario: Scenario, struck: set[str] | None) -> list[int]:
    """The numbers of the operations that a fault can strike."""
    return [i + 1 for i, kind in enumerate(scenario.operations) if struck is None or kind in struck]


def plan(scenarios: Sequence[Scenario], rounds: int, chance: random.Random) -> list[Item]:
    """All trials, in an order in which any beginning of the list is spread over the whole list."""
    lists: list[list[Item]] = []
    for scenario in scenarios:
        for row, fault, struck in variants(rounds):
            at = places(scenario, struck)
            chance.shuffle(at)
            lists.append([(row, scenario, fault, place) for place in at])
        # The power fails right after the end, when everything promised must be on the disk.
        lists.append([(CUTS, scenario, Fault(loss="all", cut_at_exit=True), 0)])
        lists.append([(CUTS, scenario, Fault(cut_at_exit=True), 0)] * rounds)
    chance.shuffle(lists)
    longest = max(map(len, lists), default=0)
    return [trials[i] for i in range(longest) for trials in lists if i < len(trials)]


def one(trials: Trials, item: Item, chance: random.Random) -> None:
    """Runs one trial."""
    row, scenario, fault, place = item
    fault = Fault(fault.kind, place, fault.mode, fault.loss, chance.getrandbits(32), fault.cut_at_exit)
    trials.disturb(row, scenario, fault, command_first=bool(fault.seed & 1))


def run(
    trials: Trials, scenarios: Sequence[Scenario], seed: int, seconds: float | None = None, rounds: int = 2
) -> None:
    """Runs as many random trials as `seconds` allow.

    Without `seconds` it runs all of them, except that the heavy scenarios are limited to 1,000.
    """
    chance = random.Random(seed)
    todo = plan([s for s in scenarios if not s.heavy], rounds, chance)
    if seconds is None:
        todo += plan([s for s in scenarios if s.heavy], rounds, chance)[:1000]
    start = time.monotonic()
    end = None if seconds is None else start + seconds
    trials.each(lambda item: one(trials, item, chance), todo, over=lambda: end is not None and time.monotonic() > end)
    passed = time.monotonic() - start
    rows = [trials.report.row(name) for name in (KILLS, ERRORS, CUTS)]
    total = sum(row.trials for row in rows) or 1
    for row in rows:
        row.seconds += passed * row.trials / total
    if scenarios:
        trials.report.notes.append(
            "writes, truncations, flushes and changes of names of each command: "
            + ", ".join(f"{s.name} {len(s.operations)}" for s in scenarios)
        )
