"""One disturbed run of a scenario, and the verdict about it."""

from __future__ import annotations

import concurrent.futures
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from . import independent_reader
from .independent_reader import State
from .program import STATUSES, Fault, Outcome, Program
from .report import Report
from .scenarios import REGISTRY, Scenario, content

T = TypeVar("T")

TEMPORARY = re.compile(r"^\..*\.tmp$|\.tmp(-journal)?$")


class Verdict:
    """What is wrong after a disturbed run of a scenario.

    Attributes:
        problems: What is wrong.
        note: A remark for the table, or None.
        state: The registry, as the independent reader found it.
        done: Whether the command's effect is there.
    """

    def __init__(self, scenario: Scenario, folder: Path, outcome: Outcome, fault: Fault | None, opened: bool) -> None:
        """Judges the run.

        Args:
            scenario: The scenario that was disturbed.
            folder: The folder in which it ran.
            outcome: How the command ended.
            fault: What the failing disk did.
            opened: Whether the command has opened the file since.
        """
        self.scenario, self.folder, self.outcome, self.fault = scenario, folder, outcome, fault
        self.problems: list[str] = []
        self.note: str | None = None
        self.failed = outcome.status != 0 and not outcome.killed
        self.receipted = outcome.receipt is not None or outcome.status == 0
        self.judge_ending()
        # Read the file without the command first. Reading rolls back what is in the journal.
        self.state = independent_reader.load(folder / REGISTRY)
        self.done = not scenario.after.difference(self.state) and self.state.problems == scenario.after.problems
        self.judge_registry(opened)
        self.judge_orphans()
        self.judge_outputs()
        self.judge_names()

    def say(self, problem: str) -> None:
        self.problems.append(problem)

    def judge_ending(self) -> None:
        """The exit status must be documented, and an error must name the file."""
        outcome = self.outcome
        if outcome.timed_out:
            self.say("did not end")
        elif self.failed and outcome.status not in STATUSES:
            self.say(f"ended with {outcome.status}, which is not documented: {outcome.why}")
        elif self.failed:
            if not outcome.message:
                self.say(f"ended with {outcome.status} and no error: {outcome.why}")
            elif not any(name in outcome.message for name in self.scenario.names):
                self.say(f"the error does not name the file: {outcome.message}")
            elif ".winit.tmp" in outcome.message:
                self.say(f"the error names a temporary file: {outcome.message}")
            if self.fault and not outcome.struck:
                self.say(f"failed though nothing was disturbed: {outcome.why}")

    def judge_registry(self, opened: bool) -> None:
        """The registry must be as before or as after the command, and a receipt must hold."""
        scenario, state, outcome = self.scenario, self.state, self.outcome
        for problem in state.problems:
            if problem not in scenario.before.problems:
                self.say(problem)
        missing = (scenario.before.runs & scenario.after.runs) - state.runs
        if missing:
            self.say(f"runs disappeared: {sorted(missing)}")
        changes = (
            bool(scenario.before.difference(scenario.after)) or scenario.before.problems != scenario.after.problems
        )
        known = any(not s.difference(state) for s in (scenario.before, scenario.after, *scenario.between))
        if not known and not (scenario.lasting and state.is_between(scenario.before, scenario.after)):
            self.say(f"neither as before nor as after: {scenario.after.difference(state)}")
        if self.receipted and not self.done:
            self.say("there is a receipt, but not its effect")
        migrated = opened and scenario.before.schema != scenario.after.schema
        if self.failed and self.done and changes and not scenario.lasting and not migrated:
            # After a failed flush the disk may hold either; nothing else excuses an effect.
            if outcome.flush_failed:
                self.note = "failed flushes after which it was there"
            else:
                self.say("it failed, but its effect is there")

    def judge_orphans(self) -> None:
        """Only a killed command, or one that says so, may leave unreferenced chunks."""
        before, after, orphans = self.scenario.before, self.scenario.after, self.state.orphans
        lasting, power_cut = self.scenario.lasting, self.fault is not None and self.fault.is_power_cut
        admitted = "could not be removed" in self.outcome.errors
        if self.failed and not (admitted or lasting or power_cut or self.done) and orphans > before.orphans:
            self.say(f"it failed and left {orphans - before.orphans} unreferenced chunks without a message")
        if self.outcome.status == 0 and not self.outcome.killed and orphans > after.orphans:
            self.say(f"it succeeded and left {orphans - after.orphans} unreferenced chunks")

    def judge_outputs(self) -> None:
        """Each output must be complete or as before."""
        scenario = self.scenario
        for name in scenario.outputs:
            found = content(self.folder / name)
            allowed = {scenario.contents[name], content(scenario.folder / "before" / name)}
            if found not in allowed:
                self.say(f"{name} is neither complete nor as before")
            if self.receipted and found != scenario.contents[name]:
                self.say(f"there is a receipt, but not {name}")
            # A command of two files removes the first one if it cannot write the second one.
            excused = self.outcome.flush_failed or (self.outcome.removal_failed and len(scenario.outputs) > 1)
            if self.failed and found == scenario.contents[name] and not excused:
                self.say(f"it failed, but {name} is there")

    def judge_names(self) -> None:
        """Only temporary files may be left, and only where the command could not remove them."""
        fault, outcome = self.fault, self.outcome
        for name in set(os.listdir(self.folder)) - self.scenario.names:
            if not TEMPORARY.search(name):
                self.say(f"left {name}")
            elif not outcome.killed and not (
                fault and (fault.is_power_cut or fault.mode == "from" or outcome.struck == "unlink")
            ):
                self.say(f"ended, but left {name}")


