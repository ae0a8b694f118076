"""Disturbs winit-registry in every way that a machine can, and holds it to what it promises.

    python3 tools/python/torture COMMAND [--shim LIBRARY] [--short] [--only NAME] [--seed N] …

COMMAND is the winit-registry to be tested, LIBRARY the failing disk that tools/faults/build makes; without it what needs
it is left out. tools/torture builds both and runs the long form, some tens of minutes; tools/test runs the short one, about one.

What is found is read with Python's sqlite3 and hashlib alone before the command has another look at it. Exits with 1
if anything failed; each failure is printed with the shell lines that reproduce it, and its files are kept.
"""

import argparse
import os
import pathlib
import random
import sys
import tempfile
import traceback

import damage
import faults
import flips
import kills
import network
import processes
import selftest
from program import Program
from report import Report, say
from scenarios import learned
from trials import Trials

PARTS = ("self-test", "faults", "kills", "flips", "damage", "network", "openings", "creates", "readers")


def main():
    parser = argparse.ArgumentParser(prog="tools/torture")
    parser.add_argument("command", help="the winit-registry to be tested")
    parser.add_argument("--shim", help="the failing disk, as tools/faults/build makes it")
    parser.add_argument("--short", action="store_true", help="a sample of everything, in about a minute")
    parser.add_argument("--seed", type=int, help="for the choices by chance")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help=f"only a part ({', '.join(PARTS)}), or a command's name: only its faults and kills")
    parser.add_argument("--seconds", type=float, help="how long to go on with faults (default: 15 in the short form, to the end)")
    parser.add_argument("--trials", type=int, help="how many kills at random instants (default: 40, 600)")
    parser.add_argument("--self-test", action="store_true", help="only see whether the harness can fail")
    parser.add_argument("--failures", default=".build/torture", metavar="FOLDER", help="where failures are kept")
    parser.add_argument("--fuzz", metavar="LINE", help="what tools/fuzz said at its end, for the table")
    arguments = parser.parse_args()
    parts = [name for name in arguments.only if name in PARTS]
    commands = [name for name in arguments.only if name not in PARTS]
    if commands:
        parts += ["faults", "kills"]
    if arguments.self_test:
        parts = ["self-test"]
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().getrandbits(32)
    say(f"torture: seed {seed}")
    report = Report(arguments.failures)
    program = Program(os.path.abspath(arguments.command), arguments.shim and os.path.abspath(arguments.shim))
    if not program.shim:
        report.notes.append("left out for want of the failing disk: the self-test, faults, network file systems")
    pathlib.Path(arguments.failures).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.failures, prefix="work-") as work:
        work = os.path.abspath(work)
        try:
            disturb(program, report, work, parts or PARTS, commands, seed, arguments)
        except KeyboardInterrupt:
            report.trial("interrupted", ["interrupted"])
        except Exception:
            report.trial("the harness itself", [traceback.format_exc()])
    if arguments.fuzz:
        report.fuzz(arguments.fuzz)
    print(report.table())
    for note in report.notes:
        print(f"  {note}")
    sys.exit(1 if report.failures else 0)


def disturb(program, report, work, parts, commands, seed, arguments):
    short = arguments.short

    def part(name):
        if name in parts and len(parts) > 1:
            say(f"torture: {name} …")
        return name in parts

    if program.shim and part("self-test"):
        selftest.run(program, report, work, seed, short)
    trials = Trials(program, report, work)
    if "faults" in parts or "kills" in parts:
        found = learned(program, pathlib.Path(work) / "scenarios", report, commands)
        if program.shim and part("faults"):
            faults.run(trials, found, seed, arguments.seconds or (15 if short else None))
        if part("kills"):
            kills.run(trials, found, seed, arguments.trials or (40 if short else 600))
    if part("flips"):
        flips.run(program, report, work, seed, 1000)
    if part("damage"):
        damage.run(trials, seed, 20 if short else 1000, 15 if short else None)
    if program.shim and part("network"):
        network.run(program, report, work)
    if part("openings"):
        processes.openings(program, report, work, 4 if short else 50)
    if part("creates"):
        processes.creates(program, report, work, 3 if short else 50, seed)
    if part("readers"):
        processes.beside_large(program, report, work, 128 if short else 2048)


if __name__ == "__main__":
    main()
