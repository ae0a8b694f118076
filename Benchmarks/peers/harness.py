"""What every measurement shares: the command, the results, and the order in a round."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypedDict

SPECS = Path(__file__).parents[2] / "specs"
CORES = os.cpu_count() or 1
GPT2_BYTES = 497_759_232


class _Result(TypedDict):
    name: str
    rounds: list[float]
    aim: float | None


class Result(_Result, total=False):
    """A row of the table: the median of `rounds`, as a ratio or as a value. The name of a value ends with its unit."""

    ratio: float
    value: float


class Bench:
    """Runs contenders in turn, so that a machine that changes its speed changes it for all of them."""

    def __init__(self, binaries: str, rounds: int, work: Path) -> None:
        self.command = os.path.join(binaries, "winit-registry")
        self.fills = os.path.join(binaries, "winit-bench")
        self.rounds = rounds
        self.work = work
        self.results: list[Result] = []
        self.notes: list[str] = []
        self.peaks: dict[str, float] = {}

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """Adds a line below the table, about something that could not be measured."""
        self.notes.append(text)

    def ratio(self, name: str, rounds: list[float], at_least: float | None = None) -> None:
        """Adds a row, unless there are no rounds."""
        if rounds:
            self.results.append({"name": name, "ratio": statistics.median(rounds), "rounds": rounds, "aim": at_least})

    def value(self, name: str, rounds: list[float], at_most: float | None = None) -> None:
        """Adds a row, unless there are no rounds."""
        if rounds:
            self.results.append({"name": name, "value": statistics.median(rounds), "rounds": rounds, "aim": at_most})

    def run(self, *arguments: object, peak: str | None = None) -> float:
        """Runs the command; returns the wall time in seconds. Records its peak memory under the name `peak`."""
        start = time.perf_counter()
        child = subprocess.Popen(
            [self.command, *map(str, arguments)],
            cwd=self.work,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "WINIT_REGISTRY": ""},
        )
        assert child.stderr
        errors = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        if status != 0:
            sys.exit(f"winit-registry {' '.join(map(str, arguments))} failed: {errors.decode()}")
        if peak:
            megabytes = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
            self.peaks[peak] = max(self.peaks.get(peak, 0), megabytes)
        return seconds

    def rotate(self, what: str, contenders: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
        """Measures each contender once in each round, in seconds. Each round begins with another contender."""
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        names = list(contenders)
        for number in range(self.rounds):
            self.say(f"{what}, round {number + 1} of {self.rounds} …")
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                seconds[name].append(contenders[name]())
        return seconds

    def clear(self, *prefixes: str) -> None:
        """Deletes the files whose names begin with one of these prefixes."""
        for prefix in prefixes:
            for path in self.work.glob(prefix + "*"):
                path.unlink()
