"""The command under test, run undisturbed or with a fault."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import resource
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Words = Sequence["str | int | os.PathLike[str]"]
"""The words of a command line."""

STATUSES = (0, 1, 64, 65, 66, 74, 130)
"""The exit statuses that the command's help documents."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """What the failing disk does, and when: the environment variables of tools/faults/faults.c."""

    kind: str = ""
    at: int = 0
    mode: str = "once"
    loss: str = "random"
    seed: int = 0
    cut_at_exit: bool = False

    def environment(self) -> dict[str, str]:
        values = {"FAULT_MODE": self.mode, "FAULT_LOSS": self.loss, "FAULT_SEED": str(self.seed)}
        if self.kind:
            values |= {"FAULT_KIND": self.kind, "FAULT_AT": str(self.at)}
        if self.cut_at_exit:
            values["FAULT_EXIT"] = "cut"
        return values

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.environment().items())

    @property
    def is_power_cut(self) -> bool:
        return self.kind == "powercut" or self.cut_at_exit


@dataclasses.dataclass
class Outcome:
    """How a run of the command ended.

    Attributes:
        status: The exit status; negative if a signal ended the command.
        output: Standard output.
        errors: Standard error.
        seconds: Wall time.
        timed_out: Whether the run took too long and was ended.
        killed: Whether the test killed the command on purpose.
        struck: The kind of the first operation that the fault struck; "" if it struck none.
        flush_failed: Whether the fault struck any flush.
        removal_failed: Whether the fault struck the removal of any file.
    """

    status: int
    output: str
    errors: str
    seconds: float
    timed_out: bool = False
    killed: bool = False
    struck: str = ""
    flush_failed: bool = False
    removal_failed: bool = False

    @property
    def why(self) -> str:
        """Standard error, shortened; after a crash its first line."""
        text = self.errors.strip()
        crash = re.search(r".*(Fatal error|Illegal|overflow|out of range).*", text)
        if self.status < 0 and crash:
            return crash[0][:400]
        return text[:200] + (" … " + text[-200:] if len(text) > 400 else text[200:])

    @property
    def message(self) -> str:
        """The error that the command printed: the line `error: …`, or with --json the object; "" if there is none."""
        lines = self.errors.splitlines()
        texts = [line for line in lines if line.startswith("error: ")]
        for line in lines if not texts else []:
            try:
                error = json.loads(line)
            except ValueError:
                continue
            if isinstance(error, dict) and error.get("code") == self.status and isinstance(error.get("error"), str):
                texts.append(error["error"])
        return "\n".join(texts)

    @property
    def receipt(self) -> Any:
        """The JSON that the command printed, if it is complete. From then on the command's effect must last."""
        try:
            return json.loads(self.output) if self.output.strip() else None
        except ValueError:
            return None


