"""Creates in git checkouts of every kind and in every state: what they record is compared with git itself."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .program import Outcome, Program
from .report import Report

STATES = "creates in git checkouts"
SPEC = "tensors: {w: [2]}\nrules: [{match: w, init: zeros}]\n"
# Reading a checkout stops after 5 seconds; the rest is for machines under load.
PATIENCE = 30


@dataclasses.dataclass
class Checkout:
    """A working tree made with git, in a folder with everything that the trial needs."""

    place: Path
    root: Path

    def git(self, *words: str, check: bool = True, root: Path | None = None) -> str:
        """Runs git with settings of its own, and without those of the user."""
        values = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        values |= {"GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.place), "LC_ALL": "C"}
        settings = ["user.name=a", "user.email=a@b", "protocol.file.allow=always", "gc.auto=0"]
        options = [word for setting in settings for word in ("-c", setting)]
        outcome = subprocess.run(
            ["git", *options, *words], cwd=root or self.root, env=values, capture_output=True, text=True
        )
        if check and outcome.returncode != 0:
            raise RuntimeError(f"git {' '.join(words)}: {outcome.stderr}")
        return outcome.stdout.strip()

    def commit(self, message: str = "c") -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--allow-empty")

    @property
    def head(self) -> str | None:
        text = self.git("rev-parse", "--verify", "-q", "HEAD", check=False)
        return text or None

    @property
    def is_dirty(self) -> bool:
        """Whether git reports changes of tracked files. git does not write to the index, which would hide the cause."""
        options = ("--porcelain", "--untracked-files=no", "--ignore-submodules=none")
        return bool(self.git("--no-optional-locks", "status", *options))

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        if path.is_symlink() or path.is_file():
            path.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def settle(self) -> None:
        """Makes the index newer than all files, and git certain of them."""
        time.sleep(0.02)
        self.git("update-index", "-q", "--refresh", check=False)
        index = self.git("rev-parse", "--git-path", "index")
        with contextlib.suppress(FileNotFoundError):
            os.utime(self.root / index)


def new_checkout(place: Path, *options: str) -> Checkout:
    root = place / "checkout"
    root.mkdir(parents=True)
    checkout = Checkout(place, root)
    checkout.git("init", "-q", "-b", "main", *options)
    for name in ("a", "b.txt", "d/e", "d/f/g", "d.x", "ü", "-dash"):
        checkout.write(name, f"{name}\n" * 3)
    checkout.write("empty", "")
    (checkout.root / "link").symlink_to("a")
    checkout.commit("first")
    return checkout


def create(
    program: Program,
    checkout: Checkout,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    form: str = "--json",
) -> Outcome:
    (checkout.place / "s.yaml").write_text(SPEC)
    registry = checkout.place / "new.sqlite"
    registry.unlink(missing_ok=True)
    words: list[str | Path] = [
        "create",
        "m",
        "--spec",
        checkout.place / "s.yaml",
        "--seed",
        "1",
        "--registry",
        registry,
        *([form] if form else []),
    ]
    return program.run(words, folder or checkout.root, timeout=PATIENCE, variables=variables)


def recorded(outcome: Outcome) -> dict[str, Any] | None:
    """What the receipt says about git."""
    receipt = outcome.receipt
    found = receipt.get("git") if isinstance(receipt, dict) else None
    return found if isinstance(found, dict) else None


def complaints(outcome: Outcome, head: str | None, dirty: set[bool | None]) -> list[str]:
    """What is wrong with a create in a checkout with this commit, of whose changes these answers are right."""
    if outcome.timed_out or outcome.status != 0:
        return [f"ended with {outcome.status} after {outcome.seconds:.1f} s: {outcome.why}"]
    git = recorded(outcome)
    if git is None or git.get("commit") != head:
        return [f"recorded {json.dumps(git)}, the commit is {head}"]
    problems = []
    if git.get("dirty") not in dirty:
        problems.append(f"dirty is {git.get('dirty')}, expected one of {dirty}")
    # A commit that is not recorded is reported in the record and in the receipt, and not once more beside the JSON.
    said = [bool(git.get("problem")), any("git" in text for text in outcome.receipt["warnings"])]
    if said != [head is None] * 2:
        problems.append(f"the problem is {git.get('problem')}, the warnings {outcome.receipt['warnings']}")
    if outcome.errors:
        problems.append(f"printed beside the JSON: {outcome.why}")
    return problems


def warning_complaints(outcome: Outcome) -> list[str]:
    """What is wrong with a create without --json in a checkout whose commit cannot be read."""
    if outcome.timed_out or outcome.status != 0:
        return [f"without --json, ended with {outcome.status} after {outcome.seconds:.1f} s: {outcome.why}"]
    if not outcome.errors.startswith("warning: the git commit is not recorded: ") or outcome.errors.count("\n") != 1:
        return [f"without --json, the warning is {outcome.errors!r}"]
    return []


def submodule(checkout: Checkout) -> None:
    other = new_checkout(checkout.place / "other")
    checkout.git("submodule", "--quiet", "add", str(other.root), "sub")
    checkout.commit("submodule")


def alternates(checkout: Checkout) -> None:
    origin = checkout.root.rename(checkout.place / "origin")
    checkout.git("clone", "-q", "--shared", str(origin), str(checkout.root), root=origin)


def shallow(checkout: Checkout) -> None:
    checkout.commit("second")
    origin = checkout.root.rename(checkout.place / "origin")
    checkout.git("clone", "-q", "--depth=1", f"file://{origin}", str(checkout.root), root=origin)


def partial(checkout: Checkout) -> None:
    checkout.git("config", "uploadpack.allowFilter", "true")
    origin = checkout.root.rename(checkout.place / "origin")
    checkout.git("clone", "-q", "--filter=blob:none", f"file://{origin}", str(checkout.root), root=origin)


def worktree(checkout: Checkout) -> None:
    main = checkout.root.rename(checkout.place / "main")
    checkout.git("worktree", "add", "-q", "-b", "topic", str(checkout.root), root=main)
    checkout.git("commit", "-q", "--allow-empty", "-m", "topic")


def separate(checkout: Checkout) -> None:
    checkout.git("init", "-q", "--separate-git-dir", str(checkout.place / "elsewhere"))


def packed(checkout: Checkout) -> None:
    for number in range(20):
        checkout.git(
            "commit", "-q", "--allow-empty", "-m", f"a long message, so that a delta is worth it: {number}" * 9
        )
    checkout.git("gc", "-q", "--aggressive", "--prune=now")
    # Of a chain of deltas, one in the middle.
    checkout.git("checkout", "-q", "HEAD~7")


def two_packs(checkout: Checkout) -> None:
    checkout.git("repack", "-q", "-d")
    checkout.write("a", "new\n")
    checkout.commit("second")
    checkout.git("repack", "-q", "-d")
    checkout.git("pack-refs", "--all")


def linked_head(checkout: Checkout) -> None:
    head = checkout.root / ".git/HEAD"
    head.unlink()
    head.symlink_to("refs/heads/main")


def running(*commands: str) -> Callable[[Checkout], None]:
    """Runs commands of git."""

    def apply(checkout: Checkout) -> None:
        for command in commands:
            checkout.git(*command.split())

    return apply


KINDS: dict[str, Callable[[Checkout], None]] = {
    "plain": running(),
    "index version 3": running("update-index --index-version 3"),
    "index version 4": running("update-index --index-version 4"),
    "split index": running("update-index --split-index"),
    "split index, version 4": running("update-index --index-version 4", "update-index --split-index"),
    "untracked cache": running("update-index --force-untracked-cache"),
    "checksum skipped": running("config index.skipHash true"),
    "sparse index": running("sparse-checkout set --cone --sparse-index d/f"),
    "alternates": alternates,
    "shallow": shallow,
    "partial clone": partial,
    "worktree": worktree,
    "separate folder": separate,
    "submodule": submodule,
    "packed": packed,
    "two packs": two_packs,
    "packed refs": running("pack-refs --all"),
    "HEAD is a link": linked_head,
    "symbolic refs": running("symbolic-ref refs/heads/other refs/heads/main", "symbolic-ref HEAD refs/heads/other"),
    "detached": running("checkout -q --detach"),
}


def change_size(checkout: Checkout, name: str) -> None:
    with open(checkout.root / name, "a") as file:
        file.write("more\n")


def change_bytes(checkout: Checkout, name: str) -> None:
    path = checkout.root / name
    path.write_bytes(bytes(byte ^ 1 if byte > 64 else byte for byte in path.read_bytes()))


def replace_by_folder(checkout: Checkout, name: str) -> None:
    (checkout.root / name).unlink()
    checkout.write(f"{name}/x", "")


def replace_by_link(checkout: Checkout, name: str) -> None:
    (checkout.root / name).unlink()
    (checkout.root / name).symlink_to("nowhere")


def hide_folder(checkout: Checkout, _: str) -> None:
    (checkout.root / "d").rename(checkout.place / "d")
    (checkout.root / "d").symlink_to(checkout.place / "d")


def conflict(checkout: Checkout, name: str) -> None:
    checkout.git("checkout", "-q", "-b", "side")
    checkout.write(name, "theirs\n")
    checkout.commit("theirs")
    checkout.git("checkout", "-q", "-")
    checkout.write(name, "ours\n")
    checkout.commit("ours")
    checkout.git("merge", "-q", "side", check=False)


def touch(checkout: Checkout, name: str) -> None:
    os.utime(checkout.root / name, (1, 1))


def delete(checkout: Checkout, name: str) -> None:
    (checkout.root / name).unlink()


def permit(mode: int) -> Callable[[Checkout, str], None]:
    return lambda checkout, name: (checkout.root / name).chmod(mode)


def add_file(checkout: Checkout, _: str) -> None:
    checkout.write("d/new", "x")


def add_later(checkout: Checkout, name: str) -> None:
    add_file(checkout, name)
    checkout.git("add", "-N", "d/new")


def assume_unchanged(checkout: Checkout, name: str) -> None:
    checkout.git("update-index", "--assume-unchanged", name)
    change_size(checkout, name)


def skip(checkout: Checkout, name: str) -> None:
    checkout.git("update-index", "--skip-worktree", name)
    delete(checkout, name)


def change_and_commit(checkout: Checkout, name: str) -> None:
    change_size(checkout, name)
    checkout.commit()


def delete_index(checkout: Checkout, _: str) -> None:
    (checkout.root / checkout.git("rev-parse", "--git-path", "index")).unlink()


def stage(action: Callable[[Checkout, str], None]) -> Callable[[Checkout, str], None]:
    def apply(checkout: Checkout, name: str) -> None:
        action(checkout, name)
        checkout.git("add", "-A")

    return apply


CHANGES: dict[str, tuple[Callable[[Checkout, str], None], set[bool | None]]] = {
    # What is done to a file, and the right answers.
    "nothing": (lambda *_: None, {False}),
    "another size": (change_size, {True}),
    "the same size": (change_bytes, {None}),
    "touched": (touch, {None}),
    "permission": (permit(0o755), {True}),
    "permission to read": (permit(0o600), {None}),
    "deleted": (delete, {True}),
    "a folder": (replace_by_folder, {True}),
    "a link": (replace_by_link, {True}),
    "the folder is a link": (hide_folder, {True}),
    "staged": (stage(change_size), {True}),
    "staged with the same size": (stage(change_bytes), {True}),
    "staged deletion": (stage(delete), {True}),
    "staged link": (stage(replace_by_link), {True}),
    "staged folder": (stage(replace_by_folder), {True}),
    "staged permission": (stage(permit(0o755)), {True}),
    "staged addition": (stage(add_file), {True}),
    "added later": (add_later, {True}),
    "untracked": (add_file, {False}),
    "assumed unchanged": (assume_unchanged, {False}),
    "skipped": (skip, {False}),
    "conflict": (conflict, {True}),
    "committed": (change_and_commit, {False}),
    "no index": (delete_index, {True}),
}


def states(program: Program, report: Report, work: Path, seed: int, rounds: int) -> None:
    """Every kind of checkout with every change, then random changes, one after another."""
    rng = random.Random(seed)
    pairs = list(itertools.product(KINDS, CHANGES))
    for kind, change in rng.sample(pairs, min(len(pairs), 4 * rounds)):
        with tempfile.TemporaryDirectory(dir=work) as name:
            checkout = new_checkout(Path(name))
            KINDS[kind](checkout)
            checkout.settle()
            action, answers = CHANGES[change]
            action(checkout, "d/f/g")
            if answers == {False}:
                checkout.settle()
            compare(program, report, checkout, f"{kind}, {change}", answers)
    formats(program, report, work)
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=work) as name:
            checkout = new_checkout(Path(name))
            kind = rng.choice(list(KINDS))
            KINDS[kind](checkout)
            done = [kind]
            for _ in range(rng.randint(1, 8)):
                change = rng.choice(list(CHANGES))
                files = [path for path in checkout.git("ls-files").splitlines() if (checkout.root / path).is_file()]
                with contextlib.suppress(OSError, RuntimeError, shutil.Error):
                    CHANGES[change][0](checkout, rng.choice(files or ["d/f/g"]))
                    done.append(change)
                if rng.random() < 0.3:
                    checkout.settle()
                compare(program, report, checkout, ", ".join(done), {True, False, None})


def compare(program: Program, report: Report, checkout: Checkout, what: str, answers: set[bool | None]) -> None:
    """Creates a run, and compares what it records with git."""
    outcome = create(program, checkout)
    problems = complaints(outcome, checkout.head, answers)
    git = recorded(outcome)
    is_dirty = checkout.is_dirty
    if not problems and git and git["dirty"] not in (None, is_dirty):
        problems.append(f"dirty is {git['dirty']}, git says {is_dirty}")
    report.trial(
        STATES,
        [f"{what}: {problem}" for problem in problems],
        f"git status  # {what}",
        checkout.place,
        note=f"dirty {json.dumps(git['dirty'])}" if git else None,
    )


def formats(program: Program, report: Report, work: Path) -> None:
    """Formats and states that a change of a file does not cover."""
    with tempfile.TemporaryDirectory(dir=work) as name:
        checkout = new_checkout(Path(name), "--object-format=sha256")
        for change in ("nothing", "packed"):
            if change == "packed":
                packed(checkout)
            checkout.settle()
            compare(program, report, checkout, f"SHA-256, {change}", {False})
        change_size(checkout, "a")
        compare(program, report, checkout, "SHA-256, another size", {True})
    with tempfile.TemporaryDirectory(dir=work) as name:
        checkout = new_checkout(Path(name))
        checkout.git("checkout", "-q", "--orphan", "unborn")
        compare(program, report, checkout, "no commit yet", {None})
    with tempfile.TemporaryDirectory(dir=work) as name:
        checkout = new_checkout(Path(name))
        checkout.settle()
        # As in git, a folder `.git` that is no repository is passed by.
        (checkout.root / "d/.git").mkdir()
        outcome = create(program, checkout, checkout.root / "d")
        report.trial(STATES, complaints(outcome, checkout.head, {False}), keep=checkout.place)
    with tempfile.TemporaryDirectory(dir=work) as name:
        checkout = new_checkout(Path(name))
        submodule(checkout)
        sub = Checkout(checkout.place, checkout.root / "sub")
        for what in ("clean", "changed inside", "another commit inside"):
            if what == "clean":
                sub.settle()
                checkout.settle()
            elif what == "changed inside":
                sub.write("a", "x")
            else:
                sub.commit()
            compare(program, report, checkout, f"submodule {what}", {what != "clean"})
            outcome = create(program, checkout, sub.root)
            problems = complaints(
                outcome, sub.head, {what == "changed inside"} if what != "another commit inside" else {False, None}
            )
            report.trial(STATES, [f"in the submodule, {what}: {problem}" for problem in problems], keep=checkout.place)


def run(program: Program, report: Report, work: Path, seed: int, rounds: int) -> None:
    if shutil.which("git") is None:
        report.notes.append("left out: git checkouts (git is not installed)")
        return
    with report.timed(STATES):
        states(program, report, work, seed, rounds)
