"""The command under test, run undisturbed or with a fault."""

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

# What the command's help promises to end with.
STATUSES = (0, 1, 64, 65, 66, 74, 130)


@dataclasses.dataclass(frozen=True)
class Fault:
    """What the failing disk does, and when: the environment of tools/faults/faults.c."""

    kind: str = ""
    at: int = 0
    mode: str = "once"
    loss: str = "random"
    seed: int = 0
    cut_at_exit: bool = False

    def environment(self):
        values = {"FAULT_MODE": self.mode, "FAULT_LOSS": self.loss, "FAULT_SEED": str(self.seed)}
        if self.kind:
            values |= {"FAULT_KIND": self.kind, "FAULT_AT": str(self.at)}
        if self.cut_at_exit:
            values["FAULT_EXIT"] = "cut"
        return values

    def __str__(self):
        return " ".join(f"{name}={value}" for name, value in self.environment().items())

    @property
    def is_power_cut(self):
        return self.kind == "powercut" or self.cut_at_exit


@dataclasses.dataclass
class Outcome:
    status: int  # negative: ended by that signal
    output: str
    errors: str
    seconds: float
    timed_out: bool = False
    killed: bool = False  # by us, on purpose
    struck: str = ""  # the kind of operation at which the fault struck first; "" where it did not
    flush_failed: bool = False  # whether it struck a flush, first or later

    @property
    def why(self):
        """What it said, shortened; of a crash its first line."""
        text = self.errors.strip()
        crash = re.search(r".*(Fatal error|Illegal|overflow|out of range).*", text)
        if self.status < 0 and crash:
            return crash[0][:400]
        return text[:200] + (" … " + text[-200:] if len(text) > 400 else text[200:])

    @property
    def receipt(self):
        """What it printed, where that is whole: from then on its effect must last."""
        try:
            return json.loads(self.output) if self.output.strip() else None
        except ValueError:
            return None


class Program:
    def __init__(self, command, shim=None, nice=0):
        self.command = [command] if isinstance(command, str) else list(command)
        self.shim = shim
        self.nice = nice
        self._subcommands = None

    def has(self, *subcommands):
        """Whether this build knows them all."""
        if self._subcommands is None:
            text = subprocess.run([*self.command, "--help"], capture_output=True, text=True).stdout
            self._subcommands = set(re.findall(r"^  ([a-z-]+)(?:$| )", text.partition("SUBCOMMANDS:")[2], re.M))
        return all(name in self._subcommands for name in subcommands)

    def environment(self, folder=None, fault=None, log=None, statfs=None, unflushed=False):
        values = {k: v for k, v in os.environ.items() if not k.startswith(("WINIT_", "FAULT_", "LD_PRELOAD"))}
        values["SWIFT_BACKTRACE"] = "enable=no"  # a crash is seen by its signal, and its first line says enough
        return values | self.shim_environment(folder, fault, log, statfs, unflushed)

    def shim_environment(self, folder, fault, log, statfs=None, unflushed=False):
        if not self.shim or fault is None and log is None and statfs is None and not unflushed:
            return {}
        values = {"LD_PRELOAD": str(self.shim), "FAULT_MATCH": f"{folder}/"}
        if log:
            values["FAULT_LOG"] = str(log)
        if statfs is not None:
            values["FAULT_STATFS"] = hex(statfs)
        return values | (fault.environment() if fault else {})

    def start(self, arguments, folder, environment=None):
        return subprocess.Popen(
            [*self.command, *map(str, arguments)], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment or self.environment(),
            preexec_fn=(lambda: os.nice(self.nice)) if self.nice else None)

    def run(self, arguments, folder, fault=None, log=None, statfs=None, kill_after=None, timeout=120,
            processor_seconds=None, unflushed=False):
        """Runs it to its end. `kill_after` is when it is sent SIGKILL, in seconds. With more than `processor_seconds`
        it has taken too long, however busy the machine is. `unflushed` saves the time for the disk: the failing disk,
        which flushes nothing, stands between and does no more."""
        begin = time.perf_counter()
        child = self.start(arguments, folder, self.environment(folder, fault, log, statfs, unflushed))
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
        struck, flush_failed = "", False
        if log and os.path.exists(log):
            with open(log, errors="replace") as file:
                hits = [line.split()[1] for line in file if line.rstrip().endswith(" fault")]
                struck = next(iter(hits), "")
                flush_failed = any(hit.startswith("flush") for hit in hits)
        if child.returncode == -signal.SIGKILL and not timed_out:
            killed = kill_after is not None or bool(struck)
        return Outcome(
            child.returncode, output.decode(errors="replace"), errors.decode(errors="replace"), seconds, timed_out,
            killed, struck, flush_failed)

    def succeed(self, arguments, folder, **options):
        """For what has to be there before a trial."""
        outcome = self.run(arguments, folder, **options)
        if outcome.status != 0:
            raise RuntimeError(
                f"{shlex.join([*self.command, *map(str, arguments)])} ended with {outcome.status}: {outcome.why}")
        return outcome

    def script(self, arguments, folder, fault=None, log=None, statfs=None):
        """The same as a line of shell."""
        values = self.shim_environment(folder, fault, log, statfs)
        words = [f"{name}={shlex.quote(value)}" for name, value in values.items()]
        words += [shlex.quote(str(word)) for word in [*self.command, *arguments]]
        return ("env " if values else "") + " ".join(words)
