"""Registries whose pages are lost: `doctor --repair` must bring back every run that is still in the file.

A trial loses whole pages, so that what is left can be found without the product: a row is still there if its bytes are
somewhere in the file. A create that is killed in a commit, and whose journal is removed, loses pages in its own way.
"""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import independent_reader
from .damage import PAGE, SECONDS
from .program import STATUSES, Fault, Program
from .scenarios import ALL_NORMAL, LITERAL, REGISTRY, SMALL, WIDER, create
from .trials import Trials

LOST_PAGES = "registries whose pages are lost"
DAMAGED_PAGES = "registries with damaged heads of pages"
LOST_JOURNALS = "creates killed in a commit, and the journal removed"
KEPT = REGISTRY + ".damaged-1"
# Enough tensors for several levels of pages, and manifests of one page and of several.
MANY = "tensors:\n" + "".join(f"  t.{i}: [{i % 7 + 1}, 40]\n" for i in range(120)) + ALL_NORMAL
WIDE = "tensors: {l: [3, 262144], s: [9]}\n" + ALL_NORMAL
# Whole pages are lost in each of these ways. More frequent ways are listed more than once.
WAYS = ["zeros", "zeros", "noise", "noise", "swap", "copy", "cut", "cut at a page", "first page", "header", "map"]

Run = tuple[str, int, str]
Damage = Callable[[bytes, random.Random], tuple[bytes, str]]


