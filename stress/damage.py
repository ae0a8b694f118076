"""Damaged registry files: cut short, overwritten, shuffled.

Every command must end soon, with a documented status, and must never give wrong weights.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import hostile
from .program import STATUSES, Outcome, Program
from .scenarios import REGISTRY, SMALL, WIDER, create
from .trials import Trials

DAMAGED = "damaged files"
HOSTILE = "hostile files"
WRONG_WEIGHTS = "succeeds, but gives wrong weights"
PAGE = 16384
# What is done to a file. More frequent kinds are listed more than once.
KINDS = [
    "cut", "cut at a page", "bytes", "bytes", "bytes", "header", "header", "page head", "page head", "content",
    "content", "content", "zeros", "swap", "copy", "longer", "journal", "own journal",
]  # fmt: skip
# The processor time that a command may take on a file this small.
SECONDS = 10


class Base:
    """A small registry, and what `get` must give of it."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program = program
        self.folder = folder / "damage"
        self.folder.mkdir()
        create(program, self.folder, "m", SMALL, 1)
        create(program, self.folder, "r", SMALL, 2, "--recipe-only")
        create(program, self.folder, "m", WIDER, 1)
        (self.folder / "s.yaml").write_text(SMALL)
        for more in (["alias", "m:v1", "good"], ["tag", "m", "a=b"], ["note", "r", "words"], ["verify", "--all"]):
            if program.has(more[0], "alias"):
                program.succeed([*more, "--registry", REGISTRY], self.folder)
        self.contents = (self.folder / REGISTRY).read_bytes()
        ids = [
            program.succeed(["show", name, "--json", "--registry", REGISTRY], self.folder).receipt["id"]
            for name in ("m:v1", "r:v1", "m:v2")
        ]
        self.gets: list[list[str]] = []
        for identity in ids:
            self.gets.append(["get", identity, "-o", "out", "--format", "safetensors", "--force"])
            slice_of_w = ["--tensor", "w", "--slice", "3:90,10:"]
            self.gets.append(["get", identity, *slice_of_w, "-o", "out", "--format", "raw", "--force"])
        self.expected: list[bytes] = []
        for arguments in self.gets:
            program.succeed([*arguments, "--registry", REGISTRY], self.folder)
            self.expected.append((self.folder / "out").read_bytes())
        (self.folder / "out").unlink()
        self.reading = [
            ["list"],
            ["list", "--json"],
            ["show", "m"],
            ["show", "r", "--json"],
            ["verify", "--all", "--json"],
        ]
        self.writing = [["create", "m", "--spec", "s.yaml", "--seed", "9"]]
        if program.has("doctor"):
            self.reading += [["doctor"], ["stats"], ["log", "--json"], ["diff", "m:v1", "m:v2"], ["show", "m:good"]]
            self.writing += [
                ["doctor", "--full", "--repair"],
                ["gc", "--yes", "--grace", "0d"],
                ["backup", "copy.sqlite"],
                ["export", "m", "-o", "out.winit"],
                ["rm", "m:v1"],
            ]

    def judge(self, place: Path, writing: Sequence[list[str]] = ()) -> list[str]:
        """Runs the reading commands on a file, then those of `writing`; returns what is wrong."""
        problems = []

        def run(arguments: list[str]) -> Outcome:
            outcome = self.program.run(
                [*arguments, "--registry", REGISTRY], place, processor_seconds=SECONDS, unflushed=True
            )
            line = " ".join(arguments)
            if outcome.timed_out:
                problems.append(f"{line}: takes more than {SECONDS} s of processor time")
            elif outcome.status not in STATUSES:
                problems.append(f"{line}: ends with {outcome.status}, {outcome.why}")
            elif outcome.status not in (0, 1) and not outcome.message:
                problems.append(f"{line}: ends with {outcome.status} and no message")
            return outcome

        for arguments in self.reading:
            run(arguments)
        for arguments, expected in zip(self.gets, self.expected, strict=True):
            (place / "out").unlink(missing_ok=True)
            outcome = run(arguments)
            there = (place / "out").exists()
            if outcome.status == 0 and (not there or (place / "out").read_bytes() != expected):
                problems.append(f"{' '.join(arguments)}: {WRONG_WEIGHTS}")
            if outcome.status != 0 and there:
                problems.append(f"{' '.join(arguments)}: ends with {outcome.status}, but leaves a file")
        for arguments in writing:
            run(arguments)
        return problems