class Program:
    """A command, and the failing disk to preload if there is one."""

    def __init__(self, command: Sequence[str], shim: str | None = None) -> None:
        self.command = list(command)
        self.shim = shim
        self._subcommands: set[str] | None = None

    def has(self, *subcommands: str) -> bool:
        """Whether this build has all these subcommands."""
        if self._subcommands is None:
            text = subprocess.run([*self.command, "--help"], capture_output=True, text=True).stdout
            self._subcommands = set(re.findall(r"^  ([a-z-]+)(?:$| )", text.partition("SUBCOMMANDS:")[2], re.M))
        return all(name in self._subcommands for name in subcommands)

    def environment(
        self,
        folder: Path,
        fault: Fault | None,
        log: Path | None,
        statfs: int | None,
        unflushed: bool,
        audit: Path | None = None,
    ) -> dict[str, str]:
        """The environment of a run: this process's own, without variables that would disturb the run."""
        values = {k: v for k, v in os.environ.items() if not k.startswith(("WINIT_", "FAULT_", "LD_PRELOAD"))}
        values["SWIFT_BACKTRACE"] = "enable=no"  # the signal shows a crash, and its first line says enough
        values |= self.shim_environment(folder, fault, log, statfs, unflushed)
        if audit:
            values["FAULT_AUDIT"] = str(audit)
        return values

    def shim_environment(
        self,
        folder: Path | str,
        fault: Fault | None,
        log: Path | None = None,
        statfs: int | None = None,
        unflushed: bool = False,
    ) -> dict[str, str]:
        """The variables that preload the failing disk; none if the run does not need it."""
        if not self.shim or (fault is None and log is None and statfs is None and not unflushed):
            return {}
        values = {"LD_PRELOAD": str(self.shim), "FAULT_MATCH": f"{folder}/"}
        if log:
            values["FAULT_LOG"] = str(log)
        if statfs is not None:
            values["FAULT_STATFS"] = hex(statfs)
        return values | (fault.environment() if fault else {})

    def run(
        self,
        arguments: Words,
        folder: Path,
        *,
        fault: Fault | None = None,
        log: Path | None = None,
        statfs: int | None = None,
        kill_after: float | None = None,
        timeout: float = 120,
        processor_seconds: int | None = None,
        unflushed: bool = False,
        audit: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Runs the command to its end.

        Args:
            arguments: The arguments of the command.
            folder: The working directory.
            fault: What the failing disk does.
            log: Where the failing disk logs each operation.
            statfs: The file system type that the failing disk reports.
            kill_after: When to send SIGKILL, in seconds.
            timeout: The wall time allowed, in seconds.
            processor_seconds: The processor time allowed, however busy the machine is.
            unflushed: Whether to save time with the failing disk, which flushes nothing, but otherwise works.
            audit: Where the failing disk logs every call that could change a file; needs `unflushed` or another use.
            variables: Environment variables that replace those of this process.
        """
        begin = time.perf_counter()
        child = subprocess.Popen(
            [*self.command, *map(str, arguments)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment(folder, fault, log, statfs, unflushed, audit) | dict(variables or {}),
        )
        if processor_seconds and hasattr(resource, "prlimit"):
            resource.prlimit(child.pid, resource.RLIMIT_CPU, (processor_seconds, processor_seconds + 5))
        killed = timed_out = False
        timer = None
        if kill_after is not None:
            timer = threading.Timer(max(0, kill_after - (time.perf_counter() - begin)), child.kill)
            timer.start()
        try:
            output, errors = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            child.kill()
            output, errors = child.communicate()
        if timer:
            timer.cancel()
        seconds = time.perf_counter() - begin
        timed_out |= child.returncode == -signal.SIGXCPU
        struck, flush_failed, removal_failed = "", False, False
        if log and os.path.exists(log):
            with open(log, errors="replace") as file:
                hits = [line.split()[1] for line in file if line.rstrip().endswith(" fault")]
                struck = next(iter(hits), "")
                flush_failed = any(hit.startswith("flush") for hit in hits)
                removal_failed = "unlink" in hits
        if child.returncode == -signal.SIGKILL and not timed_out:
            killed = kill_after is not None or bool(struck)
        return Outcome(
            child.returncode,
            output.decode(errors="replace"),
            errors.decode(errors="replace"),
            seconds,
            timed_out,
            killed,
            struck,
            flush_failed,
            removal_failed,
        )

    def succeed(self, arguments: Words, folder: Path, log: Path | None = None) -> Outcome:
        """Runs the command to prepare a trial.

        Raises:
            RuntimeError: If the command fails.
        """
        outcome = self.run(arguments, folder, log=log)
        if outcome.status != 0:
            line = shlex.join([*self.command, *map(str, arguments)])
            raise RuntimeError(f"{line} ended with {outcome.status}: {outcome.why}")
        return outcome

    def script(
        self, arguments: Words, folder: Path | str, fault: Fault | None = None, statfs: int | None = None
    ) -> str:
        """A line of shell that does the same."""
        values = self.shim_environment(folder, fault, statfs=statfs)
        words = [f"{name}={shlex.quote(value)}" for name, value in values.items()]
        words += [shlex.quote(str(word)) for word in [*self.command, *arguments]]
        return ("env " if values else "") + " ".join(words)