def check_afterwards(
    scenario: Scenario, program: Program, writer: Program, folder: Path, state: State, done: bool
) -> list[str]:
    """Checks that the registry still works.

    `doctor` must find it sound, and the same command, now undisturbed, must do what it should.
    """
    problems = []
    if state.there and program.has("doctor") and not (scenario.before.problems and not done):
        outcome = program.run(["doctor", "--registry", REGISTRY], folder, unflushed=True)
        if outcome.status != 0:
            problems.append(f"doctor afterwards: {outcome.status}, {outcome.output[-400:]} {outcome.why}")
    outcome = writer.run(scenario.command, folder, unflushed=True)
    documented = outcome.status in STATUSES and "Fatal" not in outcome.errors
    written = any((folder / name).exists() for name in scenario.outputs)
    if outcome.status != 0 and not (documented and (done or written)):
        problems.append(f"the same again, undisturbed: {outcome.status}, {outcome.why}")
        return problems
    later = independent_reader.load(folder / REGISTRY)
    problems += [f"the same again, undisturbed: {problem}" for problem in later.problems]
    if not done and outcome.status == 0:
        difference = scenario.after.difference(later, ["history"] if scenario.lasting else [])
        if difference:
            problems.append(f"the same again, undisturbed, gives something else: {difference}")
        for name in scenario.outputs:
            if content(folder / name) != scenario.contents[name]:
                problems.append(f"the same again, undisturbed: {name} is something else")
    # Whoever writes to a path removes what a killed process left there.
    if scenario.outputs:
        left = sorted(name for name in os.listdir(folder) if TEMPORARY.search(name))
        if left:
            problems.append(f"the same again, undisturbed, left {left}")
    return problems


class Trials:
    """Runs trials in parallel, each in a folder of its own."""

    def __init__(self, program: Program, report: Report, folder: Path, workers: int | None = None) -> None:
        self.program = program
        self.report = report
        self.folder = folder
        self.workers = workers or os.cpu_count() or 1

    def each(
        self, function: Callable[[T], object], items: Iterable[T], over: Callable[[], bool] = lambda: False
    ) -> None:
        """Calls a function with each item, several at a time, until no items are left or `over` returns true."""
        with concurrent.futures.ThreadPoolExecutor(self.workers) as pool:
            waiting: set[concurrent.futures.Future[object]] = set()
            for item in items:
                if over():
                    break
                waiting.add(pool.submit(function, item))
                if len(waiting) >= 2 * self.workers:
                    done, waiting = concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
                    for future in done:
                        future.result()
            for future in waiting:
                future.result()

    def disturb(
        self,
        row: str,
        scenario: Scenario,
        fault: Fault | None = None,
        kill_after: float | None = None,
        command_first: bool = False,
    ) -> bool:
        """Runs one trial.

        Args:
            row: The row of the report.
            scenario: The scenario to disturb.
            fault: What the failing disk does.
            kill_after: When to kill the command, in seconds.
            command_first: Whether the command opens the registry before the independent reader does.

        Returns:
            Whether the trial passed.
        """
        writer = scenario.program or self.program
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            place = Path(name)
            work, log = place / "work", place / "log"
            shutil.copytree(scenario.folder / "before", work)
            outcome = writer.run(scenario.command, work, fault=fault, log=log if fault else None, kill_after=kill_after)
            problems = []
            if command_first and (work / REGISTRY).exists():
                first = self.program.run(["list", "--registry", REGISTRY], work, unflushed=True)
                # A registry that is damaged before the command may still be damaged.
                allowed = (0, 65) if scenario.before.problems else (0,) if scenario.before.there else (0, 66)
                if first.status not in allowed:
                    problems.append(f"list, right after: {first.status}, {first.why}")
            verdict = Verdict(scenario, work, outcome, fault, command_first)
            problems += verdict.problems
            note = verdict.note
            if kill_after is not None and not outcome.killed:
                note = "ended before they came"
            if not problems:
                problems = check_afterwards(scenario, self.program, writer, work, verdict.state, verdict.done)
            if problems:
                shutil.copytree(scenario.folder / "before", place / "before")
                (place / "output").write_text(f"{outcome.status}\n{outcome.output}\n{outcome.errors}")
            self.report.trial(row, problems, reproduction(scenario, writer, fault, kill_after), place, note)
            return not problems


def reproduction(scenario: Scenario, program: Program, fault: Fault | None, kill_after: float | None) -> str:
    """Lines of shell that run the trial again."""
    line = program.script(scenario.command, "$PWD", fault).replace("'$PWD/'", '"$PWD/"')
    if kill_after is not None:
        line = f"timeout -s KILL {kill_after:.4f} " + line
    return f"# {scenario.name}\ncp -r files/before work && cd work\n{line}"
