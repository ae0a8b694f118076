"""Damaged files: cut short, overwritten, shuffled. Every command must end soon, with a status that is documented, and
never give out wrong weights."""

import pathlib
import random
import shutil
import tempfile

import hostile
from program import STATUSES
from scenarios import REGISTRY, SMALL, WIDER, create

DAMAGED = "damaged files"
HOSTILE = "hostile files"
PAGE = 16384
# No command on a file this small may take longer.
SECONDS = 10


class Base:
    """A small registry, and what `get` must give of it."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = pathlib.Path(folder) / "damage"
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
            for name in ("m:v1", "r:v1", "m:v2")]
        self.gets = []
        for identity in ids:
            self.gets.append(["get", identity, "-o", "out", "--format", "safetensors", "--force"])
            self.gets.append(["get", identity, "--tensor", "w", "--slice", "3:90,10:", "-o", "out", "--format", "raw", "--force"])
        self.references = []
        for arguments in self.gets:
            program.succeed([*arguments, "--registry", REGISTRY], self.folder)
            self.references.append((self.folder / "out").read_bytes())
        (self.folder / "out").unlink()
        more = [["doctor"], ["stats"], ["log", "--json"], ["diff", "m:v1", "m:v2"], ["show", "m:good"], ["doctor", "--full", "--repair"], ["gc", "--yes", "--grace", "0d"],
                ["backup", "copy.sqlite"], ["export", "m", "-o", "out.winit"], ["rm", "m:v1"]]
        self.reading = [["list"], ["list", "--json"], ["show", "m"], ["show", "r", "--json"], ["verify", "--all", "--json"],
                        *(command for command in more[:5] if program.has("doctor"))]
        self.writing = [["create", "m", "--spec", "s.yaml", "--seed", "9"],
                        *(command for command in more[5:] if program.has("doctor"))]

    def judge(self, place, writing=()):
        """Runs the commands on a file, those that read and then some that write; what is wrong."""
        problems = []

        def run(arguments):
            outcome = self.program.run([*arguments, "--registry", REGISTRY], place, processor_seconds=SECONDS, unflushed=True)
            if outcome.timed_out:
                problems.append(f"{' '.join(arguments)}: takes more than {SECONDS} s of the processors")
            elif outcome.status not in STATUSES:
                problems.append(f"{' '.join(arguments)}: ends with {outcome.status}, {outcome.why}")
            elif outcome.status not in (0, 1) and "error: " not in outcome.errors:
                problems.append(f"{' '.join(arguments)}: ends with {outcome.status} and says nothing")
            return outcome

        for arguments in self.reading:
            run(arguments)
        for arguments, reference in zip(self.gets, self.references):
            (place / "out").unlink(missing_ok=True)
            outcome = run(arguments)
            there = (place / "out").exists()
            if outcome.status == 0 and (not there or (place / "out").read_bytes() != reference):
                problems.append(f"{' '.join(arguments)}: succeeds, and gives something else")
            if outcome.status != 0 and there:
                problems.append(f"{' '.join(arguments)}: ends with {outcome.status}, and leaves a file")
        for arguments in writing:
            run(arguments)
        return problems


def run(trials, seed, count, hostile_count=None):
    chance = random.Random(seed)
    base = Base(trials.program, trials.folder)

    def damaged(number):
        own = random.Random(f"{seed} {number}")
        contents, journal, what = damage(base.contents, own)
        with tempfile.TemporaryDirectory(dir=trials.folder) as place:
            place = pathlib.Path(place)
            (place / "s.yaml").write_text(SMALL)
            (place / REGISTRY).write_bytes(contents)
            if journal is not None:
                (place / (REGISTRY + "-journal")).write_bytes(journal)
            problems = base.judge(place, own.sample(base.writing, min(3, len(base.writing))))
            if problems:
                (place / "as-damaged").mkdir()
                (place / "as-damaged" / REGISTRY).write_bytes(contents)
                if journal is not None:
                    (place / "as-damaged" / (REGISTRY + "-journal")).write_bytes(journal)
            trials.report.trial(DAMAGED, problems, f"# {what}; as it was then: files/as-damaged", place)

    with trials.report.timed(DAMAGED):
        trials.each(damaged, range(count))

    def foreign(item):
        name, make = item
        with tempfile.TemporaryDirectory(dir=trials.folder) as place:
            place = pathlib.Path(place)
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
            trials.report.trial(HOSTILE, base.judge(place, base.writing), f"# {name}; as it was then: files/as-made", place)

    todo = list(hostile.all_of_them())
    chance.shuffle(todo)
    with trials.report.timed(HOSTILE):
        trials.each(foreign, todo[:hostile_count])
    shutil.rmtree(base.folder)


def damage(contents, chance):
    """Other contents, those of a journal beside it or None, and what was done."""
    data, pages = bytearray(contents), len(contents) // PAGE
    page = chance.randrange(pages)
    kind = chance.choice([
        "cut", "cut at a page", "bytes", "bytes", "bytes", "header", "header", "page head", "page head", "content",
        "content", "content", "zeros", "swap", "copy", "longer", "journal", "own journal"])
    if kind == "cut":
        del data[chance.randrange(len(data)):]
    elif kind == "cut at a page":
        del data[page * PAGE:]
    elif kind in ("bytes", "header", "page head", "content"):
        for _ in range(chance.choice([1, 1, 2, 5, 20])):
            if kind == "bytes":
                at = chance.randrange(len(data))
            elif kind == "header":
                at = chance.randrange(100)
            elif kind == "page head":
                at = chance.randrange(pages) * PAGE + chance.randrange(16)
            else:
                # Where there is something: the ends of b-tree pages, and texts.
                for _ in range(100):
                    at = chance.randrange(pages) * PAGE + chance.choice([chance.randrange(PAGE), PAGE - 1 - chance.randrange(600)])
                    if data[at]:
                        break
            data[at] = chance.choice([chance.randrange(256), data[at] ^ 1 << chance.randrange(8), 0, 255])
    elif kind == "zeros":
        data[page * PAGE:(page + 1) * PAGE] = bytes(PAGE)
    elif kind in ("swap", "copy"):
        other = chance.randrange(pages)
        one, two = data[page * PAGE:(page + 1) * PAGE], data[other * PAGE:(other + 1) * PAGE]
        data[other * PAGE:(other + 1) * PAGE] = one
        if kind == "swap":
            data[page * PAGE:(page + 1) * PAGE] = two
    elif kind == "longer":
        data += chance.randbytes(chance.randrange(1, 3 * PAGE))
    journal = None
    if kind == "journal":
        journal = chance.randbytes(chance.randrange(1, 3 * PAGE))
    elif kind == "own journal":
        # One that SQLite takes for its own, with a page that is not from this file.
        journal = bytes.fromhex("d9d505f920a163d7") + (1).to_bytes(4, "big") + bytes(4)
        journal += pages.to_bytes(4, "big") + (512).to_bytes(4, "big") + PAGE.to_bytes(4, "big")
        content = chance.randbytes(PAGE)
        journal = journal.ljust(512, b"\0") + (page + 1).to_bytes(4, "big") + content
        journal += sum(content[i] for i in range(PAGE - 200, 0, -200)).to_bytes(4, "big")
    return bytes(data), journal, f"{kind}, page {page + 1} of {pages}"
