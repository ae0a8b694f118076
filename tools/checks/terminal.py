"""The command in a terminal: progress that fits the window, Ctrl-C, Ctrl-Z, and a terminal that is closed.

python -m checks.terminal COMMAND SCENARIO…    prints what is wrong, and exits with 1 if anything is

Each scenario runs in an empty folder. The widths of characters come from Python's Unicode tables, the end of the
command from the system, and the state of a registry from Python's sqlite3.
"""

import argparse
import fcntl
import os
import re
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

# Larger than any machine fills in the time of a scenario, which ends it by Ctrl-C.
ENDLESS = "tensors: {w: [4000000, 65536]}\nrules: [{match: w, init: normal}]\n"
# One tensor that can only be computed whole, for many seconds.
WHOLE = "tensors: {w: [9000, 9000]}\nrules: [{match: w, init: orthogonal}]\n"
LARGE = "tensors: {w: [250, 1048576]}\nrules: [{match: w, init: normal}]\n"
# 17 GB, of which a scenario lets the disk get some megabytes.
HUGE = "tensors: {w: [4096, 1048576]}\nrules: [{match: w, init: normal}]\n"
# One thread takes some seconds to verify 1.7 G elements. The bar is drawn after half a second.
SLOW = "tensors: {w: {shape: [1600, 1048576], dtype: bfloat16, init: truncated_normal}}\n"
SMALL = "tensors: {w: [300, 1024]}\nrules: [{match: w, init: normal}]\n"
SPECS = {"endless": ENDLESS, "whole": WHOLE, "large": LARGE, "huge": HUGE, "slow": SLOW, "small": SMALL}
# No scenario takes this long; a command that hangs is ended.
LIMIT = 60.0
# The time for what takes less than a second on a machine that does nothing else, in seconds.
SOON = 10.0
FRAME = "\r\x1b[K"


class Wrong(Exception):
    """What a scenario found to be wrong."""


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise Wrong(what)


def columns(text: str) -> int:
    """The number of columns that a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


class Terminal:
    """A terminal in which a command runs as the foreground job of a session of its own, or of a shell's session.

    Attributes:
        text: Everything that the command has printed.
        child: The process.
    """

    def __init__(self, command: list[str], folder: Path, width: int = 100, **environment: str) -> None:
        self.master, slave = os.openpty()
        self.text = ""
        self.resize(width)
        values = {key: value for key, value in os.environ.items() if not key.startswith("WINIT_")}
        values |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | environment

        def control() -> None:
            # A test that runs on a thread with blocked signals would pass them on.
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.child = subprocess.Popen(
            command, cwd=folder, stdin=slave, stdout=slave, stderr=slave, env=values, preexec_fn=control
        )
        os.close(slave)

    def resize(self, width: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))

    def read(self, seconds: float) -> None:
        """Reads what the command prints in this time, or until it has ended."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                return
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.text += data.decode(errors="replace")

    def read_until(self, ready: Callable[[], bool]) -> None:
        """Reads until a condition holds."""
        end = time.monotonic() + LIMIT
        while not ready():
            if time.monotonic() > end:
                self.child.kill()
                raise Wrong(f"nothing happened in {LIMIT:.0f} s; the terminal shows {self.text[-300:]!r}")
            self.read(0.05)

    def frames(self) -> list[str]:
        """The lines that were drawn over one another."""
        # The terminal shows the key at the end of the last line.
        return [frame.replace("^C", "") for frame in self.text.split(FRAME)[1:] if "%" in frame]

    def type(self, key: str) -> None:
        os.write(self.master, key.encode())

    def wait(self) -> int:
        """Waits for the end; returns the exit status."""
        end = time.monotonic() + LIMIT
        while self.child.poll() is None:
            if time.monotonic() > end:
                self.child.kill()
                raise Wrong(f"the command did not end; the terminal shows {self.text[-300:]!r}")
            self.read(0.02)
        self.read(0.1)
        return self.child.returncode

    def interrupt(self) -> tuple[int, float]:
        """Presses Ctrl-C; returns the exit status, and how long it took to end."""
        start = time.monotonic()
        self.type("\x03")
        return self.wait(), time.monotonic() - start

    def close(self) -> None:
        """Closes the terminal, as the end of an ssh connection does."""
        os.close(self.master)


