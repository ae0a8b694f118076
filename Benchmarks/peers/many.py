"""Registries of 100,000 and 1,000,000 runs: list, list with filters, show, create; and the start of the command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from . import many_runs
from .harness import Bench

FILTERS = ("--experiment", "e3", "--tag", "k=3", "--scheme", "normal", "--dtype", "f32", "--sort", "parameters")


def registry(bench: Bench, name: str, runs: int) -> None:
    """Makes a registry of many runs."""
    bench.say(f"a registry of {runs:,} runs …")
    (bench.work / "tiny.yaml").write_text(many_runs.SPEC)
    bench.run("create", "tiny", "--spec", "tiny.yaml", "--seed", many_runs.SEED, "--recipe-only", "--registry", name)
    command = [sys.executable, many_runs.__file__, str(bench.work / name), str(runs)]
    subprocess.run(command, check=True)


def tasks(bench: Bench, name: str, runs: str) -> dict[str, Callable[[], float]]:
    """The commands that are measured in a registry, each with its seconds.

    Args:
        bench: The bench.
        name: The registry.
        runs: The number of its runs, in the names of the rows: "100k".
    """
    where = ("--limit", 50, "--registry", name)
    # The seeds of the copies are up to a million.
    seeds = iter(range(2_000_000, 3_000_000))

    def create() -> float:
        arguments = ("create", "tiny", "--spec", "tiny.yaml", "--seed", next(seeds), "--recipe-only", *where[2:])
        return bench.run(*arguments, peak=f"create.{runs}.peak.mb")

    return {
        "list": lambda: bench.run("list", *where, peak=f"list.{runs}.peak.mb"),
        "list.filtered": lambda: bench.run("list", "model-*", *FILTERS, *where),
        "show": lambda: bench.run("show", "model-7", *where[2:]),
        "create": create,
    }


def measure(bench: Bench, large: bool = True) -> None:
    """Adds the rows of a registry of 100,000 runs and, if `large`, those of a million runs."""
    registry(bench, "100k", 100_000)
    names = ["100k"]
    if large:
        registry(bench, "1m", 1_000_000)
        names.append("1m")
    measured = {name: tasks(bench, name, name) for name in names}
    seconds: dict[str, dict[str, list[float]]] = {name: {task: [] for task in measured[name]} for name in names}
    started = []
    for _ in range(max(10, bench.rounds)):
        for task in measured["100k"]:
            for name in names:
                seconds[name][task].append(measured[name][task]())
        started.append(bench.run("version", peak="version.peak.mb"))
    for name in names:
        for task, times in seconds[name].items():
            verb, *filtered = task.split(".")
            bench.value(".".join([verb, name, *filtered, "ms"]), [1000 * s for s in times])
    if large:
        for task in measured["1m"]:
            pairs = zip(seconds["1m"][task], seconds["100k"][task], strict=True)
            bench.value(f"{task}.1m/100k", [many / fewer for many, fewer in pairs])
    bench.value("version.ms", [1000 * s for s in started])
    bench.clear(*names, "tiny")
