"""The table of results, and what is kept of a failure."""

from __future__ import annotations

import dataclasses
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclasses.dataclass
class Row:
    """One kind of trial: how many there were, and how many failed."""

    name: str
    trials: int = 0
    failures: int = 0
    seconds: float = 0
    notes: dict[str, int] = dataclasses.field(default_factory=dict)

    def note(self, name: str, amount: int = 1) -> None:
        self.notes[name] = self.notes.get(name, 0) + amount


class Report:
    """Counts trials by row, and keeps the files of those that fail. Threads may share it."""

    def __init__(self, folder: Path, quiet: bool = False) -> None:
        self.folder = folder
        self.rows: dict[str, Row] = {}
        self.notes: list[str] = []
        self.lock = threading.Lock()
        self.quiet = quiet
        self.shown = 0

    def row(self, name: str) -> Row:
        with self.lock:
            return self.rows.setdefault(name, Row(name))

    def trial(
        self,
        name: str,
        problems: Sequence[str] = (),
        reproduction: str = "",
        keep: Path | None = None,
        note: str | None = None,
    ) -> None:
        """Counts a trial.

        Args:
            name: The row.
            problems: What is wrong; nothing if the trial passed.
            reproduction: Lines of shell that show a failure again.
            keep: A folder to keep if the trial failed.
            note: A remark that the row counts.
        """
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
                if keep is not None and keep.exists():
                    shutil.copytree(keep, place / "files", dirs_exist_ok=True)
                (place / "problems").write_text("\n".join(problems) + "\n")
                (place / "reproduce").write_text(reproduction + "\n")
            self.shown += 1
            if self.shown <= 40:
                say(f"FAILED {name}: " + "; ".join(problems)[:1500])
                for line in reproduction.splitlines():
                    say(f"    {line}")
                say(f"    kept in {place}")

    @contextmanager
    def timed(self, name: str) -> Iterator[Row]:
        """Adds the time that the block takes to a row."""
        row = self.row(name)
        start = time.perf_counter()
        try:
            yield row
        finally:
            row.seconds += time.perf_counter() - start

    def fuzz(self, line: str) -> None:
        """Adds the last line of tools/fuzz: "fuzz: 9 targets, 1000 inputs, 0 failures"."""
        numbers = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", line)]
        row = self.row("fuzz inputs")
        if len(numbers) == 3:
            row.note("targets", numbers[0])
            row.trials, row.failures = numbers[1:]
        else:
            row.failures = 1
            self.notes.append(f"tools/fuzz said: {line}")

    @property
    def failures(self) -> int:
        return sum(row.failures for row in self.rows.values())

    def table(self) -> str:
        """The rows as text, and a last one with the sums."""
        rows = self.rows.values()
        lines = [("what", "trials", "failures", "seconds", "")]
        for row in rows:
            notes = ", ".join(f"{name} {amount}" for name, amount in row.notes.items())
            lines.append((row.name, f"{row.trials:,}", str(row.failures), f"{row.seconds:.0f}", notes))
        trials, seconds = sum(row.trials for row in rows), sum(row.seconds for row in rows)
        lines.append(("all", f"{trials:,}", str(self.failures), f"{seconds:.0f}", ""))
        widths = [max(len(line[i]) for line in lines) for i in range(4)]
        return "\n".join(
            "  ".join([line[0].ljust(widths[0]), *(line[i].rjust(widths[i]) for i in (1, 2, 3)), line[4]]).rstrip()
            for line in lines
        )
