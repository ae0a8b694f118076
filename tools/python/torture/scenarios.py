"""The commands that are disturbed: what there is before, what is run, and what may be there after it."""

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import struct
import tempfile

import registry

DUMP = pathlib.Path(__file__).parents[3] / "Tests" / "Vectors" / "registry-v1.sql"
REGISTRY = "r.sqlite"
ALL_NORMAL = 'rules: [{match: "*", init: normal}]\n'
SMALL = "tensors: {w: [100, 300], b: [5], e: [40, 30]}\n" + ALL_NORMAL
# Shares its first three tensors with the one above, where the seed is the same.
WIDER = "tensors: {w: [100, 300], b: [5], e: [40, 30], x: [64, 200]}\n" + ALL_NORMAL
TWO_CHUNKS = "tensors: {t: [600, 512], b: [7]}\n" + ALL_NORMAL
# More than one transaction holds.
LARGE = "tensors: {l: [20, 262144]}\n" + ALL_NORMAL


@dataclasses.dataclass
class Scenario:
    name: str
    prepare: object  # called with the program and an empty folder
    command: list
    needs: tuple = ()  # subcommands
    outputs: tuple = ()  # files that appear whole or not at all
    lasting: bool = False  # takes effect in several steps, each of them whole; one that fails keeps those it did
    heavy: bool = False  # left out of the short form's every write
    program: object = None  # where it is another than the one under test

    # Learned from an undisturbed run.
    folder: pathlib.Path = None
    before: registry.State = None
    after: registry.State = None
    between: list = dataclasses.field(default_factory=list)
    contents: dict = dataclasses.field(default_factory=dict)
    names: set = dataclasses.field(default_factory=set)
    operations: list = dataclasses.field(default_factory=list)  # the kind of each
    seconds: float = 0

    def learn(self, program, folder):
        """Prepares it, and runs it once undisturbed."""
        writer = self.program or program
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        before, after = self.folder / "before", self.folder / "after"
        before.mkdir()
        self.prepare(program, before)
        self.before = registry.load(before / REGISTRY)
        shutil.copytree(before, after)
        log = self.folder / "log"
        outcome = writer.succeed(self.command, after, log=log if writer.shim else None)
        self.seconds = outcome.seconds
        if writer.shim:
            self.operations = [line.split()[1] for line in log.read_text().splitlines()]
        self.after = registry.load(after / REGISTRY)
        if self.after.problems:
            raise RuntimeError(f"{self.name}, undisturbed: {self.after.problems}")
        for name in self.outputs:
            self.contents[name] = content(after / name)
        self.names = set(os.listdir(before)) | set(os.listdir(after)) | {REGISTRY, REGISTRY + "-journal"}
        if self.between:
            return
        # What opening alone does: tables are made or brought up to date, and the command itself comes later.
        if not self.before.there:
            empty = registry.State()
            self.between = [empty, only_tables(self.after)]
        elif self.before.schema != self.after.schema:
            opened = self.folder / "opened"
            shutil.copytree(before, opened)
            program.succeed(["list", "--registry", REGISTRY], opened)
            self.between = [registry.load(opened / REGISTRY)]
            shutil.rmtree(opened)


def only_tables(state):
    keep = {"user_version", "migrations"}
    return registry.State(
        there=True, schema=state.schema,
        visible={table: rows if table in keep else [] for table, rows in state.visible.items()})


def content(path):
    """What a file holds, for comparing it with another: its bytes, or for a registry what it says."""
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            file.seek(0)
            return hashlib.sha256(file.read()).hexdigest()
    state = registry.load(path)
    return json.dumps([state.problems, state.visible], sort_keys=True)


# MARK: - What there is before


def write(folder, name, text):
    (folder / name).write_text(text)


def create(program, folder, name, spec, seed, *options):
    path = folder / "spec-of-before.yaml"
    path.write_text(spec)
    program.succeed(["create", name, "--spec", path.name, "--seed", seed, "--registry", REGISTRY, *options], folder)
    path.unlink()


def some(program, folder):
    """A stored run, a recipe, and the spec of a third that shares tensors with the first."""
    create(program, folder, "m", SMALL, 1)
    create(program, folder, "recipe", SMALL, 2, "--recipe-only")
    write(folder, "s.yaml", WIDER)
    write(folder, "two.yaml", TWO_CHUNKS)
    write(folder, "large.yaml", LARGE)


def nothing(program, folder):
    write(folder, "s.yaml", SMALL)


def old(_, folder):
    """A registry of the first schema."""
    load_dump(folder / REGISTRY)
    write(folder, "s.yaml", SMALL)


def load_dump(path):
    db = sqlite3.connect(path)
    db.executescript(DUMP.read_text())
    db.close()


def bundle(program, folder):
    some(program, folder)
    with tempfile.TemporaryDirectory() as other:
        other = pathlib.Path(other)
        create(program, other, "m", SMALL, 1)  # chunks that are there already
        create(program, other, "n", TWO_CHUNKS, 3)
        create(program, other, "q", SMALL, 4, "--recipe-only")
        program.succeed(["export", "m", "n", "q", "-o", folder / "b.winit", "--registry", REGISTRY], other)


