"""Hostile files beside a registry: journals, write-ahead logs and their indexes, beside registries that may be damaged.

SQLite does what a journal says, and a journal can name a file for SQLite to delete. Whatever lies beside a registry,
no file outside its folder may be opened for writing, renamed or deleted, and no other file in it may be changed.
"""

from __future__ import annotations

import dataclasses
import os
import random
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import damage
from .damage import PAGE
from .program import STATUSES, Fault, Outcome, Program
from .scenarios import LARGE, REGISTRY, SMALL, TWO_CHUNKS, create
from .trials import Trials

ROW = "hostile companions"
OUTSIDE = "outside the folder"
CUTTING = "journal that cuts off pages"
COMMANDS = [["doctor"], ["doctor", "--repair"], ["list"], ["show", "m"], ["verify", "--all"]]
MARK = bytes.fromhex("d9d505f920a163d7")
NONCE = 0x12345678
SECONDS = 10

Snapshot = dict[str, tuple[object, ...]]


@dataclasses.dataclass
class Files:
    """What is in the folder of a trial before the commands, and what its commands must do.

    Attributes:
        what: Descriptions of the files.
        database: The contents of the registry.
        lists: Whether `list` must succeed: the files are as a killed create or another program leaves them.
        repairs: Whether `doctor --repair` must succeed.
        is_kept: Whether no command may change the registry.
    """

    what: list[str]
    database: bytes
    lists: bool = False
    repairs: bool = False
    is_kept: bool = False


class Sources:
    """Registries, journals of killed creates, and write-ahead logs, from which the files of the trials are made."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.folder = folder / "companions"
        self.folder.mkdir()
        (self.folder / "s.yaml").write_text(TWO_CHUNKS)
        (self.folder / "large.yaml").write_text(LARGE)
        create(program, self.folder, "m", SMALL, 1)
        create(program, self.folder, "m", SMALL, 2, "--recipe-only")
        self.database = (self.folder / REGISTRY).read_bytes()
        self.hot = self.killed(program)
        self.logs = [self.logged(number) for number in range(3)]

    def killed(self, program: Program) -> list[tuple[bytes, bytes]]:
        """Registries and their journals, as killed commands leave them."""
        found = []
        commands = [
            ["create", "k", "--spec", "s.yaml", "--seed", "7"],
            ["create", "k", "--spec", "large.yaml", "--seed", "7"],
            ["strip", "m:v1"],
        ]
        for command in commands:
            for place in range(5, 120, 9):
                with tempfile.TemporaryDirectory(dir=self.folder) as name:
                    work = Path(name)
                    for file in (REGISTRY, "s.yaml", "large.yaml"):
                        shutil.copy(self.folder / file, work)
                    arguments = [*command, "--no-capture"] if command[0] == "create" else command
                    program.run([*arguments, "--registry", REGISTRY], work, fault=Fault("kill", place))
                    journal = work / f"{REGISTRY}-journal"
                    # The first byte is zero until the journal is complete.
                    if journal.exists() and journal.read_bytes()[:1] == MARK[:1]:
                        found.append(((work / REGISTRY).read_bytes(), journal.read_bytes()))
        if not found:
            raise RuntimeError("no killed command left a journal")
        return found

    def logged(self, number: int) -> tuple[bytes, bytes, bytes]:
        """A registry that another program switched to a write-ahead log, the log, and its index."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            path = Path(name) / REGISTRY
            path.write_bytes(self.database)
            db = sqlite3.connect(path, isolation_level=None)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA wal_autocheckpoint = 0")
            for word in range(number + 1):
                db.execute("UPDATE runs SET note = ?", [f"note {word} " * (1 + 800 * number)])
            files = (path, Path(f"{path}-wal"), Path(f"{path}-shm"))
            contents = (files[0].read_bytes(), files[1].read_bytes(), files[2].read_bytes())
            db.close()
            return contents


# --- Journals --------------------------------------------------------------------------------------------------------


def journal(
    pages: dict[int, bytes], count: int, page_size: int = PAGE, sector: int = 512, records: int | None = None
) -> bytes:
    """A journal that SQLite rolls back, with valid checksums (SQLite's file format, section 3)."""
    number = len(pages) if records is None else records
    data = MARK + struct.pack(">IIIII", number, NONCE, count, sector, page_size)
    data = data.ljust(min(max(sector, 28), 65536), b"\0")
    for page, content in pages.items():
        checksum = NONCE + sum(content[i] for i in range(len(content) - 200, 0, -200))
        data += struct.pack(">I", page) + content + struct.pack(">I", checksum & 0xFFFFFFFF)
    return data


