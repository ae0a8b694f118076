"""Many processes at once: creates under the same names, readers beside them, and first openings by all of them."""

from __future__ import annotations

import collections
import json
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from . import independent_reader
from .program import Outcome, Program, Words
from .report import Report
from .scenarios import REGISTRY, load_dump

CREATES = "creates by 16 processes"
KILLED = "creates killed beside them"
READERS = "readers beside them"
OPENINGS = "first openings by 16"
BESIDE = "readers beside a large create"
NAMES = ["a", "b", "c"]
SPEC = 'tensors: {w: [100, 300], b: [5]}\nrules: [{match: "*", init: normal}]\n'
PROCESSES = 16
# What a reader may wait at the 99th percentile, in seconds.
LIMIT = 0.2


def percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def figures(values: Sequence[float]) -> str:
    """Median, 99th percentile and maximum of times in seconds."""
    return (
        f"median {1000 * percentile(values, 0.5):.1f} ms, 99th percentile {1000 * percentile(values, 0.99):.1f} ms, "
        f"longest {1000 * max(values, default=0):.1f} ms of {len(values):,}"
    )


def side_by_side(jobs: Iterable[Callable[[], object]]) -> None:
    """Runs jobs in threads and waits for all of them."""
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def complaints(outcome: Outcome) -> list[str]:
    """What is wrong with a command that must succeed, and must not mention locks."""
    problems = []
    if outcome.status != 0:
        problems.append(f"ended with {outcome.status}: {outcome.why}")
    if "locked" in outcome.errors:
        problems.append(f"mentions locks: {outcome.why}")
    return problems


# --- Creates under the same names ----------------------------------------------------------------------------------


