"""Checks that the tests can fail: they must find out writers that break their promises, and not blame a good one."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from . import companions, damage, faults, flips
from .program import Program
from .report import Report
from .scenarios import REGISTRY, Scenario, some
from .trials import Trials

ROW = "the harness itself"
CARELESS = Path(__file__).with_name("careless.py")
# What each writer does wrong, and the row in which that must show.
WAYS = {
    "unsynced": ("commits without flushing", faults.CUTS),
    "early": ("prints its receipt before the commit", faults.KILLS),
    "halves": ("adds a run in two transactions", faults.KILLS),
    "silent": ("reports success after an error", faults.ERRORS),
    "unsynced-file": ("renames a file that it has not flushed", faults.CUTS),
    "grows-in-place": ("writes a file under its final name", faults.KILLS),
}


def run(program: Program, report: Report, folder: Path, seed: int, short: bool = False) -> None:
    with report.timed(ROW):
        for how, (what, row) in WAYS.items():
            found = failures(program, folder, seed, how, row, 400)
            report.trial(ROW, [] if found else [f"a writer that {what} is not found out in {row}"])
        found = failures(program, folder, seed, "good", None, 25 if short else 200)
        report.trial(ROW, [f"a writer that does everything right is blamed: {found} failures"] if found else [])
        liar = Program([sys.executable, str(CARELESS), "liar", *program.command], program.shim)
        quiet = Report(folder, quiet=True)
        flips.run(liar, quiet, folder, seed, 10)
        missed = quiet.row(flips.ROW).failures != 10
        report.trial(ROW, ["a verify that finds nothing is not found out"] if missed else [])
        with tempfile.TemporaryDirectory(dir=folder) as place:
            base = damage.Base(program, Path(place))
            base.program = liar
            missed = not any(damage.WRONG_WEIGHTS in problem for problem in base.judge(base.folder))
        report.trial(ROW, ["a get that changes a byte is not found out"] if missed else [])
        stock = Program([sys.executable, str(CARELESS), "stock"], program.shim)
        with tempfile.TemporaryDirectory(dir=folder) as name:
            missed = not companions.is_caught(stock, program, Path(name).resolve())
        report.trial(ROW, ["a program that deletes what a journal names is not found out"] if missed else [])


def failures(program: Program, folder: Path, seed: int, how: str, row: str | None, count: int) -> int:
    """The number of failures in `count` trials of a writer. With a row, stops at the first failure in it."""
    writer = Program([sys.executable, str(CARELESS)], program.shim)
    quiet = Report(folder, quiet=row is not None)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        outputs = ("out",) if how in ("unsynced-file", "grows-in-place") else ()
        scenario = Scenario(how, some, [how, REGISTRY, "--json"], outputs=outputs, program=writer)
        scenario.learn(program, place / "scenario")
        trials = Trials(program, quiet, place)
        chance = random.Random(seed)
        todo = [item for item in faults.plan([scenario], 4, chance) if row in (None, item[0])]
        trials.each(
            lambda item: faults.one(trials, item, chance),
            todo[:count],
            over=lambda: row is not None and quiet.failures > 0,
        )
    return quiet.failures
