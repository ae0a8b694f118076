"""Disturbs winit-registry in every way that a machine can, and checks that it keeps its promises.

    python -m stress COMMAND [--shim LIBRARY] [--short] [--only NAME] [--seed N] …

COMMAND is the winit-registry to test. LIBRARY is the failing disk that tools/faults/build makes; the tests that need it
are left out without it. tools/torture builds both and runs the long form, which takes tens of minutes. tools/test runs
the short form, which takes about one.

After each disturbance Python's sqlite3 and hashlib read the file before the command does. Exits with 1 if anything
failed. Each failure is printed with the shell lines that reproduce it, and its files are kept.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from . import (
    checkouts,
    companions,
    damage,
    faults,
    flips,
    hostile_checkouts,
    kills,
    network,
    processes,
    salvage,
    selftest,
    stopped,
)
from .program import Program
from .report import Report, say
from .scenarios import learned
from .trials import Trials

PARTS = (
    "self-test",
    "faults",
    "kills",
    "flips",
    "damage",
    "salvage",
    "companions",
    "network",
    "checkouts",
    "openings",
    "creates",
    "readers",
    "stopped",
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/torture", description="Stress tests for winit-registry.")
    parser.add_argument("command", help="the winit-registry to test")
    parser.add_argument("--shim", metavar="LIBRARY", help="the failing disk that tools/faults/build makes")
    parser.add_argument("--short", action="store_true", help="run a sample of everything, in about a minute")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the random choices")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help=f"run only a part ({', '.join(PARTS)}), or only the faults and kills of a subcommand",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="N",
        help="time for the faults (default: 15 seconds in the short form, no limit in the long form)",
    )
    parser.add_argument(
        "--trials", type=int, metavar="N", help="number of kills at random instants (default: 40 or 600)"
    )
    parser.add_argument("--self-test", action="store_true", help="check only that the tests can fail")
    parser.add_argument("--failures", default=".build/torture", metavar="FOLDER", help="where to keep failures")
    parser.add_argument("--fuzz", metavar="LINE", help="the last line of tools/fuzz, for the table")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    parts = [name for name in arguments.only if name in PARTS]
    commands = [name for name in arguments.only if name not in PARTS]
    if commands:
        parts += ["faults", "kills"]
    if arguments.self_test:
        parts = ["self-test"]
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().getrandbits(32)
    say(f"torture: seed {seed}")
    failures = Path(arguments.failures)
    report = Report(failures)
    program = Program([os.path.abspath(arguments.command)], arguments.shim and os.path.abspath(arguments.shim))
    if not program.shim:
        report.notes.append(
            "left out without the failing disk: the self-test, faults, hostile companions, network file systems"
        )
    failures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=failures, prefix="work-") as work:
        try:
            disturb(program, report, Path(work).absolute(), parts or PARTS, commands, seed, arguments)
        except KeyboardInterrupt:
            report.trial("interrupted", ["interrupted"])
        except Exception:
            report.trial(selftest.ROW, [traceback.format_exc()])
    if arguments.fuzz:
        report.fuzz(arguments.fuzz)
    print(report.table())
    for note in report.notes:
        print(f"  {note}")
    sys.exit(1 if report.failures else 0)


def disturb(
    program: Program,
    report: Report,
    work: Path,
    parts: Sequence[str],
    commands: Sequence[str],
    seed: int,
    arguments: argparse.Namespace,
) -> None:
    """Runs the parts that are asked for."""
    short = arguments.short

    def part(name: str) -> bool:
        if name in parts and len(parts) > 1:
            say(f"torture: {name} …")
        return name in parts

    if program.shim and part("self-test"):
        selftest.run(program, report, work, seed, short)
    trials = Trials(program, report, work)
    if "faults" in parts or "kills" in parts:
        found = learned(program, work / "scenarios", report, commands)
        if program.shim and part("faults"):
            faults.run(trials, found, seed, arguments.seconds or (15 if short else None))
        if part("kills"):
            kills.run(trials, found, seed, arguments.trials or (40 if short else 600))
    if part("flips"):
        flips.run(program, report, work, seed, 1000)
    if part("damage"):
        damage.run(trials, seed, 20 if short else 1000, 15 if short else None)
    if part("salvage"):
        salvage.run(trials, seed, *((20, 10) if short else (600, 400)))
    if program.shim and part("companions"):
        companions.run(trials, seed, 40 if short else 5000)
    if program.shim and part("network"):
        network.run(program, report, work)
    if part("checkouts"):
        hostile_checkouts.run(program, report, work, seed, 50 if short else 2000)
        checkouts.run(program, report, work, seed, 6 if short else 150)
    if part("openings"):
        processes.openings(program, report, work, 4 if short else 50)
    if part("creates"):
        processes.creates(program, report, work, 3 if short else 50, seed)
    if part("readers"):
        processes.beside_large(program, report, work, 128 if short else 2048)
    if part("stopped"):
        stopped.run(program, report, work, 10 if short else 100, seed)


if __name__ == "__main__":
    main()
