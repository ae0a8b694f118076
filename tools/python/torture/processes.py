"""Many processes at once: creates under the same names, readers beside them, and a first opening by all."""

import collections
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

import registry
from scenarios import REGISTRY, load_dump

CREATES = "creates by 16 processes"
KILLED = "creates killed beside them"
READERS = "readers beside them"
OPENINGS = "first openings by 16"
BESIDE = "readers beside a large create"
NAMES = ["a", "b", "c"]
SPEC = "tensors: {w: [100, 300], b: [5]}\nrules: [{match: \"*\", init: normal}]\n"
PROCESSES = 16
# What a reader may wait, at the 99th percentile.
LIMIT = 0.2


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def figures(values):
    return (f"median {1000 * percentile(values, 0.5):.1f} ms, 99th percentile {1000 * percentile(values, 0.99):.1f} ms, "
            f"longest {1000 * max(values, default=0):.1f} ms of {len(values):,}")


def side_by_side(jobs):
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# MARK: - Creates under the same names


def creates(program, report, folder, each, seed):
    """16 processes create; others read; and one more after another is killed in the middle of its work."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        place = pathlib.Path(place)
        (place / "s.yaml").write_text(SPEC)
        for name in NAMES:
            program.succeed(["create", name, "--spec", "s.yaml", "--seed", "1", "--registry", REGISTRY], place)
        made = collections.Counter({name: 1 for name in NAMES})
        lock, over = threading.Lock(), threading.Event()
        waits = []

        def creator(number):
            for turn in range(each):
                name = NAMES[(number + turn) % len(NAMES)]
                # Some seeds are others' too: then their chunks are.
                arguments = ["create", name, "--spec", "s.yaml", "--seed", number * each // 2 + turn, "--json",
                             "--registry", REGISTRY]
                outcome = program.run(arguments, place, timeout=300)
                problems = complaints(outcome)
                if outcome.status == 0:
                    with lock:
                        made[name] += 1
                report.trial(CREATES, problems, program.script(arguments, place))

        def reader(number):
            commands = [
                ["list", "--json"], ["show", NAMES[number % 3], "--json"],
                ["get", NAMES[number % 3], "--tensor", "w", "--slice", "0:3,:", "--format", "raw", "-o", f"o{number}.bin",
                 "--force", "--json"],
                ["verify", NAMES[number % 3], "--stored", "--json"]]
            turn = number
            while not over.is_set():
                arguments = [*commands[turn % len(commands)], "--registry", REGISTRY]
                outcome = program.run(arguments, place, timeout=300)
                waits.append(outcome.seconds)
                report.trial(READERS, complaints(outcome), program.script(arguments, place))
                turn += 1

        def victims():
            turn = 0
            while not over.is_set():
                turn += 1
                arguments = ["create", "killed", "--spec", "s.yaml", "--seed", 10_000 + turn, "--json", "--registry", REGISTRY]
                outcome = program.run(arguments, place, timeout=300, kill_after=chance.uniform(0, 0.5))
                if outcome.receipt:
                    with lock:
                        made["killed"] += 1
                report.trial(KILLED, [] if outcome.killed else complaints(outcome), program.script(arguments, place))

        with report.timed(CREATES):
            readers = [threading.Thread(target=reader, args=[number]) for number in range(4)]
            readers.append(threading.Thread(target=victims))
            for thread in readers:
                thread.start()
            side_by_side([lambda number=number: creator(number) for number in range(PROCESSES)])
            over.set()
            for thread in readers:
                thread.join()
            state = registry.load(place / REGISTRY)
            problems = list(state.problems)
            for name in NAMES:
                versions = sorted(version for other, version, _ in state.runs if other == name)
                if versions != list(range(1, made[name] + 1)):
                    problems.append(f"{name}: {made[name]} creates succeeded, and the versions are {versions}")
            versions = sorted(version for other, version, _ in state.runs if other == "killed")
            if versions != list(range(1, len(versions) + 1)) or len(versions) < made["killed"]:
                problems.append(f"{made['killed']} creates gave a receipt before they were killed, and the versions are {versions}")
            if program.has("gc"):
                program.run(["gc", "--yes", "--registry", REGISTRY], place)
                state = registry.load(place / REGISTRY, deep=False)
                if state.orphans:
                    problems.append(f"after a gc {state.orphans} chunks are left that no run needs")
            if program.has("doctor"):
                outcome = program.run(["doctor", "--registry", REGISTRY], place)
                if outcome.status != 0:
                    problems.append(f"doctor afterwards: {outcome.status}, {outcome.output[-300:]}{outcome.why}")
            report.trial(CREATES, problems, f"# {PROCESSES} × {each} creates under {NAMES}", place)
        report.notes.append(f"whole commands that read beside {PROCESSES} creating processes: {figures(waits)}")


def complaints(outcome):
    problems = []
    if outcome.status != 0:
        problems.append(f"ended with {outcome.status}: {outcome.why}")
    if "locked" in outcome.errors:
        problems.append(f"speaks of locks: {outcome.why}")
    return problems


# MARK: - A first opening by all at once


def openings(program, report, folder, rounds):
    with report.timed(OPENINGS):
        for number in range(rounds):
            # In turn a registry of the first schema, and none at all.
            there = number % 2 == 0 and program.has("gc")
            with tempfile.TemporaryDirectory(dir=folder) as place:
                place = pathlib.Path(place)
                (place / "s.yaml").write_text(SPEC)
                if there:
                    load_dump(place / REGISTRY)
                before = registry.load(place / REGISTRY)
                outcomes = []

                def opener(number):
                    arguments = ["create", "k", "--spec", "s.yaml", "--seed", number, "--registry", REGISTRY, "--json"]
                    if there and number % 2:
                        arguments = ["list", "--registry", REGISTRY, "--json"]
                    outcomes.append((arguments, program.run(arguments, place, timeout=300)))

                side_by_side([lambda number=number: opener(number) for number in range(PROCESSES)])
                problems = [
                    f"{' '.join(map(str, arguments))}: {problem}" for arguments, outcome in outcomes
                    for problem in complaints(outcome)]
                state = registry.load(place / REGISTRY)
                problems += state.problems  # each migration once: the records are held against user_version
                creates = sum(arguments[0] == "create" for arguments, _ in outcomes)
                if len(state.runs) != len(before.runs) + creates:
                    problems.append(f"there are {len(state.runs)} runs, and should be {len(before.runs) + creates}")
                report.trial(OPENINGS, problems, f"# 16 processes open {'the old' if there else 'no'} registry", place)


# MARK: - Readers beside a large create


def beside_large(program, report, folder, megabytes):
    with tempfile.TemporaryDirectory(dir=folder) as place, report.timed(BESIDE):
        place = pathlib.Path(place)
        (place / "t.yaml").write_text("tensors: {w: [300, 1024]}\nrules: [{match: w, init: normal}]\n")
        (place / "big.yaml").write_text(f"tensors: {{w: [{megabytes // 4}, 1048576]}}\nrules: [{{match: w, init: normal}}]\n")
        program.succeed(["create", "t", "--spec", "t.yaml", "--seed", "1", "--registry", REGISTRY], place)
        poller = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__).with_name("poller.py"), place / REGISTRY], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        poller.stdout.readline()
        arguments = ["create", "big", "--spec", "big.yaml", "--seed", "1", "--registry", REGISTRY, "--json"]
        large = {}
        writer = threading.Thread(target=lambda: large.update(outcome=program.run(arguments, place, timeout=3600)))
        writer.start()
        waits = []
        commands = [
            ["show", "t", "--json"], ["list", "--json"],
            ["get", "t", "--tensor", "w", "--slice", "0:10,:", "--format", "raw", "-o", "o.bin", "--force", "--json"]]
        while writer.is_alive():
            reading = [*commands[len(waits) % len(commands)], "--registry", REGISTRY]
            outcome = program.run(reading, place, timeout=300)
            waits.append(outcome.seconds)
            report.trial(BESIDE, complaints(outcome), program.script(reading, place))
        writer.join()
        polled, errors = json.loads(poller.communicate()[0])
        problems = complaints(large["outcome"]) + errors[:3]
        for what, values in (("whole commands", waits), ("reads over one connection", polled)):
            report.notes.append(f"beside a create of {megabytes:,} MiB: {what}: {figures(values)}")
            # Of a few that share two processors with everything else, the slowest says little.
            if len(values) >= 100 and percentile(values, 0.99) > LIMIT:
                problems.append(f"{what} waited too long: {figures(values)}")
        problems += registry.load(place / REGISTRY, deep=megabytes < 500).problems
        report.trial(BESIDE, problems, program.script(arguments, place))