class Creates:
    """16 processes that create runs, others that read, and creates that are killed one after another."""

    def __init__(self, program: Program, report: Report, place: Path, each: int, seed: int) -> None:
        self.program, self.report, self.place, self.each = program, report, place, each
        self.chance = random.Random(seed)
        self.made: collections.Counter[str] = collections.Counter(dict.fromkeys(NAMES, 1))
        self.lock, self.over = threading.Lock(), threading.Event()
        self.waits: list[float] = []

    def creator(self, number: int) -> None:
        """Creates `each` runs."""
        for turn in range(self.each):
            name = NAMES[(number + turn) % len(NAMES)]
            # Several processes use some of the seeds, so they share chunks.
            seed = str(number * self.each // 2 + turn)
            arguments = ["create", name, "--spec", "s.yaml", "--seed", seed, "--json", "--registry", REGISTRY]
            outcome = self.program.run(arguments, self.place, timeout=300)
            if outcome.status == 0:
                with self.lock:
                    self.made[name] += 1
            self.report.trial(CREATES, complaints(outcome), self.program.script(arguments, self.place))

    def reader(self, number: int) -> None:
        """Reads in turn with several commands."""
        name = NAMES[number % 3]
        slice_of_w = ["--tensor", "w", "--slice", "0:3,:", "--format", "raw", "-o", f"o{number}.bin"]
        commands = [
            ["list", "--json"],
            ["show", name, "--json"],
            ["get", name, *slice_of_w, "--force", "--json"],
            ["verify", name, "--stored", "--json"],
        ]
        turn = number
        while not self.over.is_set():
            arguments = [*commands[turn % len(commands)], "--registry", REGISTRY]
            outcome = self.program.run(arguments, self.place, timeout=300)
            self.waits.append(outcome.seconds)
            self.report.trial(READERS, complaints(outcome), self.program.script(arguments, self.place))
            turn += 1

    def victims(self) -> None:
        """Creates runs and kills the command at random instants."""
        turn = 0
        while not self.over.is_set():
            turn += 1
            seed = str(10_000 + turn)
            arguments = ["create", "killed", "--spec", "s.yaml", "--seed", seed, "--json", "--registry", REGISTRY]
            outcome = self.program.run(arguments, self.place, timeout=300, kill_after=self.chance.uniform(0, 0.5))
            if outcome.receipt:
                with self.lock:
                    self.made["killed"] += 1
            problems = [] if outcome.killed else complaints(outcome)
            self.report.trial(KILLED, problems, self.program.script(arguments, self.place))

    def run(self) -> None:
        """Runs all of them until the creators have ended."""
        readers = [threading.Thread(target=self.reader, args=[number]) for number in range(4)]
        readers.append(threading.Thread(target=self.victims))
        for thread in readers:
            thread.start()
        side_by_side(partial(self.creator, number) for number in range(PROCESSES))
        self.over.set()
        for thread in readers:
            thread.join()

    def problems(self) -> list[str]:
        """What is wrong with the registry afterwards."""
        state = independent_reader.load(self.place / REGISTRY)
        problems = list(state.problems)
        for name in NAMES:
            versions = sorted(version for other, version, _ in state.runs if other == name)
            if versions != list(range(1, self.made[name] + 1)):
                problems.append(f"{name}: {self.made[name]} creates succeeded, but the versions are {versions}")
        versions = sorted(version for other, version, _ in state.runs if other == "killed")
        if versions != list(range(1, len(versions) + 1)) or len(versions) < self.made["killed"]:
            problems.append(
                f"{self.made['killed']} creates gave a receipt before they were killed, but the versions are {versions}"
            )
        if self.program.has("gc"):
            self.program.run(["gc", "--yes", "--registry", REGISTRY], self.place)
            state = independent_reader.load(self.place / REGISTRY, deep=False)
            if state.orphans:
                problems.append(f"{state.orphans} unreferenced chunks are left after a gc")
        if self.program.has("doctor"):
            outcome = self.program.run(["doctor", "--registry", REGISTRY], self.place)
            if outcome.status != 0:
                problems.append(f"doctor afterwards: {outcome.status}, {outcome.output[-300:]}{outcome.why}")
        return problems


def creates(program: Program, report: Report, folder: Path, each: int, seed: int) -> None:
    """Lets 16 processes create `each` runs, beside readers and killed creates."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        (place / "s.yaml").write_text(SPEC)
        for run in NAMES:
            program.succeed(["create", run, "--spec", "s.yaml", "--seed", "1", "--registry", REGISTRY], place)
        crowd = Creates(program, report, place, each, seed)
        with report.timed(CREATES):
            crowd.run()
            report.trial(CREATES, crowd.problems(), f"# {PROCESSES} × {each} creates under {NAMES}", place)
        report.notes.append(f"whole commands that read beside {PROCESSES} creating processes: {figures(crowd.waits)}")


# --- First openings by all at once ---------------------------------------------------------------------------------


def openings(program: Program, report: Report, folder: Path, rounds: int) -> None:
    """Lets 16 processes open a registry of the first schema, or create one, at the same time."""
    with report.timed(OPENINGS):
        for number in range(rounds):
            there = number % 2 == 0 and program.has("gc")
            with tempfile.TemporaryDirectory(dir=folder) as name:
                place = Path(name)
                (place / "s.yaml").write_text(SPEC)
                if there:
                    load_dump(place / REGISTRY)
                problems = open_at_once(program, place, there)
                what = "the old" if there else "no"
                report.trial(OPENINGS, problems, f"# {PROCESSES} processes open {what} registry", place)


def open_at_once(program: Program, place: Path, there: bool) -> list[str]:
    """One round; returns what is wrong."""
    before = independent_reader.load(place / REGISTRY)
    outcomes: list[tuple[Words, Outcome]] = []

    def opener(number: int) -> None:
        arguments: Words = ["create", "k", "--spec", "s.yaml", "--seed", number, "--registry", REGISTRY, "--json"]
        if there and number % 2:
            arguments = ["list", "--registry", REGISTRY, "--json"]
        outcomes.append((arguments, program.run(arguments, place, timeout=300)))

    side_by_side(partial(opener, number) for number in range(PROCESSES))
    problems = [
        f"{' '.join(map(str, arguments))}: {problem}"
        for arguments, outcome in outcomes
        for problem in complaints(outcome)
    ]
    state = independent_reader.load(place / REGISTRY)
    problems += state.problems  # one of these is a migration that ran twice
    count = len(before.runs) + sum(arguments[0] == "create" for arguments, _ in outcomes)
    if len(state.runs) != count:
        problems.append(f"there are {len(state.runs)} runs, but there should be {count}")
    return problems


# --- Readers beside a large create ---------------------------------------------------------------------------------


def beside_large(program: Program, report: Report, folder: Path, megabytes: int) -> None:
    """Measures how long readers wait while one command creates a large run."""
    with tempfile.TemporaryDirectory(dir=folder) as name, report.timed(BESIDE):
        place = Path(name)
        (place / "t.yaml").write_text("tensors: {w: [300, 1024]}\nrules: [{match: w, init: normal}]\n")
        (place / "big.yaml").write_text(
            f"tensors: {{w: [{megabytes // 4}, 1048576]}}\nrules: [{{match: w, init: normal}}]\n"
        )
        program.succeed(["create", "t", "--spec", "t.yaml", "--seed", "1", "--registry", REGISTRY], place)
        poller = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("poller.py")), str(place / REGISTRY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert poller.stdout
        poller.stdout.readline()
        arguments = ["create", "big", "--spec", "big.yaml", "--seed", "1", "--registry", REGISTRY, "--json"]
        outcomes: list[Outcome] = []
        writer = threading.Thread(target=lambda: outcomes.append(program.run(arguments, place, timeout=3600)))
        writer.start()
        waits: list[float] = []
        slice_of_w = ["--tensor", "w", "--slice", "0:10,:", "--format", "raw", "-o", "o.bin"]
        commands = [
            ["show", "t", "--json"],
            ["list", "--json"],
            ["get", "t", *slice_of_w, "--force", "--json"],
        ]
        while writer.is_alive():
            reading = [*commands[len(waits) % len(commands)], "--registry", REGISTRY]
            outcome = program.run(reading, place, timeout=300)
            waits.append(outcome.seconds)
            report.trial(BESIDE, complaints(outcome), program.script(reading, place))
        writer.join()
        polled, errors = json.loads(poller.communicate()[0])
        problems = complaints(outcomes[0]) + errors[:3]
        for what, values in (("whole commands", waits), ("reads over one connection", polled)):
            report.notes.append(f"beside a create of {megabytes:,} MiB: {what}: {figures(values)}")
            # Among few readings that share two processors with everything else, the slowest says little.
            if len(values) >= 100 and percentile(values, 0.99) > LIMIT:
                problems.append(f"{what} waited too long: {figures(values)}")
        problems += independent_reader.load(place / REGISTRY, deep=megabytes < 500).problems
        report.trial(BESIDE, problems, program.script(arguments, place))
