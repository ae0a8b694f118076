"""Whether the harness can fail: writers that break their promises must be found out, and one that keeps them must not."""

import pathlib
import random
import sys
import tempfile

import damage
import faults
import flips
from program import Program
from report import Report
from scenarios import REGISTRY, Scenario, some
from trials import Trials

ROW = "the harness itself"
CARELESS = pathlib.Path(__file__).with_name("careless.py")
# What each does wrong, and the row in which that must show.
WAYS = {
    "unsynced": ("commits without flushing", faults.CUTS),
    "early": ("prints its receipt before the commit", faults.KILLS),
    "halves": ("adds a run in two transactions", faults.KILLS),
    "silent": ("takes an error for success", faults.ERRORS),
    "unsynced-file": ("renames a file that it has not flushed", faults.CUTS),
    "grows-in-place": ("writes a file under its own name", faults.KILLS),
}


def run(program, report, folder, seed, short=False):
    with report.timed(ROW):
        for how, (what, row) in [*WAYS.items(), ("good", (None, None))]:
            found = attempt(program, folder, seed, how, row, 25 if short else 200)
            if what and not found:
                report.trial(ROW, [f"a writer that {what} is not found out in {row}"])
            elif not what and found:
                report.trial(ROW, [f"a writer that does everything right is blamed: {found} failures"])
            else:
                report.trial(ROW)
        liar = Program([sys.executable, str(CARELESS), "liar", *program.command], program.shim)
        quiet = Report(folder, quiet=True)
        flips.run(liar, quiet, folder, seed, 10)
        missed = quiet.row(flips.ROW).failures != 10
        report.trial(ROW, ["a verify that finds nothing is not found out"] if missed else [])
        with tempfile.TemporaryDirectory(dir=folder) as place:
            base = damage.Base(program, place)
            base.program = liar
            missed = not any("something else" in problem for problem in base.judge(base.folder))
        report.trial(ROW, ["a get that changes a byte is not found out"] if missed else [])


def attempt(program, folder, seed, how, row, enough):
    """Failures found in so many trials of a good writer; of a bad one no more than the first is looked for."""
    writer = Program([sys.executable, str(CARELESS)], program.shim)
    quiet = Report(folder, quiet=how != "good")
    with tempfile.TemporaryDirectory(dir=folder) as place:
        outputs = ("out",) if "file" in how or "place" in how else ()
        scenario = Scenario(how, some, [how, REGISTRY, "--json"], outputs=outputs, program=writer)
        scenario.learn(program, pathlib.Path(place) / "scenario")
        trials = Trials(program, quiet, place)
        chance = random.Random(seed)
        todo = [item for item in faults.plan([scenario], 4, chance) if row in (None, item[0])]
        over = (lambda: False) if how == "good" else (lambda: quiet.failures > 0)
        trials.each(lambda item: faults.one(trials, item, chance), todo[:enough if how == "good" else 400], over=over)
    return quiet.failures
