"""Creates in hostile git checkouts. No program of the checkout runs, nothing in it changes, and nothing hangs."""

from __future__ import annotations

import os
import random
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from .checkouts import (
    PATIENCE,
    Checkout,
    change_size,
    complaints,
    create,
    new_checkout,
    packed,
    submodule,
    warning_complaints,
)
from .program import Program
from .report import Report

TRAPS = "creates in hostile checkouts"

HOOKS = """
applypatch-msg commit-msg fsmonitor-watchman post-checkout post-commit post-index-change post-merge post-update
pre-auto-gc pre-commit pre-push pre-receive reference-transaction sendemail-validate update
"""
# Settings whose value git runs, or takes programs from.
COMMANDS = """
alias.diff-files alias.diff-index alias.rev-parse alias.status core.alternateRefsCommand core.askPass core.editor
core.fsmonitor core.gitProxy core.pager core.sshCommand credential.helper diff.external diff.trap.command
diff.trap.textconv filter.trap.clean filter.trap.process filter.trap.smudge gpg.program interactive.diffFilter
merge.trap.driver pager.status remote.origin.receivepack remote.origin.uploadpack sequence.editor submodule.sub.update
uploadpack.packObjectsHook
"""


def pipe(path: Path) -> None:
    unlink(path)
    os.mkfifo(path)


def unlink(path: Path) -> None:
    if path.is_symlink() or path.exists():
        path.unlink()


def huge(path: Path) -> None:
    """A file of 1 TiB that takes no space."""
    with open(path, "ab") as file:
        file.truncate(1 << 40)


def endless(path: Path) -> None:
    unlink(path)
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    unlink(path)
    path.symlink_to(path.name)


def traps(checkout: Checkout, trap: Path) -> None:
    """Sets every setting that names a program to the trap, and replaces all hooks."""
    configure(checkout, checkout.root / ".git", trap)
    (checkout.root / ".gitattributes").write_text("* filter=trap diff=trap merge=trap text\n")
    (checkout.root / ".gitmodules").write_text(
        f'[submodule "sub"]\n\tpath = sub\n\turl = ext::{trap}\n\tupdate = !{trap}\n'
    )


def configure(checkout: Checkout, git: Path, trap: Path) -> None:
    def setting(key: str, value: str) -> None:
        checkout.git("config", "-f", str(git / "config"), key, value)

    for key in COMMANDS.split():
        setting(key, f"{trap} {key}")
    setting("core.hooksPath", str(checkout.place / "hooks"))
    for folder in (checkout.place / "hooks", git / "hooks"):
        folder.mkdir(exist_ok=True)
        for hook in HOOKS.split():
            unlink(folder / hook)
            (folder / hook).symlink_to(trap)
    more = checkout.place / "included"
    more.write_text(f'[filter "trap"]\n\tclean = {trap} included\n\trequired = true\n')
    setting("include.path", str(more))
    (git / "info").mkdir(exist_ok=True)
    (git / "info/attributes").write_text("* filter=trap diff=trap merge=trap text\n")


def elsewhere(checkout: Checkout, trap: Path) -> None:
    """Makes git fetch missing objects with the trap, and look for the files in another folder."""
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "core.worktree": str(checkout.place),
        "extensions.partialClone": "origin",
        "protocol.ext.allow": "always",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::{trap} remote",
    }.items():
        checkout.git("config", "-f", str(checkout.root / ".git/config"), key, value)


def programs(folder: Path, trap: Path) -> None:
    """Programs with the names of those that a capture could run."""
    folder.mkdir(exist_ok=True)
    for name in ("git", "sh", "env", "ssh", "git-status", "git-diff-index", "cat", "uname"):
        (folder / name).symlink_to(trap)


def text(name: str, content: str) -> Callable[[Path], None]:
    """Replaces a file of the folder .git."""

    def apply(git: Path) -> None:
        (git / name).write_text(content)

    return apply


def each(action: Callable[[Path], None], *patterns: str, without: str = "") -> Callable[[Path], None]:
    """Does something to files of the folder .git, and deletes another file."""

    def apply(git: Path) -> None:
        if without:
            (git / without).unlink()
        for pattern in patterns:
            for path in list(git.glob(pattern)) or [git / pattern]:
                action(path)

    return apply


def large(path: Path) -> None:
    path.write_bytes(b"\n" * (200 << 20))


def cut(path: Path) -> None:
    os.truncate(path, 200)


def borrow_from_itself(git: Path) -> None:
    (git / "objects/info/alternates").write_text(f"{git}/objects\n{git}/./objects\n" * 1000)


