"""Completes command lines in real shells, bash, zsh and fish, on a terminal, and compares the words that result.

After the keys of a case, the line gets `show-words` in front and is run, so that the shell itself says which words the
completed line has.

    PYTHONPATH=tools python3 -m distribution.check_completions COMMAND [bash] [zsh] [fish]
"""

import argparse
import fcntl
import os
import pty
import select
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass
from pathlib import Path

SHELLS = ["bash", "zsh", "fish"]

# Tensors whose names a shell would read as something else. Each begins with letters of its own.
NAMES = [
    "qa $(touch executed)",
    "qb `touch executed`",
    "qc it's",
    'qd "quoted"',
    "qe\\back",
    "qf;touch executed",
    "qg*[a-z]?",
    "qh.é",
    "qi:one:two",
    "qj#hash{a,b}",
    "qk<in>out|pipe&",
    "ql=x@y",
    "qm$HOME!1",
]

SPEC = "model.yaml"


@dataclass
class Case:
    """Keys, in which TAB asks for completions, and the words of the line after them."""

    keys: str
    words: list[str]


def cases() -> list[Case]:
    named = [
        Case(f"winit-registry get small:v1 --tensor {name[:2]}\t", ["get", "small:v1", "--tensor", name])
        for name in NAMES
    ]
    return [
        Case("winit-registry mater\t", ["materialize"]),
        Case("winit-registry list --exper\t", ["list", "--experiment"]),
        Case("winit-registry get small:ba\t", ["get", "small:baseline"]),
        Case("winit-registry get small:v2\t", ["get", "small:v2"]),
        Case("winit-registry diff small:v1 small:ba\t", ["diff", "small:v1", "small:baseline"]),
        Case("winit-registry rename sm\t", ["rename", "small"]),
        Case("winit-registry restore go\t", ["restore", "gone:v1"]),
        Case("winit-registry list --experiment lr\t", ["list", "--experiment", "lr-sweep"]),
        Case("winit-registry list --tag opt\t", ["list", "--tag", "optimizer"]),
        Case("winit-registry list --alias ba\t", ["list", "--alias", "baseline"]),
        Case("winit-registry list --dtype bf\t", ["list", "--dtype", "bfloat16"]),
        Case("winit-registry list --sort par\t", ["list", "--sort", "parameters"]),
        Case("winit-registry create m --dtype bf\t", ["create", "m", "--dtype", "bfloat16"]),
        Case("winit-registry create m --spec mod\t", ["create", "m", "--spec", SPEC]),
        Case("winit-registry create m --preset wh\t", ["create", "m", "--preset", "whisper"]),
        Case(
            "winit-registry create m --preset llama --preset-option tied=t\t",
            ["create", "m", "--preset", "llama", "--preset-option", "tied=true"],
        ),
        Case(
            "winit-registry get small:v1 --format npz -o wei\t",
            ["get", "small:v1", "--format", "npz", "-o", "weights.bin"],
        ),
        Case("winit-registry schemes show kaiming_n\t", ["schemes", "show", "kaiming_normal"]),
        Case("winit-registry preset show resnet-ti\t", ["preset", "show", "resnet-timm"]),
        Case("winit-registry verify small:v1 --tensor qc\t", ["verify", "small:v1", "--tensor", "qc it's"]),
        Case("winit-registry list --registry oth\t", ["list", "--registry", "other.sqlite"]),
        Case(
            "winit-registry rename --registry other.sqlite el\t", ["rename", "--registry", "other.sqlite", "elsewhere"]
        ),
        Case("winit-registry rename --registry=other.sqlite el\t", ["rename", "--registry=other.sqlite", "elsewhere"]),
        Case(
            'winit-registry rename --registry "a file.sqlite" sp\t', ["rename", "--registry", "a file.sqlite", "spaced"]
        ),
        Case("winit-registry rename --registry none.sqlite zz\t", ["rename", "--registry", "none.sqlite", "zz"]),
        *named,
    ]


def bash_cases() -> list[Case]:
    """Cases of quotes and of break characters, which bash alone leaves to the script."""
    return [
        Case("winit-registry get small:v1 --tensor 'qa\t", ["get", "small:v1", "--tensor", "qa $(touch executed)"]),
        Case('winit-registry get small:v1 --tensor "qc\t', ["get", "small:v1", "--tensor", "qc it's"]),
        Case("winit-registry get small:v1 --tensor qi:on\t", ["get", "small:v1", "--tensor", "qi:one:two"]),
        Case("winit-registry get --registry=oth\t", ["get", "--registry=other.sqlite"]),
    ]


