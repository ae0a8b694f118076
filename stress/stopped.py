"""Commands that are stopped at random instants, by Ctrl-Z (SIGTSTP) or by SIGSTOP, while other processes work."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from . import independent_reader
from .program import Outcome, Program
from .report import Report
from .scenarios import REGISTRY

TERMINAL_STOPS = "stopped by Ctrl-Z"
FORCED_STOPS = "stopped by SIGSTOP"
SPEC = 'tensors: {w: [100, 300], b: [5]}\nrules: [{match: "*", init: normal}]\n'
LARGE = 'tensors: {w: [60, 262144], o: [700, 700]}\nrules: [{match: o, init: orthogonal}, {match: "*", init: normal}]\n'
# The commands that are stopped. {n} differs from trial to trial.
COMMANDS = (
    "create big --spec big.yaml --seed {n}",
    "create big --spec big.yaml --seed {n} --recipe-only",
    "verify --all --stored",
    "get large -o out-{n}.safetensors",
    "export large -o out-{n}.winit",
    "backup out-{n}.sqlite",
    "gc --yes --grace 0d",
    "doctor --full",
    "materialize recipe",
    "strip recipe",
)
# Within this time a command must stop, and another must work beside a command that Ctrl-Z has stopped, in seconds. A
# machine that runs other tests beside this one is slow.
LIMIT = 20.0


def run(program: Program, report: Report, folder: Path, count: int, seed: int) -> None:
    """Stops `count` commands with each signal."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        (place / "s.yaml").write_text(SPEC)
        (place / "big.yaml").write_text(LARGE)
        for line in (
            "create small --spec s.yaml --seed 1",
            "create large --spec big.yaml --seed 1",
            "create recipe --spec big.yaml --seed 2 --recipe-only",
        ):
            program.succeed([*line.split(), "--registry", REGISTRY], place)
        for row, number in ((TERMINAL_STOPS, signal.SIGTSTP), (FORCED_STOPS, signal.SIGSTOP)):
            with report.timed(row):
                for trial in range(count):
                    # Each command takes about half a second.
                    delay = chance.uniform(0.01, 0.6)
                    # No two commands write the same file.
                    line = COMMANDS[trial % len(COMMANDS)].format(n=f"{trial + 10}{number:d}")
                    words = [*line.split(), "--registry", REGISTRY]
                    problems = stop(program, place, words, number, delay)
                    script = f"# after {delay:.3f} s, {number.name}\n" + program.script(words, place)
                    report.trial(row, problems, script, place)
                report.trial(row, afterwards(program, place), "# the registry after all of them", place)


def stop(program: Program, place: Path, words: list[str], number: signal.Signals, delay: float) -> list[str]:
    """Stops one command, lets others work, and continues it; returns what is wrong."""
    problems = []
    child = subprocess.Popen(
        [*program.command, *words],
        cwd=place,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=program.environment(place, None, None, None, False),
        preexec_fn=os.setpgrp,  # a job of its own, as a shell makes it
    )
    time.sleep(delay)
    os.kill(child.pid, number)
    start = time.monotonic()
    while (state := os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOHANG | os.WNOWAIT)) is None:
        if time.monotonic() - start > LIMIT:
            problems.append(f"did not stop within {LIMIT:.0f} s")
            break
        time.sleep(0.002)
    if state is not None and state.si_code == os.CLD_STOPPED:
        problems += beside(program, place, child.pid, number)
    os.kill(child.pid, signal.SIGCONT)
    try:
        errors = child.communicate(timeout=300)[1]
    except subprocess.TimeoutExpired:
        child.kill()
        return [*problems, "did not end after SIGCONT"]
    if child.returncode != 0:
        problems.append(f"ended with {child.returncode}: {errors[:300]}")
    return problems


def beside(program: Program, place: Path, pid: int, number: signal.Signals) -> list[str]:
    """Writes and reads while a command is stopped; returns what is wrong."""
    problems = []
    for words in (["tag", "small", "a=b"], ["list"], ["create", "other", "--spec", "s.yaml", "--seed", "1"]):
        seconds = LIMIT if number == signal.SIGTSTP else 0.2
        arguments = [*words, "--registry", REGISTRY, "--lock-timeout", str(seconds)]
        outcome: Outcome = program.run(arguments, place, timeout=300)
        if outcome.status == 0:
            continue
        # SIGSTOP cannot be handled: the command may have been inside a transaction, and is then named.
        if number == signal.SIGTSTP:
            problems.append(f"{words[0]} beside it ended with {outcome.status}: {outcome.why}")
        elif outcome.status != 74 or f"process {pid} " not in outcome.errors or "-CONT" not in outcome.errors:
            problems.append(f"{words[0]} beside it does not name the stopped process: {outcome.status}, {outcome.why}")
    return problems


def afterwards(program: Program, place: Path) -> list[str]:
    """What is wrong with the registry, read independently and by its own checks."""
    problems = list(independent_reader.load(place / REGISTRY).problems)
    for words in (["doctor", "--full"], ["verify", "--all"]):
        outcome = program.run([*words, "--registry", REGISTRY], place, timeout=600)
        if outcome.status != 0:
            problems.append(f"{words[0]}: {outcome.status}, {outcome.output[-300:]}{outcome.why}")
    return problems