MAIN = "refs/heads/main"
HOSTILE: dict[str, tuple[Callable[[Path], None], bool, set[bool | None]]] = {
    # What is done to the folder .git; whether the commit can still be read; the right answers about changes.
    "HEAD is a pipe": (each(pipe, "HEAD"), False, {None}),
    "HEAD is endless": (each(endless, "HEAD"), False, {None}),
    "HEAD is a loop": (each(loop, "HEAD"), False, {None}),
    "HEAD is huge": (each(huge, "HEAD"), False, {None}),
    "HEAD is empty": (text("HEAD", ""), False, {None}),
    "HEAD leads elsewhere": (text("HEAD", "ref: refs/../../s.yaml\n"), False, {None}),
    "HEAD is absolute": (text("HEAD", "ref: /etc/passwd\n"), False, {None}),
    "HEAD refers to itself": (text("HEAD", "ref: HEAD\n"), False, {None}),
    "refs refer to each other": (text(MAIN, f"ref: {MAIN}\n"), False, {None}),
    "a control character in a ref": (text("HEAD", "ref: refs/heads/\x1b[2J\n"), False, {None}),
    "reftable": (text("HEAD", "ref: refs/heads/.invalid\n"), False, {None}),
    "the ref is a pipe": (each(pipe, MAIN), False, {None}),
    "packed-refs is a pipe": (each(pipe, "packed-refs", without=MAIN), False, {None}),
    "packed-refs is huge": (each(huge, "packed-refs", without=MAIN), False, {None}),
    "packed-refs is large": (each(large, "packed-refs", without=MAIN), False, {None}),
    "commondir is a pipe": (each(pipe, "commondir"), False, {None}),
    "the index is a pipe": (each(pipe, "index"), True, {None}),
    "the index is endless": (each(endless, "index"), True, {None}),
    "the index is huge": (each(huge, "index"), True, {None}),
    "the index is cut short": (each(cut, "index"), True, {None}),
    "config is a pipe": (each(pipe, "config"), True, {False}),
    "config is huge": (each(huge, "config"), True, {False}),
    "alternates is a pipe": (each(pipe, "objects/info/alternates"), True, {None}),
    "alternates is endless": (each(endless, "objects/info/alternates"), True, {None}),
    "alternates of itself": (borrow_from_itself, True, {False}),
    "objects are missing": (each(unlink, "objects/??/*"), True, {None}),
    "objects are pipes": (each(pipe, "objects/??/*"), True, {None}),
}


def all_of_them(program: Program, report: Report, work: Path, seed: int, rounds: int) -> None:
    for layout in ("settings", "settings of another place", "programs", "variables"):
        with tempfile.TemporaryDirectory(dir=work) as name:
            spring(program, report, Path(name), layout)
    for what, (action, is_readable, answers) in HOSTILE.items():
        with tempfile.TemporaryDirectory(dir=work) as name:
            checkout = new_checkout(Path(name))
            checkout.settle()
            head = checkout.head if is_readable else None
            action(checkout.root / ".git")
            judge(program, report, checkout, what, head, answers)
    for what, target in {
        "a pipe": None,
        "a text": "hello\n",
        "elsewhere": "gitdir: /proc/self/cwd\n",
        "nowhere": "gitdir: \n",
        "huge": "gitdir: x\0",
    }.items():
        with tempfile.TemporaryDirectory(dir=work) as name:
            checkout = new_checkout(Path(name))
            git = checkout.root / ".git"
            shutil.rmtree(git)
            if target is None:
                pipe(git)
            else:
                git.write_text(target)
            if what == "huge":
                huge(git)
            # A pipe is no checkout, so that a checkout above it counts, as in git.
            if target is None:
                outcome = create(program, checkout)
                report.trial(TRAPS, [] if outcome.status == 0 else [f".git is {what}: {outcome}"])
            else:
                judge(program, report, checkout, f".git is {what}", None, {None})
    planted(program, report, work)
    tracked_pipe(program, report, work)
    mutated(program, report, work, seed, rounds)


def spring(program: Program, report: Report, place: Path, layout: str) -> None:
    """A checkout in which every program is a trap."""
    fired = place / "fired"
    trap = place / "trap"
    trap.write_text(f'#!/bin/sh\necho "$0 $*" >> {fired}\nexec true\n')
    trap.chmod(0o755)
    checkout = new_checkout(place)
    submodule(checkout)
    checkout.settle()
    head = checkout.head
    # The bytes of a file that was touched must be read, which is what runs the filters.
    os.utime(checkout.root / "a", (1, 1))
    variables: dict[str, str] = {}
    if layout.startswith("settings"):
        traps(checkout, trap)
        if layout != "settings":
            elsewhere(checkout, trap)
        configure(checkout, checkout.root / ".git/modules/sub", trap)
    elif layout == "programs":
        programs(place / "bin", trap)
        for name in ("git", "env", "sh"):
            (checkout.root / name).symlink_to(trap)
        variables = {"PATH": f".::{place / 'bin'}:{os.environ['PATH']}"}
    else:
        other = new_checkout(place / "inner")
        variables = {
            "GIT_DIR": str(other.root / ".git"),
            "GIT_WORK_TREE": str(other.root),
            "GIT_INDEX_FILE": str(place / "nothing"),
            "GIT_OBJECT_DIRECTORY": str(place / "nothing"),
            "GIT_EXTERNAL_DIFF": str(trap),
            "GIT_SSH_COMMAND": str(trap),
            "GIT_EXEC_PATH": str(place / "bin"),
            "GIT_TRACE": str(fired),
            "GIT_TRACE2": str(fired),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "core.fsmonitor",
            "GIT_CONFIG_VALUE_0": str(trap),
            "GIT_CEILING_DIRECTORIES": str(place),
        }
        programs(place / "bin", trap)
    before = snapshot(checkout.root)
    outcome = create(program, checkout, variables=variables)
    problems = complaints(outcome, head, {None, True})
    if fired.exists():
        problems.append(f"ran {fired.read_text()[:300]}")
    if snapshot(checkout.root) != before:
        problems.append("changed the checkout")
    report.trial(TRAPS, [f"traps in {layout}: {problem}" for problem in problems], keep=place)