class Base:
    """A registry with runs of every kind."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program = program
        self.folder = folder / "salvage"
        self.folder.mkdir()
        create(program, self.folder, "m", SMALL, 1)
        create(program, self.folder, "m", WIDER, 1, "--note", "words", "--tag", "a=b")
        for seed in range(4):
            create(program, self.folder, "many", MANY, seed, *(["--recipe-only"] if seed % 2 else []))
        create(program, self.folder, "lit", LITERAL, 5)
        create(program, self.folder, "wide", WIDE, 6)
        create(program, self.folder, "gone", SMALL, 7)
        create(program, self.folder, "old", SMALL, 8)
        for more in (
            ["alias", "m:v1", "good"],
            ["rm", "gone"],
            ["rename", "old", "new"],
            ["get", "m:v2", "-o", "m.safetensors"],
            ["import", "m.safetensors", "--as", "c"],
        ):
            program.succeed([*more, "--registry", REGISTRY], self.folder)
        (self.folder / "m.safetensors").unlink()
        self.contents = (self.folder / REGISTRY).read_bytes()
        self.state = independent_reader.load(self.folder / REGISTRY)
        db = sqlite3.connect(self.folder / REGISTRY)
        # For each run the bytes that show that it is still in a file: its row, its manifest, and what no recipe gives.
        self.runs: dict[Run, list[Piece]] = {}
        for row, name, version, digest, text, parts in db.execute(
            """SELECT runs.id, name, version, digest, json, created_at || tool_version || host || uid || origin
               FROM runs JOIN manifests ON manifests.id = manifest"""
        ).fetchall():
            records = [parts.encode(), text.encode()]
            for tensor, law, digests in db.execute("SELECT id, law, chunk_digests FROM tensors WHERE run = ?", [row]):
                if json.loads(law)["law"] == "literal":
                    records += [digests] if len(digests) > 32 else []
                    records += [
                        data
                        for (data,) in db.execute(
                            "SELECT bytes FROM tensor_chunks JOIN chunks ON chunks.id = chunk WHERE tensor = ?",
                            [tensor],
                        )
                    ]
            self.runs[(name, version, digest.hex())] = [
                piece for record in records for piece in pieces(record, self.contents)
            ]
        db.close()

    def survivors(self, data: bytes) -> set[Run]:
        """The runs whose rows, and the bytes that no recipe gives, are still in a file."""
        return {run for run, rows in self.runs.items() if all(row.is_in(data) for row in rows)}


@dataclasses.dataclass(frozen=True)
class Piece:
    """A part of a record."""

    data: bytes
    # Where the part must be: a record leads to the pages of its rest by their numbers. None for the page of the row.
    offset: int | None = None

    def is_in(self, file: bytes) -> bool:
        return self.data in file if self.offset is None else file.startswith(self.data, self.offset)


def pieces(record: bytes, contents: bytes) -> list[Piece]:
    """The pieces of a record in a file: its beginning in the page of the row, and the rest in pages of its own."""
    if record in contents:
        return [Piece(record)]
    pages = {contents[at + 4 : at + PAGE] for at in range(0, len(contents), PAGE)}
    start = next(start for start in range(PAGE) if record[start : start + PAGE - 4] in pages)
    assert record[:start] in contents
    rest = [record[at : at + PAGE - 4] for at in range(start, len(record), PAGE - 4)]
    return [Piece(record[:start]), *(Piece(part, contents.index(part)) for part in rest)]


def lose(contents: bytes, chance: random.Random) -> tuple[bytes, str]:
    """Loses pages of a registry in one of the ways."""
    data, pages = bytearray(contents), len(contents) // PAGE
    way = chance.choice(WAYS)
    if way == "cut":
        del data[chance.randrange(100, len(data)) :]
    elif way == "cut at a page":
        del data[chance.randrange(1, pages) * PAGE :]
    elif way == "first page":
        data[:PAGE] = chance.choice([bytes(PAGE), chance.randbytes(PAGE)])
    elif way == "header":
        at = chance.randrange(100)
        data[at : at + 4] = chance.randbytes(4)
    elif way == "map":
        data[PAGE : 2 * PAGE] = chance.choice([bytes(PAGE), chance.randbytes(PAGE)])
    else:
        for _ in range(chance.choice([1, 1, 1, 2, 3, 6, 20, 40])):
            # Most pages hold chunks. The records are in the first third of this file and at its end.
            page = chance.choice([chance.randrange(pages), chance.randrange(2, pages // 3)])
            other = chance.randrange(1, pages)
            one, two = data[page * PAGE : (page + 1) * PAGE], data[other * PAGE : (other + 1) * PAGE]
            if way in ("swap", "copy"):
                data[other * PAGE : (other + 1) * PAGE] = one
            if way == "swap":
                data[page * PAGE : (page + 1) * PAGE] = two
            if way in ("zeros", "noise"):
                data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE) if way == "zeros" else chance.randbytes(PAGE)
    return bytes(data), way


def damage_records(contents: bytes, chance: random.Random) -> tuple[bytes, str]:
    """Changes bytes of the heads of pages: their kinds, the numbers of their cells, and the places of these.

    (Texts that are not part of a manifest prove nothing, so that a changed byte in them cannot be found.)
    """
    data, pages = bytearray(contents), len(contents) // PAGE
    trees = [page for page in range(pages) if data[page * PAGE + (100 if page == 0 else 0)] in (2, 5, 10, 13)]
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        page = chance.choice(trees)
        at = page * PAGE + (100 if page == 0 else 0) + chance.randrange(60)
        data[at] = chance.choice([chance.randrange(256), data[at] ^ 1 << chance.randrange(8), 0, 255])
    return bytes(data), "heads of pages"


def judge(base: Base, place: Path, program: Program, expected: set[Run], known: set[Run]) -> tuple[list[str], int]:
    """Repairs a file, and returns what is wrong, and the number of the runs that are back.

    Args:
        base: The registry before the damage.
        place: The folder of the damaged file.
        program: The command.
        expected: The runs that must be back.
        known: The runs that may be back.
    """
    problems: list[str] = []
    damaged = (place / REGISTRY).read_bytes()

    def run(*words: str) -> str:
        outcome = program.run([*words, "--registry", REGISTRY], place, processor_seconds=6 * SECONDS, unflushed=True)
        if outcome.timed_out or outcome.status not in STATUSES:
            problems.append(f"{' '.join(words)}: ends with {outcome.status}: {outcome.why}")
        elif outcome.status not in (0, 1) and not outcome.message:
            problems.append(f"{' '.join(words)}: ends with {outcome.status} and no message")
        return outcome.output

    run("list")
    run("doctor", "--json")
    if (place / REGISTRY).read_bytes() != damaged:
        problems.append("a command other than doctor --repair changed the file")
    output = run("doctor", "--repair", "--json")
    report = json.loads(output) if output.strip() else {}
    state = independent_reader.load(place / REGISTRY)
    salvage = report.get("salvage")
    # What the report names as damaged may be damaged.
    incomplete = {row["reference"] for row in (salvage or {}).get("incomplete_runs", [])} | {
        *report.get("affected", [])
    }
    if report and not salvage and not report["sound"]:
        return problems, len(state.runs & set(base.runs))
    for problem in state.problems:
        if problem.split(": ")[0] not in incomplete and (expected or report):
            problems.append(f"after the repair: {problem}")
    for run_ in sorted(expected - state.runs):
        problems.append(f"{run_[0]}:v{run_[1]} is in the damaged file, and was not salvaged")
    for run_ in sorted(state.runs - known):
        # A damaged byte can be one of a name, and a name proves nothing.
        if expected or run_[2] not in {identity for _, _, identity in known}:
            problems.append(f"{run_[0]}:v{run_[1]} with the id {run_[2]} was never there")
    if salvage:
        if not (place / KEPT).exists() or (place / KEPT).read_bytes() != damaged:
            problems.append("the damaged file is not kept as it was")
        lost = {row["reference"] for row in salvage["lost_runs"]}
        for name, version, _ in sorted(set(base.runs) - state.runs):
            if f"{name}:v{version}" not in lost and expected:
                run_names = f"{name}:v{version}"
                if run_names.encode() in damaged:
                    problems.append(f"{run_names} is neither salvaged nor listed as lost")
        output = run("verify", "--all", "--json")
        for row in json.loads(output)["runs"] if output.strip() else []:
            if not row.get("matches") and row.get("reference") not in incomplete:
                problems.append(f"verify finds {row.get('reference')} damaged after the repair")
        again = run("doctor", "--json")
        if not incomplete and again and not json.loads(again)["sound"]:
            problems.append(f"doctor after the repair: {again[:400]}")
    left = [path.name for path in place.iterdir() if ".tmp" in path.name]
    if left:
        problems.append(f"left {left}")
    return problems, len(state.runs & set(base.runs))


def run(trials: Trials, seed: int, pages: int, journals: int) -> None:
    """Tries `pages` registries with lost pages, and `journals` creates that are killed."""
    base = Base(trials.program, trials.folder)
    lost_pages(trials, base, LOST_PAGES, lose, seed, pages)
    lost_pages(trials, base, DAMAGED_PAGES, damage_records, seed, pages // 2)
    if trials.program.shim:
        lost_journals(trials, base, seed, journals)
    shutil.rmtree(base.folder)


def lost_pages(trials: Trials, base: Base, title: str, lose: Damage, seed: int, count: int) -> None:
    row = trials.report.row(title)

    def one(number: int) -> None:
        chance = random.Random(f"{seed} {number}")
        data, way = lose(base.contents, chance)
        with tempfile.TemporaryDirectory(dir=trials.folder) as name:
            place = Path(name)
            (place / REGISTRY).write_bytes(data)
            expected = base.survivors(data)
            # Where single bytes are damaged, a row can be there and still be unreachable.
            required = expected if title == LOST_PAGES else set()
            problems, back = judge(base, place, trials.program, required, set(base.runs))
            with trials.report.lock:
                row.note("runs", len(base.runs))
                row.note("still in the file", len(expected))
                row.note("salvaged", back)
            (place / "damaged").write_bytes(data)
            trials.report.trial(title, problems, f"# {way}; the file before: files/damaged", place)

    with trials.report.timed(title):
        trials.each(one, range(count))


def lost_journals(trials: Trials, base: Base, seed: int, count: int) -> None:
    """Kills a create at its writes to the file, and removes the journal that would have rolled them back."""
    row = trials.report.row(LOST_JOURNALS)
    command = ["create", "k", "--spec", "s.yaml", "--seed", "7", "--registry", REGISTRY]
    with tempfile.TemporaryDirectory(dir=trials.folder) as name:
        place = Path(name)
        (place / REGISTRY).write_bytes(base.contents)
        (place / "s.yaml").write_text(MANY)
        log = place / "log"
        trials.program.succeed(command, place, log=log)
        operations = len(log.read_text().splitlines())
        after = independent_reader.load(place / REGISTRY).runs

    def one(number: int) -> None:
        chance = random.Random(f"{seed} {number}")
        fault = chance.choice(
            [Fault("kill", chance.randrange(1, operations + 1)), Fault("powercut", chance.randrange(1, operations + 1))]
        )
        fault = dataclasses.replace(fault, seed=chance.getrandbits(32))
        with tempfile.TemporaryDirectory(dir=trials.folder) as name:
            place = Path(name)
            (place / REGISTRY).write_bytes(base.contents)
            (place / "s.yaml").write_text(MANY)
            trials.program.run(command, place, fault=fault, log=place / "log")
            (place / (REGISTRY + "-journal")).unlink(missing_ok=True)
            data = (place / REGISTRY).read_bytes()
            expected = base.survivors(data)
            problems, back = judge(base, place, trials.program, expected, set(base.runs) | after)
            with trials.report.lock:
                row.note("runs", len(base.runs))
                row.note("still in the file", len(expected))
                row.note("salvaged", back)
            (place / "damaged").write_bytes(data)
            script = f"# {fault}; the file before: files/damaged"
            trials.report.trial(LOST_JOURNALS, problems, script, place)

    with trials.report.timed(LOST_JOURNALS):
        trials.each(one, range(count))
