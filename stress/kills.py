"""SIGKILL at random instants, on the real disk."""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .scenarios import Scenario
from .trials import Trials

ROW = "kills at random instants"


def run(trials: Trials, scenarios: Sequence[Scenario], seed: int, count: int) -> None:
    chance = random.Random(seed)
    if not scenarios:
        return
    todo = []
    for scenario in scenarios:
        # A kill right after the start, when nothing is open yet, would be wasted.
        todo += [(scenario, chance.uniform(0.05, 1.15)) for _ in range(-(-count // len(scenarios)))]
    chance.shuffle(todo)

    def one(item: tuple[Scenario, float]) -> None:
        scenario, share = item
        kill_after = share * duration[scenario.name]
        trials.disturb(ROW, scenario, kill_after=kill_after, command_first=chance.random() < 0.5)

    with trials.report.timed(ROW):
        duration = {scenario.name: undisturbed(trials, scenario) for scenario in scenarios}
        trials.each(one, todo)


def undisturbed(trials: Trials, scenario: Scenario) -> float:
    """The median time of three undisturbed runs, in seconds."""
    seconds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory(dir=trials.folder) as place:
            work = Path(place) / "work"
            shutil.copytree(scenario.folder / "before", work)
            seconds.append((scenario.program or trials.program).run(scenario.command, work).seconds)
    return statistics.median(seconds)
