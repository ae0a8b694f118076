"""Rows of the table, and what is kept of a failure."""

import dataclasses
import pathlib
import re
import shutil
import sys
import threading
import time


def say(text):
    print(text, file=sys.stderr, flush=True)


@dataclasses.dataclass
class Row:
    """A kind of trial: how many there were, and how many failed."""

    name: str
    trials: int = 0
    failures: int = 0
    seconds: float = 0
    notes: dict = dataclasses.field(default_factory=dict)

    def note(self, name, amount=1):
        self.notes[name] = self.notes.get(name, 0) + amount


class Report:
    def __init__(self, folder, quiet=False):
        self.folder = pathlib.Path(folder)
        self.rows = {}
        self.notes = []
        self.lock = threading.Lock()
        self.quiet = quiet
        self.shown = 0

    def row(self, name):
        with self.lock:
            return self.rows.setdefault(name, Row(name))

    def trial(self, name, problems=(), reproduction="", keep=None, note=None):
        """Counts a trial. Of one with problems, `reproduction` (lines of shell) and the folder `keep` are kept."""
        row = self.row(name)
        with self.lock:
            row.trials += 1
            if note:
                row.note(note)
            if not problems:
                return
            row.failures += 1
            number = sum(row.failures for row in self.rows.values())
            if self.quiet:
                return
            place = self.folder / f"{number:04d}-{name.replace(' ', '-')}"
            if number <= 100:
                place.mkdir(parents=True, exist_ok=True)
                if keep is not None and pathlib.Path(keep).exists():
                    shutil.copytree(keep, place / "files", dirs_exist_ok=True)
                (place / "problems").write_text("\n".join(problems) + "\n")
                (place / "reproduce").write_text(reproduction + "\n")
            self.shown += 1
            if self.shown <= 40:
                say(f"FAILED {name}: " + "; ".join(str(problem) for problem in problems)[:1500])
                for line in reproduction.splitlines():
                    say(f"    {line}")
                say(f"    kept in {place}")

    def timed(self, name):
        return Timer(self.row(name))

    def fuzz(self, line):
        """Takes over what tools/fuzz said: "fuzz: 9 targets, 1000 inputs, 0 failures"."""
        numbers = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", line)]
        row = self.row("fuzz inputs")
        if len(numbers) == 3:
            row.note("targets", numbers[0])
            row.trials, row.failures = numbers[1:]
        else:
            row.failures = 1
            self.notes.append(f"tools/fuzz said: {line}")

    @property
    def failures(self):
        return sum(row.failures for row in self.rows.values())

    def table(self):
        lines = [("what", "trials", "failures", "seconds", "")]
        for row in self.rows.values():
            notes = ", ".join(f"{name} {amount}" for name, amount in row.notes.items())
            lines.append((row.name, f"{row.trials:,}", str(row.failures), f"{row.seconds:.0f}", notes))
        lines.append((
            "all", f"{sum(r.trials for r in self.rows.values()):,}", str(self.failures),
            f"{sum(r.seconds for r in self.rows.values()):.0f}", ""))
        widths = [max(len(line[i]) for line in lines) for i in range(4)]
        return "\n".join(
            "  ".join([line[0].ljust(widths[0]), *(line[i].rjust(widths[i]) for i in (1, 2, 3)), line[4]]).rstrip()
            for line in lines)


class Timer:
    def __init__(self, row):
        self.row = row

    def __enter__(self):
        self.start = time.perf_counter()
        return self.row

    def __exit__(self, *_):
        self.row.seconds += time.perf_counter() - self.start