class Workplace:
    """A folder with registries, and the command and `show-words` on the PATH."""

    def __init__(self, command: Path, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.words = folder / "words"
        tools = folder / "bin"
        tools.mkdir()
        self.work.mkdir()
        (tools / "winit-registry").symlink_to(command)
        show = tools / "show-words"
        show.write_text('#!/bin/sh\nshift\nprintf "%s\\0" "$@" > "$WORDS.new"\nmv "$WORDS.new" "$WORDS"\n')
        show.chmod(0o755)
        self.environment = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(folder),
            "WORDS": str(self.words),
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "HISTFILE": "/dev/null",
        }
        (self.work / SPEC).write_text(
            "tensors:\n" + "".join(f"  {quoted(name)}: {{shape: [4], init: zeros}}\n" for name in NAMES)
        )
        (self.work / "model.txt").write_text("no spec")
        (self.work / "weights.bin").write_bytes(b"")
        # A folder with the name of a run, to which a shell could add a slash.
        (self.work / "small").mkdir()
        for words in [
            "create small --seed 1 --experiment lr-sweep --tag optimizer=adamw",
            "create small --seed 2",
            "create gone --seed 3",
            "create elsewhere --seed 4 --registry other.sqlite",
        ]:
            self.run(*words.split(), "--spec", SPEC, "--recipe-only", "--no-capture")
        self.run(
            "create",
            "spaced",
            "--seed",
            "4",
            "--registry",
            "a file.sqlite",
            "--spec",
            SPEC,
            "--recipe-only",
            "--no-capture",
        )
        self.run("alias", "small:v1", "baseline")
        self.run("rm", "gone:v1")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["winit-registry", *words], cwd=self.work, env=self.environment, check=True, capture_output=True, text=True
        )


def quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


class Shell:
    """A shell on a terminal."""

    def __init__(self, kind: str, place: Workplace) -> None:
        self.place = place
        script = place.folder / f"completions.{kind}"
        script.write_text(place.run("--generate-completion-script", kind).stdout)
        if kind == "bash":
            start = place.folder / "bashrc"
            start.write_text(f"bind 'set bell-style none'\nbind 'set enable-bracketed-paste off'\nset +H\n. {script}\n")
            arguments = ["bash", "--noprofile", "--rcfile", str(start), "-i"]
        elif kind == "zsh":
            functions = place.folder / "zsh"
            functions.mkdir()
            shutil.copy(script, functions / "_winit-registry")
            (place.folder / ".zshrc").write_text(
                f"fpath=({functions} $fpath)\nautoload -Uz compinit\ncompinit -u -D\n"
                "bindkey -e\nunsetopt beep banghist\n"
            )
            arguments = ["zsh", "-i"]
        else:
            arguments = ["fish", "--no-config", "-i", "-C", f"source {script}; set -g fish_autosuggestion_enabled 0"]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(place.work)
            os.execvpe(arguments[0], arguments, place.environment)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 400, 0, 0))
        self.output = b""
        # The first line that the shell runs shows that it is ready.
        deadline = time.monotonic() + 30
        while self.words("\x01show-words x ready\r", 3) != ["ready"]:
            if time.monotonic() > deadline:
                raise SystemExit(f"error: {kind} does not start: {self.output[-500:]!r}")

    def words(self, keys: str, timeout: float) -> list[str] | None:
        """Types keys and returns the words of the line that is run; nil if none is run in time."""
        self.place.words.unlink(missing_ok=True)
        os.write(self.terminal, keys.encode())
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self.terminal], [], [], 0.02)
            if readable:
                try:
                    self.output += os.read(self.terminal, 65536)
                except OSError:
                    return None
            if self.place.words.exists():
                return self.place.words.read_bytes().decode().split("\0")[:-1]
        return None

    def complete(self, keys: str) -> list[str] | None:
        self.output = b""
        found = self.words(keys + "\x01show-words \r", 15)
        if found is None:
            os.write(self.terminal, b"\x03")
        return found

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def check_shell(kind: str, command: Path) -> list[str]:
    """Returns the failures of the cases in a shell."""
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="completions-") as name:
        place = Workplace(command, Path(name))
        before = sorted(path.name for path in place.work.iterdir())
        shell = Shell(kind, place)
        try:
            for case in cases() + (bash_cases() if kind == "bash" else []):
                found = shell.complete(case.keys)
                if found != case.words:
                    failures.append(f"{kind}: {case.keys!r} gives {found}, not {case.words}: {shell.output[-300:]!r}")
                elif b"error" in shell.output.lower():
                    failures.append(f"{kind}: {case.keys!r} prints an error: {shell.output!r}")
        finally:
            shell.close()
        after = sorted(path.name for path in place.work.iterdir())
        if after != before:
            failures.append(f"{kind}: the completions created or removed files: {before} became {after}")
    return failures