class Scenarios:
    def __init__(self, command: str, folder: Path) -> None:
        self.command, self.folder = command, folder
        for name, spec in SPECS.items():
            (folder / f"{name}.yaml").write_text(spec)

    def start(self, words: str, width: int = 100, **environment: str) -> Terminal:
        return Terminal([self.command, *words.split()], self.folder, width, **environment)

    def succeed(self, words: str) -> str:
        done = subprocess.run([self.command, *words.split()], cwd=self.folder, capture_output=True, text=True)
        expect(done.returncode == 0, f"{words}: {done.returncode}, {done.stderr}")
        return done.stdout

    def count(self, table: str) -> int:
        # A create that fails removes the registry that it has made.
        if not (self.folder / "winit.sqlite").exists():
            return 0
        connection = sqlite3.connect(self.folder / "winit.sqlite", timeout=30)
        try:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        finally:
            connection.close()

    def hold(self, kind: str) -> sqlite3.Connection:
        """Locks the registry."""
        connection = sqlite3.connect(self.folder / "winit.sqlite", isolation_level=None)
        connection.execute(f"BEGIN {kind}")
        return connection

    # --- Progress ----------------------------------------------------------------------------------------------

    def widths(self) -> None:
        """The bar fits every window, also with a long name of wide and combining characters."""
        self.succeed("create n --spec slow.yaml --seed 1 --recipe-only")
        connection = sqlite3.connect(self.folder / "winit.sqlite")
        # A foreign registry can hold such a name.
        connection.execute("UPDATE runs SET name = ?", ["日本語e\u0301-" * 20])
        connection.commit()
        connection.close()
        for width in (100, 60, 40, 20):
            terminal = self.start("verify --all --threads 1", width)
            terminal.read_until(lambda terminal=terminal: len(terminal.frames()) > 1)  # type: ignore[misc]
            terminal.interrupt()
            for frame in terminal.frames():
                line = frame.split("\r")[0].split("\n")[0]
                expect(columns(line) < width, f"{width} columns: {line!r} takes {columns(line)}")
                expect("%" in line, f"{width} columns: no share in {line!r}")
        for width in (200, 100, 60, 40, 20, 10):
            terminal = self.start("create n --spec endless.yaml --seed 1 --recipe-only", width)
            terminal.read_until(lambda terminal=terminal: len(terminal.frames()) >= 20)  # type: ignore[misc]
            status, _ = terminal.interrupt()
            expect(status == 130, f"{width} columns: ended with {status}")
            for frame in terminal.frames():
                line = frame.split("\r")[0].split("\n")[0]
                expect(columns(line) < width, f"{width} columns: {line!r} takes {columns(line)}")
            last = terminal.frames()[-2]
            if width >= 100:
                expect(
                    re.search(r"\d [kMG]?B of \d.*  \d.*B/s  \d+:\d\d(:\d\d)? left", last) is not None,
                    f"{width} columns: no rate and time in {last!r}",
                )
            if width >= 60:
                expect(
                    re.search(r"hashing .*  \d.*B/s  \d+:\d\d(:\d\d)? left", last) is not None,
                    f"{width} columns: no rate and time in {last!r}",
                )
            if width >= 40:
                expect("left" in last and "hashing" in last, f"{width} columns: no time in {last!r}")

    def resize(self) -> None:
        """The bar fits a window that becomes narrower while it is drawn."""
        terminal = self.start("create n --spec endless.yaml --seed 1 --recipe-only", 120)
        terminal.read_until(lambda: len(terminal.frames()) >= 12)
        expect(any(columns(frame) > 60 for frame in terminal.frames()), "the bar does not use a wide window")
        terminal.resize(40)
        terminal.read(0.5)
        before = len(terminal.frames())
        terminal.read_until(lambda: len(terminal.frames()) >= before + 5)
        for frame in terminal.frames()[before:]:
            expect(columns(frame.split("\r")[0]) < 40, f"{frame!r} does not fit")
        terminal.interrupt()

    def dumb(self) -> None:
        """A terminal that cannot draw over a line gets no bar, and no sequence for other terminals."""
        for kind in ("dumb", ""):
            terminal = self.start("create n --spec endless.yaml --seed 1 --recipe-only", TERM=kind)
            terminal.read(1.5)
            expect(terminal.text == "", f"TERM={kind}: printed {terminal.text!r}")
            terminal.interrupt()
            expect("\x1b" not in terminal.text and "%" not in terminal.text, f"TERM={kind}: {terminal.text!r}")

    def whole(self) -> None:
        """The bar moves during one tensor that is computed whole, and Ctrl-C ends it within a second."""
        terminal = self.start("create n --spec whole.yaml --seed 1")

        def shares() -> list[int]:
            return [int(found[1]) for frame in terminal.frames() if (found := re.search(r"(\d+)%", frame))]

        terminal.read_until(lambda: len({share for share in shares() if 0 < share < 100}) >= 3)
        expect(shares() == sorted(shares()), f"the bar goes back: {shares()}")
        status, seconds = terminal.interrupt()
        expect(status == 130 and seconds < SOON, f"ended with {status} after {seconds:.1f} s")
        expect(self.count("runs") == 0 and self.count("chunks") == 0, "something is left")

    # --- Ctrl-C, Ctrl-Z ------------------------------------------------------------------------------------------

    def interrupt_wait(self) -> None:
        """Ctrl-C ends a wait for a lock within a second, and nothing has changed."""
        self.succeed("create small --spec small.yaml --seed 1")
        holder = self.hold("EXCLUSIVE")
        for words in ("create n --spec small.yaml --seed 1", "verify --all", "doctor", "gc --yes", "list"):
            terminal = self.start(words)
            terminal.read_until(lambda terminal=terminal: "waiting for" in terminal.text)  # type: ignore[misc]
            expect(str(os.getpid()) in terminal.text, f"{words}: does not name the process: {terminal.text!r}")
            status, seconds = terminal.interrupt()
            expect(status in (130, -signal.SIGINT), f"{words}: ended with {status}: {terminal.text!r}")
            expect(seconds < SOON, f"{words}: took {seconds:.1f} s to end")
        holder.execute("ROLLBACK")
        expect(self.count("runs") == 1 and self.count("leases") == 0, "something has changed")

    def stop(self) -> None:
        """After Ctrl-Z another process can write; after fg the create ends well, and the bar is drawn again."""
        self.succeed("create small --spec small.yaml --seed 1")
        # A shell with job control: the command is a job of its own, and the shell waits for it.
        terminal = Terminal(["bash", "--norc", "--noprofile", "-i"], self.folder)
        terminal.type(f"PS1='ready> '; {self.command} create n --spec large.yaml --seed 1\n")
        for turn in range(3):
            before = len(terminal.frames())
            terminal.read_until(
                lambda before=before: len(terminal.frames()) > before or "created" in terminal.text  # type: ignore[misc]
            )
            if turn > 0 and "created" in terminal.text:
                break  # a fast machine
            start = time.monotonic()
            stopped = terminal.text.count("Stopped")
            terminal.type("\x1a")
            terminal.read_until(lambda stopped=stopped: terminal.text.count("Stopped") > stopped)  # type: ignore[misc]
            seconds = time.monotonic() - start
            expect(seconds < SOON, f"it took {seconds:.1f} s to stop")
            self.succeed(f"tag small turn={turn} --lock-timeout 20")
            terminal.type("fg\n")
        terminal.read_until(lambda: "created n:v1" in terminal.text)
        terminal.type("exit\n")
        terminal.wait()
        expect("small:v1" in self.succeed("list") and self.succeed("verify --all").endswith("2 ok\n"), "lost")

    def stop_wait(self) -> None:
        """Ctrl-Z stops a wait for a lock at once, and the time of the stop is not a part of the wait."""
        self.succeed("create small --spec small.yaml --seed 1")
        holder = self.hold("IMMEDIATE")
        words = [self.command, "tag", "small", "a=b", "--lock-timeout", "5"]
        child = subprocess.Popen(
            words, cwd=self.folder, preexec_fn=os.setpgrp, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(1)
        start = time.monotonic()
        os.kill(child.pid, signal.SIGTSTP)
        while os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            expect(time.monotonic() - start < SOON, "the command does not stop")
            time.sleep(0.01)
        time.sleep(6)
        os.kill(child.pid, signal.SIGCONT)
        time.sleep(0.5)
        holder.execute("ROLLBACK")
        expect(child.wait(LIMIT) == 0, "the command counted the time for which it was stopped")

    # --- A terminal that is closed -------------------------------------------------------------------------------

    def hangup(self) -> None:
        """The end of the terminal rolls a create back, and ends a verification that can be resumed."""
        self.succeed("create small --spec small.yaml --seed 1")
        terminal = self.start("create n --spec huge.yaml --seed 1")
        terminal.read_until(lambda: self.count("chunks") > 20)
        terminal.close()
        status = terminal.child.wait(LIMIT)
        expect(status == 130, f"the create ended with {status}")
        expect(self.count("runs") == 1 and self.count("leases") == 0, "the create was not rolled back")
        self.succeed("create n --spec slow.yaml --seed 1 --recipe-only")
        for seed in range(2, 5):
            self.succeed(f"create small --spec small.yaml --seed {seed}")
        terminal = self.start("verify --all --threads 1")
        history = self.count("history")
        terminal.read_until(lambda: self.count("history") >= history + 3)
        terminal.close()
        status = terminal.child.wait(LIMIT)
        expect(status == 130, f"the verification ended with {status}")
        text = self.succeed("verify --all --resume")
        expect("resuming after" in text and text.endswith("5 ok\n"), f"the rest is {text!r}")

    def nohup(self) -> None:
        """If SIGHUP is ignored, a create and a verification end well without the terminal."""
        ignoring = 'trap "" HUP; exec "$@"'
        for words in (["create", "n", "--spec", "large.yaml", "--seed", "1"], ["verify", "--all", "--verbose"]):
            terminal = Terminal(["sh", "-c", ignoring, "sh", self.command, *words], self.folder)
            terminal.read(0.3)
            terminal.close()
            status = terminal.child.wait(LIMIT)
            expect(status == 0, f"{words[0]} ended with {status}")
        expect(self.count("runs") == 1, "the run is not there")
        expect(self.count("history") == 2, "the verification was not recorded")


def main() -> None:
    parser = argparse.ArgumentParser(prog="checks.terminal")
    parser.add_argument("command")
    parser.add_argument("scenarios", nargs="+", metavar="SCENARIO")
    arguments = parser.parse_args()
    failed = False
    for name in arguments.scenarios:
        with tempfile.TemporaryDirectory() as folder:
            try:
                getattr(Scenarios(os.path.abspath(arguments.command), Path(folder)), name)()
            except (Wrong, OSError, subprocess.TimeoutExpired) as problem:
                print(f"{name}: {problem}")
                failed = True
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