def run(trials: Trials, seed: int, count: int, hostile_count: int | None = None) -> None:
    """Tries `count` damaged files, and `hostile_count` hostile ones (None: all)."""
    chance = random.Random(seed)
    base = Base(trials.program, trials.folder)

    def damaged(number: int) -> None:
        own = random.Random(f"{seed} {number}")
        contents, journal, what = damage(base.contents, own)
        with tempfile.TemporaryDirectory(dir=trials.folder) as name:
            place = Path(name)
            (place / "s.yaml").write_text(SMALL)
            write_registry(place, contents, journal)
            problems = base.judge(place, own.sample(base.writing, min(3, len(base.writing))))
            if problems:
                (place / "as-damaged").mkdir()
                write_registry(place / "as-damaged", contents, journal)
            trials.report.trial(DAMAGED, problems, f"# {what}; the file before the commands: files/as-damaged", place)

    with trials.report.timed(DAMAGED):
        trials.each(damaged, range(count))

    def foreign(item: tuple[str, hostile.Maker]) -> None:
        what, make = item
        with tempfile.TemporaryDirectory(dir=trials.folder) as name:
            place = Path(name)
            (place / "s.yaml").write_text(SMALL)
            shutil.copy(base.folder / REGISTRY, place / REGISTRY)
            try:
                make(place / REGISTRY)
            except hostile.Impossible:
                return
            made = place / "as-made"
            made.mkdir()
            for path in place.glob(REGISTRY + "*"):
                if path.is_file() and path.stat().st_size < 1 << 24:
                    shutil.copy(path, made)
            problems = base.judge(place, base.writing)
            trials.report.trial(HOSTILE, problems, f"# {what}; the file before the commands: files/as-made", place)

    todo = list(hostile.all_of_them())
    chance.shuffle(todo)
    with trials.report.timed(HOSTILE):
        trials.each(foreign, todo[:hostile_count])
    shutil.rmtree(base.folder)


def write_registry(folder: Path, contents: bytes, journal: bytes | None) -> None:
    (folder / REGISTRY).write_bytes(contents)
    if journal is not None:
        (folder / (REGISTRY + "-journal")).write_bytes(journal)


def damage(contents: bytes, chance: random.Random) -> tuple[bytes, bytes | None, str]:
    """Damages a registry: its new contents, those of a journal beside it or None, and what was done."""
    data, pages = bytearray(contents), len(contents) // PAGE
    page = chance.randrange(pages)
    kind = chance.choice(KINDS)
    if kind == "cut":
        del data[chance.randrange(len(data)) :]
    elif kind == "cut at a page":
        del data[page * PAGE :]
    elif kind in ("bytes", "header", "page head", "content"):
        for _ in range(chance.choice([1, 1, 2, 5, 20])):
            at = place_of_damage(kind, data, pages, chance)
            data[at] = chance.choice([chance.randrange(256), data[at] ^ 1 << chance.randrange(8), 0, 255])
    elif kind == "zeros":
        data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    elif kind in ("swap", "copy"):
        other = chance.randrange(pages)
        one, two = data[page * PAGE : (page + 1) * PAGE], data[other * PAGE : (other + 1) * PAGE]
        data[other * PAGE : (other + 1) * PAGE] = one
        if kind == "swap":
            data[page * PAGE : (page + 1) * PAGE] = two
    elif kind == "longer":
        data += chance.randbytes(chance.randrange(1, 3 * PAGE))
    journal = None
    if kind == "journal":
        journal = chance.randbytes(chance.randrange(1, 3 * PAGE))
    elif kind == "own journal":
        journal = valid_journal(page, pages, chance.randbytes(PAGE))
    return bytes(data), journal, f"{kind}, page {page + 1} of {pages}"


def place_of_damage(kind: str, data: bytearray, pages: int, chance: random.Random) -> int:
    """The index of a byte to change."""
    if kind == "bytes":
        return chance.randrange(len(data))
    if kind == "header":
        return chance.randrange(100)
    if kind == "page head":
        return chance.randrange(pages) * PAGE + chance.randrange(16)
    # Where a page holds something: at the end of b-tree pages, and in texts.
    for _ in range(100):
        at = chance.randrange(pages) * PAGE + chance.choice([chance.randrange(PAGE), PAGE - 1 - chance.randrange(600)])
        if data[at]:
            break
    return at


def valid_journal(page: int, pages: int, content: bytes) -> bytes:
    """A journal that SQLite rolls back, with a page that is not from this file."""
    journal = bytes.fromhex("d9d505f920a163d7") + (1).to_bytes(4, "big") + bytes(4)
    journal += pages.to_bytes(4, "big") + (512).to_bytes(4, "big") + PAGE.to_bytes(4, "big")
    journal = journal.ljust(512, b"\0") + (page + 1).to_bytes(4, "big") + content
    return journal + sum(content[i] for i in range(PAGE - 200, 0, -200)).to_bytes(4, "big")