def judge(
    program: Program,
    report: Report,
    checkout: Checkout,
    what: str,
    head: str | None,
    answers: set[bool | None],
    folder: Path | None = None,
) -> None:
    """Creates a run with --json and, if the commit cannot be read, one without, which prints a warning."""
    outcomes = [create(program, checkout, folder)]
    problems = complaints(outcomes[0], head, answers)
    if head is None:
        outcomes.append(create(program, checkout, folder, form=""))
        problems += warning_complaints(outcomes[1])
    for outcome in outcomes:
        if outcome.seconds > PATIENCE / 2:
            problems.append(f"took {outcome.seconds:.1f} s")
        if any(ord(character) < 32 and character != "\n" for character in outcome.output + outcome.errors):
            problems.append("printed control characters")
    report.trial(TRAPS, [f"{what}: {problem}" for problem in problems], f"# {what}")


def planted(program: Program, report: Report, work: Path) -> None:
    """A checkout of another user above the current folder is not recorded, unless the folder is that user's too."""
    if os.geteuid() != 0:
        report.notes.append("left out: the checkout of another user (only root can make one)")
        return
    for owner, is_recorded in ((1, False), (0, True)):
        with tempfile.TemporaryDirectory(dir=work) as name:
            checkout = new_checkout(Path(name))
            checkout.settle()
            head = checkout.head
            os.chown(checkout.root / ".git", owner, -1)
            answers: set[bool | None] = {False if is_recorded else None}
            found = head if is_recorded else None
            judge(program, report, checkout, f".git of {owner}", found, answers, checkout.root / "d")
            if not is_recorded:
                os.chown(checkout.root / "d", owner, -1)
                judge(program, report, checkout, "the folder too", head, {False}, checkout.root / "d")


def mutated(program: Program, report: Report, work: Path, seed: int, rounds: int) -> None:
    """Random bytes in the files of git: whatever is recorded, the create succeeds."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(dir=work) as name:
        checkout = new_checkout(Path(name))
        packed(checkout)
        checkout.git("update-index", "--split-index")
        change_size(checkout, "a")
        checkout.git("add", "a")
        git = checkout.root / ".git"
        files = [
            git / "HEAD",
            git / "index",
            *git.glob("sharedindex.*"),
            *git.glob("objects/pack/*"),
            git / "packed-refs",
        ]
        for _ in range(rounds):
            file = rng.choice(files)
            before = file.read_bytes()
            data = bytearray(before)
            for _ in range(rng.choice((1, 1, 2, 8, 64))):
                # The headers of all these files are at their starts.
                place = rng.randrange(min(len(data), rng.choice((16, 64, 1 << 30))))
                data[place] = rng.choice(
                    (0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256), data[place] ^ 1 << rng.randrange(8))
                )
            if rng.random() < 0.2:
                del data[rng.randrange(len(data)) :]
            file.chmod(0o644)
            file.write_bytes(data)
            outcome = create(program, checkout)
            problems = [] if outcome.status == 0 else [f"ended with {outcome.status}: {outcome.why}"]
            report.trial(TRAPS, problems, f"# {file.name} has random bytes", checkout.place)
            file.write_bytes(before)


def tracked_pipe(program: Program, report: Report, work: Path) -> None:
    """A tracked file that became a pipe is changed, and is not opened."""
    with tempfile.TemporaryDirectory(dir=work) as name:
        checkout = new_checkout(Path(name))
        checkout.settle()
        pipe(checkout.root / "a")
        judge(program, report, checkout, "a tracked file is a pipe", checkout.head, {True})


def snapshot(root: Path) -> dict[str, tuple[int, int, int]]:
    """The kind, the size and the time of the last change of everything below a folder."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            found[path] = (stat.S_IFMT(status.st_mode), status.st_size, status.st_mtime_ns)
    return found


def run(program: Program, report: Report, work: Path, seed: int, rounds: int) -> None:
    if shutil.which("git") is None:
        report.notes.append("left out: hostile git checkouts (git is not installed)")
        return
    with report.timed(TRAPS):
        all_of_them(program, report, work, seed, rounds)
