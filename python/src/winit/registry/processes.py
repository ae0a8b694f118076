"""A child process whose output, errors and progress are read, and which Ctrl-C stops."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from ..errors import Error, Unavailable

if TYPE_CHECKING:
    import subprocess

Progress = Callable[[int, int], object]
"""Is called with the bytes that are done, and the bytes of the whole operation."""

LONGEST_OUTPUT = 1 << 30
"""The maximum length of what a child may print, in bytes."""

_LONGEST_LINE = 1 << 20
_PATIENCE = 1.0  # seconds


@dataclass
class Outcome:
    """How a child ended.

    Attributes:
        status: The exit status; negative for a signal.
        output: What it printed on standard output.
        errors: The lines of standard error that are no progress.
    """

    status: int
    output: bytes
    errors: str


def run_child(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    input: bytes = b"",
    progress: Progress | None = None,
) -> Outcome:
    """Runs a program to its end.

    The child has a session of its own, so that a Ctrl-C in the terminal reaches this process alone. An exception that
    arrives while the child runs, such as KeyboardInterrupt, sends SIGINT to the child's process group, waits until the
    child has rolled back and ended, and is raised. Another one meanwhile sends a second SIGINT, which ends the command
    at once.

    Args:
        arguments: The program and its arguments. No shell sees them.
        environment: The environment of the child.
        input: What the child reads from standard input.
        progress: Is called in this thread with what lines `{"done":N,"total":M}` on standard error say.

    Raises:
        Unavailable: If the program cannot be started.
        Error: If it prints more than 1 GiB.
    """
    process: subprocess.Popen[bytes] | None = None
    streams: _Streams | None = None
    try:
        with _interrupts_deferred():
            process = _started(arguments, environment)
            streams = _Streams(process, input)
        streams.follow(progress)
    except BaseException:
        if process is not None:
            _interrupt(process)
            _wait(process)
        raise
    return Outcome(process.returncode, streams.output(), streams.errors())


def _started(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    import subprocess

    try:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise Unavailable(f"cannot run {arguments[0]}: {error}") from None


@contextlib.contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Holds back a Ctrl-C while a child is started: it would leave a child that no code ends."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    arrived = list[int]()
    signal.signal(signal.SIGINT, lambda number, frame: arrived.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if arrived:
            handler(arrived[0], None)


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Asks a child to roll back and end."""
    if process.poll() is not None:
        return
    # A process that a shell starts in the background ignores SIGINT, and its children do too.
    number = signal.SIGTERM if signal.getsignal(signal.SIGINT) == signal.SIG_IGN else signal.SIGINT
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()
    except ProcessLookupError:
        return


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Waits for the end of a child that was interrupted."""
    while True:
        try:
            process.wait()
            return
        except BaseException:
            _interrupt(process)


class _Streams:
    """Reads both outputs of a child in threads, so that neither pipe fills up."""

    def __init__(self, process: subprocess.Popen[bytes], input: bytes) -> None:
        self._process = process
        self._output, self._errors = list[bytes](), list[str]()
        self._latest: tuple[int, int] | None = None
        self._changed = threading.Condition()
        self._is_too_long = False
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        work = ((self._read_output, process.stdout), (self._read_errors, process.stderr))
        self._readers = [threading.Thread(target=body, args=[stream], daemon=True) for body, stream in work]
        self._writer = threading.Thread(target=_write, args=[process.stdin, input], daemon=True)
        for thread in (*self._readers, self._writer):
            thread.start()

    def follow(self, progress: Progress | None) -> None:
        """Reports the progress until the child has ended."""
        reported, ended = None, None
        while any(thread.is_alive() for thread in self._readers):
            if self._process.poll() is not None:
                ended = ended or time.monotonic()
                if time.monotonic() - ended > _PATIENCE:
                    break  # another process has inherited a pipe and keeps it open
            with self._changed:
                if self._latest == reported and not self._is_too_long:
                    self._changed.wait(0.1)
                latest = self._latest
            if self._is_too_long:
                raise Error(f"the command printed more than {LONGEST_OUTPUT} bytes")
            if progress is not None and latest is not None and latest != reported:
                progress(*latest)
            reported = latest
        self._process.wait()
        if self._is_too_long:
            raise Error(f"the command printed more than {LONGEST_OUTPUT} bytes")
        # The last lines may have come after the last look.
        if progress is not None and self._latest is not None and self._latest != reported:
            progress(*self._latest)

    def finish(self) -> None:
        """Waits for the readers, if no other process keeps a pipe open."""
        for thread in self._readers:
            thread.join(_PATIENCE)

    def output(self) -> bytes:
        self.finish()
        return b"".join(self._output)

    def errors(self) -> str:
        return "".join(self._errors)

    def _read_output(self, stream: IO[bytes]) -> None:
        length = 0
        with stream:
            while data := stream.read1(1 << 16):  # type: ignore[attr-defined]
                length += len(data)
                if length > LONGEST_OUTPUT:
                    self._stop()
                    return
                self._output.append(data)

    def _read_errors(self, stream: IO[bytes]) -> None:
        length = 0
        with stream:
            while line := stream.readline(_LONGEST_LINE):
                if (amounts := _amounts(line)) is not None:
                    with self._changed:
                        self._latest = amounts
                        self._changed.notify()
                    continue
                length += len(line)
                if length > LONGEST_OUTPUT >> 4:
                    self._stop()
                    return
                self._errors.append(line.decode("utf-8", "replace"))

    def _stop(self) -> None:
        with self._changed:
            self._is_too_long = True
            self._changed.notify()


def _write(stream: IO[bytes], data: bytes) -> None:
    try:
        with stream:
            stream.write(data)
    except OSError:
        return  # the child has ended, or does not read; its status says more


def _amounts(line: bytes) -> tuple[int, int] | None:
    """Returns the numbers of a line `{"done":N,"total":M}`; None for any other line."""
    if not line.startswith(b'{"done":'):
        return None
    try:
        value = json.loads(line)
        done, total = value["done"], value["total"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return (done, total) if isinstance(done, int) and isinstance(total, int) else None