def safetensors(program, folder):
    some(program, folder)
    header, data = {}, b""
    for name, count in (("a", 30_000), ("b", 5), ("c", 300_000)):
        header[name] = {"dtype": "F32", "shape": [count], "data_offsets": [len(data), len(data) + 4 * count]}
        data += struct.pack(f"<{count}f", *(0.5 * i for i in range(count)))
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def rubbish(program, folder):
    """Runs that were removed, and chunks that a killed create left."""
    some(program, folder)
    create(program, folder, "gone", TWO_CHUNKS, 5)
    create(program, folder, "gone", WIDER, 1)
    program.succeed(["rm", "gone:v1", "--registry", REGISTRY], folder)
    program.succeed(["rm", "gone:v2", "--registry", REGISTRY], folder)
    db = sqlite3.connect(folder / REGISTRY)
    for i in range(5):
        data = bytes([i]) * (1000 + 30_000 * i)
        db.execute(
            "INSERT INTO chunks (digest, size, bytes) VALUES (?, ?, ?)", [hashlib.sha256(data).digest(), len(data), data])
    db.commit()
    db.close()


def removed(program, folder):
    some(program, folder)
    program.succeed(["rm", "m", "--registry", REGISTRY], folder)


def damaged(program, folder):
    """One flipped bit in a chunk that the recipe gives again."""
    some(program, folder)
    create(program, folder, "n", TWO_CHUNKS, 3)
    db = sqlite3.connect(folder / REGISTRY)
    for digest, data in db.execute("SELECT digest, bytes FROM chunks ORDER BY size DESC LIMIT 2").fetchall():
        data = bytearray(data)
        data[len(data) // 2] ^= 4
        db.execute("UPDATE chunks SET bytes = ? WHERE digest = ?", [bytes(data), digest])
    db.commit()
    db.close()


# MARK: - What is run


def on(*words):
    return [*words, "--registry", REGISTRY, "--json"]


def scenarios():
    return [
        Scenario("create", some, on("create", "k", "--spec", "two.yaml", "--seed", "7")),
        Scenario("create shared", some, on("create", "m", "--spec", "s.yaml", "--seed", "1")),
        Scenario("create recipe", some, on("create", "k", "--spec", "s.yaml", "--seed", "7", "--recipe-only")),
        Scenario("create first", nothing, on("create", "k", "--spec", "s.yaml", "--seed", "7")),
        Scenario("create large", some, on("create", "k", "--spec", "large.yaml", "--seed", "7"), heavy=True),
        Scenario("get", some, on("get", "m", "-o", "out.safetensors"), outputs=("out.safetensors",)),
        Scenario("get again", some, on("get", "recipe", "-o", "s.yaml", "--force"), outputs=("s.yaml",)),
        Scenario("migrate", old, on("list"), ("gc",)),
        Scenario("migrate, create", old, on("create", "k", "--spec", "s.yaml", "--seed", "7"), ("gc",)),
        Scenario("import bundle", bundle, on("import", "b.winit"), ("import", "export"), lasting=True),
        Scenario("import file", safetensors, on("import", "model.safetensors", "--as", "c"), ("import",)),
        Scenario("gc", rubbish, on("gc", "--yes", "--grace", "0d"), ("gc", "rm"), lasting=True),
        Scenario("strip", some, on("strip", "m"), ("strip",), lasting=True),
        Scenario("materialize", some, on("materialize", "recipe"), ("materialize",)),
        Scenario("export", some, on("export", "m", "recipe", "-o", "b.winit"), ("export",), ("b.winit",)),
        Scenario("backup", some, on("backup", "copy.sqlite"), ("backup",), ("copy.sqlite",)),
        Scenario("rm", some, on("rm", "m"), ("rm",)),
        Scenario("restore", removed, on("restore", "m:v1"), ("rm", "restore")),
        Scenario("alias", some, on("alias", "m:v1", "good"), ("alias",)),
        Scenario("rename", some, on("rename", "m", "k"), ("rename",)),
        Scenario("tag", some, on("tag", "m", "a=b"), ("tag",)),
        Scenario("doctor --repair", damaged, on("doctor", "--full", "--repair"), ("doctor",), lasting=True),
    ]


def learned(program, folder, report, only=()):
    """The scenarios that this build has the commands for; of those named in `only`, if any are."""
    found = []
    for scenario in scenarios():
        if only and not any(name in scenario.name for name in only):
            continue
        if not program.has(*scenario.needs):
            report.notes.append(f"left out: {scenario.name} (this build has no such command)")
            continue
        try:
            scenario.learn(program, pathlib.Path(folder) / scenario.name.replace(" ", "-").replace(",", ""))
            found.append(scenario)
        except RuntimeError as error:
            report.trial("commands undisturbed", [f"{scenario.name}: {error}"])
    return found
