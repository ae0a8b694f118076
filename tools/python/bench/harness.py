"""What every measurement shares: the command, the results, and how a round goes."""

import os
import pathlib
import statistics
import subprocess
import sys
import time

SPECS = pathlib.Path(__file__).parents[3] / "specs"
CORES = os.cpu_count()
GPT2_BYTES = 497_759_232


class Bench:
    """Runs contenders in turn, so that a machine that changes its speed changes it for all."""

    def __init__(self, binaries, rounds, work):
        self.command = os.path.join(binaries, "winit-registry")
        self.fills = os.path.join(binaries, "winit-bench")
        self.rounds = rounds
        self.work = pathlib.Path(work)
        self.results = []
        self.notes = []
        self.peaks = {}

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def note(self, text):
        """What could not be measured, for the end of the table."""
        self.notes.append(text)

    def ratio(self, name, rounds, at_least=None):
        if rounds:
            self.results.append({"name": name, "ratio": statistics.median(rounds), "rounds": rounds, "aim": at_least})

    def value(self, name, rounds, at_most=None):
        if rounds:
            self.results.append({"name": name, "value": statistics.median(rounds), "rounds": rounds, "aim": at_most})

    def run(self, *arguments, peak=None):
        """Runs the command; seconds of wall time. `peak` names where its peak of memory is noted."""
        start = time.perf_counter()
        child = subprocess.Popen(
            [self.command, *map(str, arguments)], cwd=self.work, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "WINIT_REGISTRY": ""})
        errors = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        if status != 0:
            sys.exit(f"winit-registry {' '.join(map(str, arguments))} failed: {errors.decode()}")
        if peak:
            megabytes = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
            self.peaks[peak] = max(self.peaks.get(peak, 0), megabytes)
        return seconds

    def rotate(self, what, contenders):
        """Seconds of each contender in each round. Each round begins with another, so that none is always first."""
        seconds = {name: [] for name in contenders}
        names = list(contenders)
        for number in range(self.rounds):
            self.say(f"{what}, round {number + 1} of {self.rounds} …")
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                seconds[name].append(contenders[name]())
        return seconds

    def clear(self, *names):
        for name in names:
            for path in self.work.glob(name + "*"):
                path.unlink()