def check_requests(command: Path) -> list[str]:
    """Returns the failures of requests to the command itself: hostile, missing, old and locked registries."""
    failures: list[str] = []

    def request(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SAP_SHELL": "bash", "WINIT_REGISTRY": ""}
        argument = ["---completion", "get", "--", "positional@0", "2", "0", "winit-registry", "get", "", *words]
        return subprocess.run(
            [str(command), *argument], cwd=folder, env=environment, capture_output=True, text=True, timeout=30
        )

    with tempfile.TemporaryDirectory(prefix="requests-") as name:
        folder = Path(name)
        (folder / "garbage").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 16)
        (folder / "text").write_text("no registry")
        (folder / "m.yaml").write_text("tensors: {w: {shape: [4], init: zeros}}\n")
        os.mkfifo(folder / "pipe")
        make = "create m --spec m.yaml --seed 1 --recipe-only --no-capture --registry sound"
        for words in (make, "alias m:v1 base --registry sound"):
            subprocess.run([str(command), *words.split()], cwd=folder, check=True, capture_output=True)
        for copy in ("locked", "controls", "log"):
            shutil.copy(folder / "sound", folder / copy)
        for copy, change in (
            ("controls", "UPDATE aliases SET alias = 'a' || char(10) || 'b'"),
            ("log", "PRAGMA journal_mode = WAL"),
        ):
            database = sqlite3.connect(folder / copy)
            database.execute(change)
            database.commit()
            database.close()
        # The lock of a writer in a transaction; and a copy of its files, as if the writer had been killed.
        writer = sqlite3.connect(folder / "locked", isolation_level=None)
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("CREATE TABLE unfinished (bytes)")
        writer.executemany("INSERT INTO unfinished VALUES (zeroblob(5000))", [()] * 500)
        shutil.copy(folder / "locked", folder / "killed")
        shutil.copy(folder / "locked-journal", folder / "killed-journal")
        expected = {"sound": "m\nm:v1\nm:base", "controls": "m\nm:v1"}

        def files() -> dict[str, bytes]:
            return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

        before = files()
        for file in [
            "none",
            "none/none",
            "garbage",
            "text",
            "pipe",
            "locked",
            "killed",
            "log",
            "sound",
            "controls",
            "",
        ]:
            result = request(folder, "--registry", file)
            if (result.returncode, result.stdout.strip(), result.stderr) != (0, expected.get(file, ""), ""):
                failures.append(f"a request for the registry `{file}` gives {result}")
        after = files()
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        if changed:
            failures.append(f"the requests changed the files {', '.join(changed)}")
        writer.close()
    return failures


def is_usable(kind: str) -> bool:
    """Returns whether a shell is installed. Bash 3, which macOS has, quotes names in a way of its own."""
    if shutil.which(kind) is None:
        return False
    version = subprocess.run([kind, "--version"], capture_output=True, text=True).stdout
    return kind != "bash" or "version 3." not in version


def check_all(command: Path, kinds: list[str]) -> tuple[list[str], list[str]]:
    """Returns the failures, and the shells that were checked: all that are installed, or those that are named."""
    failures = check_requests(command)
    installed = [kind for kind in kinds or SHELLS if is_usable(kind)]
    for kind in installed:
        failures += check_shell(kind, command)
    return failures, installed


def main() -> None:
    parser = argparse.ArgumentParser(description="Complete command lines in real shells, and compare the results.")
    parser.add_argument("command", type=Path)
    parser.add_argument(
        "shells", nargs="*", metavar="shell", help="bash, zsh or fish (default: those that are installed)"
    )
    arguments = parser.parse_args()
    failures, shells = check_all(arguments.command.resolve(), arguments.shells)
    for failure in failures:
        print(f"FAILED: {failure}")
    for kind in set(arguments.shells or SHELLS) - set(shells):
        print(f"NOTE: {kind} is not installed, or too old. Its completions are not checked.")
    print(f"completions: {len(shells)} shells, {len(failures)} failures")
    if failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
