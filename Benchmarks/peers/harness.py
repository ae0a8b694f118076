"""What every measurement shares: the command, the rows, and the order in a round."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from .aims import Aim, aim_of
from .kinds import Kind

SPECS = Path(__file__).parents[2] / "specs"
CORES = os.cpu_count() or 1
GPT2_BYTES = 497_759_232


class _Result(TypedDict):
    name: str
    rounds: list[float]
    aim: float | None


class Result(_Result, total=False):
    """A row of the table: the median of `rounds`, as a ratio or as a value.

    A ratio says how many times faster than its peer the command is. Larger is better, so its aim is a minimum. The name
    of a value ends with its unit, or with the name of what it is divided by. Its aim is a maximum.
    """

    ratio: float
    value: float
    met: bool
    """Whether the median meets the aim; absent without an aim."""


@dataclass(frozen=True)
class Usage:
    """What a run of the command took."""

    seconds: float
    """Wall time."""
    processor: float
    """Processor time of all threads, in seconds."""
    megabytes: float
    """The peak of resident memory."""


class Bench:
    """Runs contenders in turn, so that a machine that changes its speed changes it for all of them."""

    def __init__(self, command: str, fills: str, rounds: int, work: Path, kind: Kind, cores: int = CORES) -> None:
        """Creates a bench without rows.

        Args:
            command: The path of winit-registry.
            fills: The path of winit-bench.
            rounds: The number of rounds of a measurement.
            work: The folder of all files.
            kind: The kind of processor, whose aims hold.
            cores: The number of processors that the system shows.
        """
        self.command = command
        self.fills = fills
        self.rounds = rounds
        self.work = work
        self.kind = kind
        self.cores = cores
        self.results: list[Result] = []
        self.notes: list[str] = []
        self.peaks: dict[str, float] = {}

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """Adds a line below the table, about something that could not be measured."""
        self.notes.append(text)

    def ratio(self, name: str, rounds: list[float]) -> None:
        """Adds a row with a ratio, unless there are no rounds."""
        if rounds:
            self._add({"name": name, "ratio": statistics.median(rounds), "rounds": rounds, "aim": None})

    def value(self, name: str, rounds: list[float]) -> None:
        """Adds a row with a value, unless there are no rounds."""
        if rounds:
            self._add({"name": name, "value": statistics.median(rounds), "rounds": rounds, "aim": None})

    def _add(self, result: Result) -> None:
        """Adds a row with its aim."""
        aim: Aim | None = aim_of(result["name"], self.kind, self.cores)
        if aim is not None:
            if aim.is_maximum == ("ratio" in result):
                raise ValueError(f"{result['name']}: the aim of a ratio is a minimum, and that of a value a maximum")
            result["aim"] = aim.value
            result["met"] = aim.is_met(result["ratio"] if "ratio" in result else result["value"])
        self.results.append(result)

    def run(self, *arguments: object, peak: str | None = None) -> float:
        """Runs the command; returns the wall time in seconds. Records its peak memory under the name `peak`."""
        return self.usage(*arguments, peak=peak).seconds

    def usage(self, *arguments: object, peak: str | None = None) -> Usage:
        """Runs the command; returns what it took. Records its peak memory under the name `peak`."""
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
        child.stderr.close()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if status != 0:
            sys.exit(f"winit-registry {' '.join(map(str, arguments))} failed: {errors.decode()}")
        megabytes = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        if peak:
            self.peaks[peak] = max(self.peaks.get(peak, 0), megabytes)
        return Usage(seconds, usage.ru_utime + usage.ru_stime, megabytes)

    def rotate(
        self, what: str, contenders: Mapping[str, Callable[[], float]], at_most: int | None = None
    ) -> dict[str, list[float]]:
        """Measures each contender once in each round, in seconds. Each round begins with another contender.

        Args:
            what: What is measured, for the line of each round.
            contenders: Functions that measure once.
            at_most: The maximum number of rounds, where a round is long.
        """
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        names = list(contenders)
        rounds = self.rounds if at_most is None else min(at_most, self.rounds)
        for number in range(rounds):
            self.say(f"{what}, round {number + 1} of {rounds} …")
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                seconds[name].append(contenders[name]())
        return seconds

    def clear(self, *prefixes: str) -> None:
        """Deletes the files whose names begin with one of these prefixes."""
        for prefix in prefixes:
            for path in self.work.glob(prefix + "*"):
                path.unlink()

    def rest(self, *prefixes: str) -> None:
        """Deletes files, and waits until the disk is idle.

        What a contender wrote is deleted before the next one writes, everything else is flushed, and the disk has time
        to be told of the free blocks.
        """
        self.clear(*prefixes)
        os.sync()
        time.sleep(2)


def ratios(seconds: Mapping[str, list[float]], peer: str, ours: str) -> list[float]:
    """How many times faster than its peer a contender is, in each round; empty if the peer is missing."""
    return [p / s for p, s in zip(seconds[peer], seconds[ours], strict=True)] if peer in seconds else []