def naming(name: bytes, page_size: int = PAGE) -> bytes:
    """A record that names a super-journal, which SQLite reads, and deletes after the rollback."""
    checksum = sum(byte - 256 if byte > 127 else byte for byte in name) & 0xFFFFFFFF
    return struct.pack(">I", (1 << 30) // page_size + 1) + name + struct.pack(">II", len(name), checksum) + MARK


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The same bytes with a few changes, most of them at the beginning or the end."""
    changed = bytearray(data)
    kind = chance.choice(["bytes", "bytes", "numbers", "cut", "longer", "twice"])
    if kind == "cut":
        del changed[chance.randrange(len(changed)) :]
    elif kind == "longer":
        changed += chance.choice([chance.randbytes(chance.randrange(1, 3 * PAGE)), MARK, bytes(PAGE), data[-20:]])
    elif kind == "twice":
        changed += data
    elif kind == "numbers":
        at = 8 + 4 * chance.randrange(5)
        changed[at : at + 4] = struct.pack(">I", chance.choice([0, 1, 2, 511, 512, 4096, 65536, 2**31, 2**32 - 1]))
    else:
        for _ in range(chance.choice([1, 2, 5, 20])):
            at = chance.choice([chance.randrange(len(changed)), chance.randrange(min(64, len(changed)))])
            changed[at] = chance.choice([chance.randrange(256), changed[at] ^ 1 << chance.randrange(8), 0, 255])
    return bytes(changed)


def victim_name(inside: Path, outside: Path, chance: random.Random) -> bytes:
    """The name of a file that a journal must not delete."""
    (inside / "to-victim").unlink(missing_ok=True)
    (inside / "to-victim").symlink_to(outside / "victim")
    names = [
        str(outside / "victim"),
        f"{inside}/../outside/victim",
        "../outside/victim",
        f".///../{outside.name}/victim",
        str(outside / "victim.sqlite"),
        str(outside / "victim.sqlite-journal"),
        str(outside / f"other-mj{'0' * 8}"),
        str(inside / "to-victim"),
        str(inside / "precious"),
        "precious",
        str(outside),
        str(inside / REGISTRY),
    ]
    return chance.choice(names).encode()


def make_journal(sources: Sources, files: Files, inside: Path, outside: Path, chance: random.Random) -> None:
    """Makes a journal, and chooses the registry that belongs to it."""
    path = inside / f"{REGISTRY}-journal"
    pages = len(files.database) // PAGE
    some = {chance.randrange(1, pages + 1): chance.randbytes(PAGE) for _ in range(chance.randrange(3))}
    kinds: dict[str, Callable[[], bytes | None]] = {
        "journal without pages that names a victim": lambda: (
            journal({}, pages) + naming(victim_name(inside, outside, chance))
        ),
        "journal that names a victim": lambda: journal(some, pages) + naming(victim_name(inside, outside, chance)),
        "name of a victim without a journal": lambda: (
            chance.randbytes(chance.randrange(600)) + naming(victim_name(inside, outside, chance))
        ),
        "journal with an invalid header that names a victim": lambda: (
            mutated(journal(some, pages), chance) + naming(victim_name(inside, outside, chance))
        ),
        "journal of pages from elsewhere": lambda: journal(some, pages),
        "journal of another number of pages": lambda: journal(
            some, chance.choice([0, 1, pages - 1, pages + 1, pages + 100, 2**31, 2**32 - 1])
        ),
        CUTTING: lambda: journal({}, chance.randrange(pages), records=chance.choice([None, 2**32 - 1])),
        "journal of another page size": lambda: journal(
            {}, pages, chance.choice([0, 1, 511, 512, 4096, 32768, 65536, 2**20, 2**31])
        ),
        "journal of another sector size": lambda: journal(
            some, pages, PAGE, chance.choice([0, 1, 31, 32, 4096, 65536, 2**20, 2**31])
        ),
        "journal with more records than it has": lambda: journal(some, pages, records=2**32 - 1),
        "random journal": lambda: chance.randbytes(chance.randrange(1, 3 * PAGE)),
        "journal of zeros": lambda: bytes(chance.randrange(1, 3 * PAGE)),
        "journal of a killed command": lambda: killed(sources, files, chance),
        "changed journal of a killed command": lambda: mutated(killed(sources, files, chance), chance),
        "journal of a killed command that names a victim": lambda: (
            killed(sources, files, chance) + naming(victim_name(inside, outside, chance))
        ),
        "journal of another state": lambda: chance.choice(sources.hot)[1],
        "other kind": lambda: None,
    }
    kind = chance.choice(list(kinds))
    contents = kinds[kind]()
    if contents is None:
        kind = f"journal that is {make_other(path, outside, chance)}"
        files.lists = False
    else:
        path.write_bytes(contents)
        files.lists = kind == "journal of a killed command"
        files.is_kept = kind == CUTTING
    files.what.append(kind)


def killed(sources: Sources, files: Files, chance: random.Random) -> bytes:
    """The journal of a killed command, whose registry takes the place of the other one."""
    files.database, contents = chance.choice(sources.hot)
    return contents


def make_log(sources: Sources, files: Files, inside: Path, outside: Path, chance: random.Random) -> None:
    """Makes a write-ahead log and its index. Three of four times the registry belongs to them."""
    database, log, index = chance.choice(sources.logs)
    kind = chance.choice(["as it is", "as it is", "changed", "changed", "random", "other kind", "none"])
    path, shared = inside / f"{REGISTRY}-wal", inside / f"{REGISTRY}-shm"
    belongs = chance.random() < 0.75
    if belongs:
        files.database = database
    if kind == "other kind":
        kind = make_other(path, outside, chance)
    elif kind != "none":
        random_bytes = chance.randbytes(chance.randrange(1, 3 * PAGE))
        path.write_bytes({"as it is": log, "changed": mutated(log, chance), "random": random_bytes}[kind])
    index_kind = chance.choice(["none", "as it is", "changed", "other kind"])
    if index_kind == "other kind":
        index_kind = make_other(shared, outside, chance)
    elif index_kind != "none":
        shared.write_bytes(index if index_kind == "as it is" else mutated(index, chance))
    files.lists = False
    files.repairs = belongs and kind in ("as it is", "none") and index_kind in ("none", "as it is")
    files.what.append(f"write-ahead log {kind}, index {index_kind}, {'of' if belongs else 'not of'} the registry")


def make_other(path: Path, outside: Path, chance: random.Random) -> str:
    """Makes something that is no file of SQLite's own."""
    kind = chance.choice(
        ["a link to a victim", "a victim", "a folder", "a pipe", "a link to a device", "a link to nowhere", "huge"]
    )
    if kind == "a link to a victim":
        path.symlink_to(outside / chance.choice(["victim", "victim.sqlite-journal", "absent"]))
    elif kind == "a victim":
        os.link(outside / chance.choice(["victim", "victim.sqlite-journal", "empty"]), path)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a link to a device":
        path.symlink_to(chance.choice(["/dev/zero", "/dev/full", "/dev/tty"]))
    elif kind == "a link to nowhere":
        path.symlink_to(outside / "absent")
    else:
        path.write_bytes(journal({}, 3))
        os.truncate(path, 1 << chance.randrange(32, 40))
    return kind


# --- Trials ----------------------------------------------------------------------------------------------------------


def make(sources: Sources, inside: Path, outside: Path, chance: random.Random) -> Files:
    """Fills the folder of a trial, and the folder beside it whose files must not change."""
    inside.mkdir()
    outside.mkdir()
    (outside / "victim").write_bytes(b"precious\n" * 10)
    (outside / "empty").touch()
    (outside / "victim.sqlite").write_bytes(sources.database)
    (outside / "victim.sqlite-journal").write_bytes(journal({}, len(sources.database) // PAGE))
    # A super-journal lists the journals that it belongs to. SQLite deletes one whose journals do not name it.
    (outside / f"other-mj{'0' * 8}").write_bytes(f"{outside}/victim.sqlite-journal\0".encode())
    (inside / "precious").write_bytes(b"also precious\n")
    files = Files([], sources.database)
    has_log = chance.random() < 0.4
    if not has_log or chance.random() < 0.2:
        make_journal(sources, files, inside, outside, chance)
    if has_log:
        both = bool(files.what)
        make_log(sources, files, inside, outside, chance)
        files.repairs &= not both
    if chance.random() < 0.4:
        files.database, _, what = damage.damage(files.database, chance)
        files.what.append(f"registry damaged: {what}")
        files.lists = files.repairs = files.is_kept = False
    (inside / REGISTRY).write_bytes(files.database)
    return files


def snapshot(folder: Path) -> Snapshot:
    """What can be seen of the files of a folder. Reading a file does not change it."""
    found: Snapshot = {}
    for path in sorted(folder.iterdir()):
        status = path.lstat()
        found[path.name] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, path.read_bytes())
    return found


def strayed(audit: Path, inside: Path) -> list[str]:
    """The calls in the log of a command that could change a file outside the folder."""
    if not audit.exists():
        return ["is not known, because the failing disk logs no calls (run tools/faults/build)"]
    calls = []
    for line in audit.read_text(errors="replace").splitlines():
        kind, _, path = line.partition(" ")
        # Temporary files of SQLite, which it makes again and deletes, and the terminal.
        is_temporary = os.path.basename(path).startswith("etilqs_") or path.startswith("/dev/null")
        if not is_temporary and not path.startswith(f"{inside}/") and kind != "open-failed":
            calls.append(f"{kind} {path}")
    return calls


def judge(program: Program, files: Files, place: Path, chance: random.Random) -> list[str]:
    """Runs the commands in a random order; returns what is wrong."""
    inside, outside = place / "folder", place / "outside"
    before, precious = snapshot(outside), (inside / "precious").read_bytes()
    problems = []
    if files.repairs:
        order = [COMMANDS[1], COMMANDS[2]]
    elif files.lists:
        order = [COMMANDS[2], *chance.sample(COMMANDS, 2)]
    else:
        order = chance.sample(COMMANDS, len(COMMANDS))
    for number, command in enumerate(order):
        audit = place / f"audit-{number}"
        line = " ".join(command)
        outcome = program.run(
            [*command, "--registry", REGISTRY], inside, unflushed=True, audit=audit, timeout=60,
            processor_seconds=SECONDS,
        )  # fmt: skip
        problems += [f"{line}: {problem}" for problem in ending(outcome)]
        if number == 0 and (files.lists or files.repairs) and outcome.status != 0:
            problems.append(f"{line}: good data is out of reach: {outcome.status}, {outcome.why}")
        problems += [f"{line}: {OUTSIDE}: {call}" for call in strayed(audit, inside)]
        after = snapshot(outside)
        if after != before:
            changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
            problems.append(f"{line}: changes files {OUTSIDE}: {sorted(changed)}")
            break
        if files.is_kept and (inside / REGISTRY).read_bytes() != files.database:
            problems.append(f"{line}: changes the registry")
            break
        if not (inside / "precious").exists() or (inside / "precious").read_bytes() != precious:
            problems.append(f"{line}: changes another file of the folder")
            break
    return problems


def ending(outcome: Outcome) -> list[str]:
    if outcome.timed_out:
        return ["does not end"]
    if outcome.status not in STATUSES:
        return [f"ends with {outcome.status}, {outcome.why}"]
    if outcome.status not in (0, 1) and not outcome.message:
        return [f"ends with {outcome.status} and no message"]
    return []


def is_caught(stock: Program, program: Program, folder: Path) -> bool:
    """Whether the trials find out a program that lets SQLite do what a journal says."""
    place = folder / "caught"
    place.mkdir()
    inside, outside = place / "folder", place / "outside"
    inside.mkdir()
    outside.mkdir()
    create(program, inside, "m", SMALL, 1)
    (inside / "precious").touch()
    (outside / "victim").write_bytes(b"precious")
    pages = (inside / REGISTRY).stat().st_size // PAGE
    (inside / f"{REGISTRY}-journal").write_bytes(journal({}, pages) + naming(str(outside / "victim").encode()))
    files = Files(["journal without pages that names a victim"], b"")
    problems = judge(stock, files, place, random.Random(1))
    return any(f"{OUTSIDE}: unlink {outside}/victim" in problem for problem in problems) and any(
        f"changes files {OUTSIDE}" in problem for problem in problems
    )


def run(trials: Trials, seed: int, count: int) -> None:
    """Tries `count` registries with hostile files beside them."""
    sources = Sources(trials.program, trials.folder)

    def one(number: int) -> None:
        chance = random.Random(f"{seed} companions {number}")
        with tempfile.TemporaryDirectory(dir=trials.folder) as name:
            place = Path(name).resolve()
            inside, outside = place / "folder", place / "outside"
            files = make(sources, inside, outside, chance)
            what = "; ".join(files.what)
            problems = judge(trials.program, files, place, chance)
            keep = None
            if problems:
                # As they were before the commands.
                keep = place / "again"
                keep.mkdir()
                make(
                    sources, keep / "folder", keep / "outside", random.Random(f"{seed} companions {number}")
                )  # fmt: skip
                for path in (*keep.rglob(f"{REGISTRY}-*"), *keep.rglob("to-victim")):
                    if not path.is_file() or path.is_symlink() or path.stat().st_size > 1 << 24:
                        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
            trials.report.trial(ROW, problems, f"# {what} (trial {number} of seed {seed})", keep)

    with trials.report.timed(ROW) as row:
        row.note("journals of killed commands", len(sources.hot))
        trials.each(one, range(count))
    shutil.rmtree(sources.folder)
