"""The commands that are disturbed: the files before, the command, and what may be there after it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from . import independent_reader
from .independent_reader import State
from .program import Program
from .report import Report

DUMP = Path(__file__).parents[1] / "Tests" / "Vectors" / "registry-v1.sql"
REGISTRY = "r.sqlite"
ALL_NORMAL = 'rules: [{match: "*", init: normal}]\n'
SMALL = "tensors: {w: [100, 300], b: [5], e: [40, 30]}\n" + ALL_NORMAL
# Shares its first three tensors with SMALL if the seed is the same.
WIDER = "tensors: {w: [100, 300], b: [5], e: [40, 30], x: [64, 200]}\n" + ALL_NORMAL
TWO_CHUNKS = "tensors: {t: [600, 512], b: [7]}\n" + ALL_NORMAL
LITERAL = "tensors: {w: [100, 300], l: {shape: [3], init: {scheme: literal, values: [1, 2, 3]}}}\n" + ALL_NORMAL
# Needs more than one transaction.
LARGE = "tensors: {l: [20, 262144]}\n" + ALL_NORMAL


@dataclasses.dataclass
class Scenario:
    """A command to disturb.

    Attributes:
        name: The name in the report.
        prepare: Makes the files before the command, in an empty folder.
        command: The arguments of the command.
        needs: The subcommands that the build must have.
        outputs: Files that must appear completely or not at all.
        lasting: Whether the command takes effect in several complete steps, and keeps those it did when it fails.
        heavy: Whether the short form leaves out its faults, because there are too many.
        program: The program to run, if it is not the one under test.

    The other attributes are learned from an undisturbed run: the folder that holds the files before the command, the
    states before and after it, the states allowed between them, the contents of the outputs, the names of all files,
    and the kind of each operation on a file.
    """

    name: str
    prepare: Callable[[Program, Path], None]
    command: list[str]
    needs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    lasting: bool = False
    heavy: bool = False
    program: Program | None = None

    folder: Path = dataclasses.field(default_factory=Path)
    before: State = dataclasses.field(default_factory=State)
    after: State = dataclasses.field(default_factory=State)
    between: list[State] = dataclasses.field(default_factory=list)
    contents: dict[str, str | None] = dataclasses.field(default_factory=dict)
    names: set[str] = dataclasses.field(default_factory=set)
    operations: list[str] = dataclasses.field(default_factory=list)

    def learn(self, program: Program, folder: Path) -> None:
        """Prepares the scenario and runs it once undisturbed.

        Raises:
            RuntimeError: If the command fails, or leaves a registry with problems.
        """
        writer = self.program or program
        self.folder = folder
        self.folder.mkdir(parents=True)
        before, after = self.folder / "before", self.folder / "after"
        before.mkdir()
        self.prepare(program, before)
        self.before = independent_reader.load(before / REGISTRY)
        shutil.copytree(before, after)
        log = self.folder / "log"
        writer.succeed(self.command, after, log=log if writer.shim else None)
        if writer.shim:
            self.operations = [line.split()[1] for line in log.read_text().splitlines()]
        self.after = independent_reader.load(after / REGISTRY)
        if self.after.problems:
            raise RuntimeError(f"{self.name}, undisturbed: {self.after.problems}")
        for name in self.outputs:
            self.contents[name] = content(after / name)
        self.names = set(os.listdir(before)) | set(os.listdir(after)) | {REGISTRY, REGISTRY + "-journal"}
        if self.between:
            return
        # Opening alone makes the tables or migrates them, before the command itself does anything.
        if not self.before.there:
            self.between = [State(), only_tables(self.after)]
        elif not self.before.problems and self.before.schema != self.after.schema:
            opened = self.folder / "opened"
            shutil.copytree(before, opened)
            program.succeed(["list", "--registry", REGISTRY], opened)
            self.between = [independent_reader.load(opened / REGISTRY)]
            shutil.rmtree(opened)


def only_tables(state: State) -> State:
    """The same registry without rows."""
    keep = {"user_version", "migrations"}
    return State(
        there=True,
        schema=state.schema,
        visible={table: rows if table in keep else [] for table, rows in state.visible.items()},
    )


def content(path: Path) -> str | None:
    """What a file holds, to compare it with another: the digest of its bytes, or what a registry file says."""
    if not os.path.exists(path):
        return None
    if path.is_dir():
        return json.dumps({name: content(path / name) for name in sorted(os.listdir(path))})
    with open(path, "rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            file.seek(0)
            return hashlib.sha256(file.read()).hexdigest()
    state = independent_reader.load(path)
    return json.dumps([state.problems, state.visible], sort_keys=True)


# --- The files before ----------------------------------------------------------------------------------------------


def create(program: Program, folder: Path, name: str, spec: str, seed: int, *options: str) -> None:
    """Creates a run from the text of a spec."""
    path = folder / "spec-of-before.yaml"
    path.write_text(spec)
    program.succeed(["create", name, "--spec", path.name, "--seed", seed, "--registry", REGISTRY, *options], folder)
    path.unlink()


def some(program: Program, folder: Path) -> None:
    """A stored run, a recipe, and the spec of a third run that shares tensors with the first."""
    create(program, folder, "m", SMALL, 1)
    create(program, folder, "recipe", SMALL, 2, "--recipe-only")
    (folder / "s.yaml").write_text(WIDER)
    (folder / "two.yaml").write_text(TWO_CHUNKS)
    (folder / "large.yaml").write_text(LARGE)


def nothing(_: Program, folder: Path) -> None:
    """No registry."""
    (folder / "s.yaml").write_text(SMALL)


def old(_: Program, folder: Path) -> None:
    """A registry of the first schema."""
    load_dump(folder / REGISTRY)
    (folder / "s.yaml").write_text(SMALL)


def load_dump(path: Path) -> None:
    """Makes a registry of the first schema."""
    db = sqlite3.connect(path)
    db.executescript(DUMP.read_text())
    db.close()


def bundle(program: Program, folder: Path) -> None:
    """A bundle with chunks that the registry has, chunks that it lacks, and a recipe."""
    some(program, folder)
    with tempfile.TemporaryDirectory() as place:
        other = Path(place)
        create(program, other, "m", SMALL, 1)
        create(program, other, "n", TWO_CHUNKS, 3)
        create(program, other, "q", SMALL, 4, "--recipe-only")
        program.succeed(["export", "m", "n", "q", "-o", folder / "b.winit", "--registry", REGISTRY], other)


def safetensors(program: Program, folder: Path) -> None:
    """A checkpoint made elsewhere."""
    some(program, folder)
    header, data = {}, b""
    for name, count in (("a", 30_000), ("b", 5), ("c", 300_000)):
        header[name] = {"dtype": "F32", "shape": [count], "data_offsets": [len(data), len(data) + 4 * count]}
        data += struct.pack(f"<{count}f", *(0.5 * i for i in range(count)))
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def manifest(program: Program, folder: Path) -> None:
    """A manifest made elsewhere, with literals beside it."""
    some(program, folder)
    create(program, folder, "lit", LITERAL, 6)
    with tempfile.TemporaryDirectory() as place:
        other = Path(place)
        create(program, other, "n", LITERAL, 8)
        program.succeed(["export", "n", "--manifest", "-o", folder / "n.json", "--registry", REGISTRY], other)


def rubbish(program: Program, folder: Path) -> None:
    """Removed runs, and chunks that a killed create left."""
    some(program, folder)
    create(program, folder, "gone", TWO_CHUNKS, 5)
    create(program, folder, "gone", WIDER, 1)
    program.succeed(["rm", "gone:v1", "--registry", REGISTRY], folder)
    program.succeed(["rm", "gone:v2", "--registry", REGISTRY], folder)
    db = sqlite3.connect(folder / REGISTRY)
    for i in range(5):
        data = bytes([i]) * (1000 + 30_000 * i)
        db.execute(
            "INSERT INTO chunks (digest, size, bytes) VALUES (?, ?, ?)",
            [hashlib.sha256(data).digest(), len(data), data],
        )
    db.commit()
    db.close()


def diagnosed(program: Program, folder: Path) -> None:
    """A run that keeps a diagnosis, which another one replaces."""
    some(program, folder)
    program.succeed(["diagnose", "m", "--keep", "--registry", REGISTRY, "--json"], folder)


def removed(program: Program, folder: Path) -> None:
    """A removed run."""
    some(program, folder)
    program.succeed(["rm", "m", "--registry", REGISTRY], folder)


def damaged(program: Program, folder: Path) -> None:
    """One flipped bit in each of two chunks, which their recipe can make again."""
    some(program, folder)
    create(program, folder, "n", TWO_CHUNKS, 3)
    db = sqlite3.connect(folder / REGISTRY)
    for digest, data in db.execute("SELECT digest, bytes FROM chunks ORDER BY size DESC LIMIT 2").fetchall():
        flipped = bytearray(data)
        flipped[len(flipped) // 2] ^= 4
        db.execute("UPDATE chunks SET bytes = ? WHERE digest = ?", [bytes(flipped), digest])
    db.commit()
    db.close()


def torn(program: Program, folder: Path) -> None:
    """A registry that has lost the page of its runs, and its end."""
    some(program, folder)
    create(program, folder, "n", TWO_CHUNKS, 3)
    db = sqlite3.connect(folder / REGISTRY)
    (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'runs'").fetchone()
    (size,) = db.execute("PRAGMA page_size").fetchone()
    db.close()
    data = bytearray((folder / REGISTRY).read_bytes())
    data[(page - 1) * size : page * size] = bytes(size)
    (folder / REGISTRY).write_bytes(data[: -3 * size])


# --- The commands --------------------------------------------------------------------------------------------------


def on(*words: str) -> list[str]:
    """A command on the registry of the scenario."""
    return [*words, "--registry", REGISTRY, "--json"]


def scenarios() -> list[Scenario]:
    return [
        Scenario("create", some, on("create", "k", "--spec", "two.yaml", "--seed", "7")),
        Scenario("create shared", some, on("create", "m", "--spec", "s.yaml", "--seed", "1")),
        Scenario("create recipe", some, on("create", "k", "--spec", "s.yaml", "--seed", "7", "--recipe-only")),
        Scenario("create first", nothing, on("create", "k", "--spec", "s.yaml", "--seed", "7")),
        Scenario("create large", some, on("create", "k", "--spec", "large.yaml", "--seed", "7"), heavy=True),
        Scenario("get", some, on("get", "m", "-o", "out.safetensors"), outputs=("out.safetensors",)),
        Scenario("get again", some, on("get", "recipe", "-o", "s.yaml", "--force"), outputs=("s.yaml",)),
        Scenario("get folder", some, on("get", "m", "--format", "npy", "-o", "out/"), outputs=("out",)),
        Scenario("get archive", some, on("get", "m", "-o", "out.npz"), outputs=("out.npz",)),
        Scenario("migrate", old, on("list"), ("gc",)),
        Scenario("migrate, create", old, on("create", "k", "--spec", "s.yaml", "--seed", "7"), ("gc",)),
        Scenario("import bundle", bundle, on("import", "b.winit"), ("import", "export"), lasting=True),
        Scenario("import file", safetensors, on("import", "model.safetensors", "--as", "c"), ("import",)),
        Scenario("import manifest", manifest, on("import", "n.json", "--as", "c"), ("import",)),
        Scenario("gc", rubbish, on("gc", "--yes", "--grace", "0d"), ("gc", "rm"), lasting=True),
        Scenario("strip", some, on("strip", "m"), ("strip",), lasting=True),
        Scenario("materialize", some, on("materialize", "recipe"), ("materialize",)),
        Scenario("graft", some, on("graft", "m", "recipe", "--take", "*", "--as", "k"), ("graft",)),
        Scenario("export", some, on("export", "m", "recipe", "-o", "b.winit"), ("export",), ("b.winit",)),
        Scenario(
            "export manifest",
            manifest,
            on("export", "lit", "--manifest", "-o", "lit.json"),
            ("export",),
            ("lit.json", "lit.literals.safetensors"),
        ),
        Scenario("backup", some, on("backup", "copy.sqlite"), ("backup",), ("copy.sqlite",)),
        Scenario("backup again", some, on("backup", "s.yaml", "--force"), ("backup",), ("s.yaml",)),
        Scenario("rm", some, on("rm", "m"), ("rm",)),
        Scenario("restore", removed, on("restore", "m:v1"), ("rm", "restore")),
        Scenario("alias", some, on("alias", "m:v1", "good"), ("alias",)),
        Scenario("rename", some, on("rename", "m", "k"), ("rename",)),
        Scenario("tag", some, on("tag", "m", "a=b"), ("tag",)),
        Scenario("diagnose --keep", some, on("diagnose", "m", "--keep"), ("diagnose",)),
        Scenario("diagnose --keep again", diagnosed, on("diagnose", "m", "--keep"), ("diagnose",)),
        Scenario("report", some, on("report", "m", "-o", "page.html"), ("report",), ("page.html",)),
        Scenario("report again", some, on("report", "m", "-o", "s.yaml", "--force"), ("report",), ("s.yaml",)),
        Scenario("doctor --repair", damaged, on("doctor", "--full", "--repair"), ("doctor",), lasting=True),
        Scenario("doctor --repair of lost pages", torn, on("doctor", "--repair"), ("doctor",)),
    ]


def learned(program: Program, folder: Path, report: Report, only: Sequence[str] = ()) -> list[Scenario]:
    """The scenarios whose commands this build has, each learned in a folder of its own.

    With `only`, those whose name contains one of these words.
    """
    found = []
    for scenario in scenarios():
        if only and not any(name in scenario.name for name in only):
            continue
        if not program.has(*scenario.needs):
            report.notes.append(f"left out: {scenario.name} (this build has no such command)")
            continue
        try:
            scenario.learn(program, folder / scenario.name.replace(" ", "-").replace(",", ""))
            found.append(scenario)
        except RuntimeError as error:
            report.trial("commands undisturbed", [f"{scenario.name}: {error}"])
    return found
