"""SIGKILL at instants chosen by chance, on the real disk."""

import random
import statistics
import time

ROW = "kills at random instants"


def run(trials, scenarios, seed, count):
    chance = random.Random(seed)
    program = trials.program
    if not scenarios:
        return
    todo = []
    for scenario in scenarios:
        # What is left out of its start, in which nothing is open yet, would be wasted.
        todo += [(scenario, chance.uniform(0.05, 1.15)) for _ in range(-(-count // len(scenarios)))]
    chance.shuffle(todo)
    with trials.report.timed(ROW):
        duration = {}
        for scenario in scenarios:
            duration[scenario.name] = undisturbed(trials, scenario)
        trials.each(
            lambda item: trials.disturb(ROW, item[0], kill_after=item[1] * duration[item[0].name],
                                        command_first=chance.random() < 0.5), todo)


def undisturbed(trials, scenario):
    """How long it takes here, beside as many others as later."""
    import pathlib, shutil, tempfile
    seconds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory(dir=trials.folder) as place:
            work = pathlib.Path(place) / "work"
            shutil.copytree(scenario.folder / "before", work)
            seconds.append((scenario.program or trials.program).run(scenario.command, work).seconds)
    return statistics.median(seconds)
