"""A fault at every write, truncation, flush and change of a name: kills, errors, short writes, power cuts."""

import random
import time

from program import Fault

WRITES = {"write"}
SPACE = {"write", "make", "link", "rename", "allocate"}
FLUSHES = {"flush", "flush-folder"}

KILLS = "kills at every write"
ERRORS = "errors at every write"
CUTS = "power cuts at every write"


def variants(rounds):
    """Rows, faults without a place, and the kinds of operation that they can strike (None: all)."""
    yield KILLS, Fault("kill"), None
    yield KILLS, Fault("kill-half"), WRITES
    for kind, struck in (("eio", None), ("enospc", SPACE), ("short", WRITES), ("eio-fsync", FLUSHES)):
        for mode in ("once", "from"):
            yield ERRORS, Fault(kind, mode=mode), struck
    yield ERRORS, Fault("edquot", mode="from"), SPACE
    # After a flush that failed, what it should have flushed is lost, whatever is flushed later.
    yield CUTS, Fault("eio-fsync", loss="all", cut_at_exit=True), FLUSHES
    yield CUTS, Fault("powercut", loss="all"), None
    for _ in range(rounds):
        yield CUTS, Fault("powercut"), None


def places(scenario, struck):
    return [i + 1 for i, kind in enumerate(scenario.operations) if struck is None or kind in struck]


def plan(scenarios, rounds, chance):
    """All trials, in an order in which any beginning of the list is spread over all of it."""
    lists = []
    for scenario in scenarios:
        for row, fault, struck in variants(rounds):
            at = places(scenario, struck)
            chance.shuffle(at)
            lists.append([(row, scenario, fault, place) for place in at])
        # The power goes right after the end, when all that was promised must be there.
        lists.append([(CUTS, scenario, Fault(loss="all", cut_at_exit=True), 0)])
        lists.append([(CUTS, scenario, Fault(cut_at_exit=True), 0)] * rounds)
    chance.shuffle(lists)
    longest = max(map(len, lists), default=0)
    return [trials[i] for i in range(longest) for trials in lists if i < len(trials)]


def one(trials, item, chance):
    row, scenario, fault, place = item
    fault = Fault(fault.kind, place, fault.mode, fault.loss, chance.getrandbits(32), fault.cut_at_exit)
    trials.disturb(row, scenario, fault, command_first=bool(fault.seed & 1))


def run(trials, scenarios, seed, seconds=None, rounds=2):
    """With `seconds` as many trials as there is time for, by chance; without all of them, but for those of the large
    commands, of which there are too many."""
    chance = random.Random(seed)
    todo = plan([s for s in scenarios if not s.heavy], rounds, chance)
    if seconds is None:
        todo += plan([s for s in scenarios if s.heavy], rounds, chance)[:1000]
    start = time.monotonic()
    over = (lambda: time.monotonic() > start + seconds) if seconds else (lambda: False)
    trials.each(lambda item: one(trials, item, chance), todo, over=over)
    passed = time.monotonic() - start
    rows = [trials.report.row(name) for name in (KILLS, ERRORS, CUTS)]
    total = sum(row.trials for row in rows) or 1
    for row in rows:
        row.seconds += passed * row.trials / total
    if scenarios:
        trials.report.notes.append(
            "writes, truncations, flushes and changes of names of each command: "
            + ", ".join(f"{s.name} {len(s.operations)}" for s in scenarios))
