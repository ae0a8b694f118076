"""Measures winit-registry and its peers in one run. tools/bench calls it, and says how.

It reports the median of the rounds' ratios, and the smallest and largest of them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import fills, gpt2, large, llama3, many, mixtral, models, tensors
from .harness import CORES, Bench, Result
from .kinds import Kernels, features, kind_of


def table(results: Sequence[Result]) -> str:
    lines = [("what", "median", "rounds", "aim", "")]
    for r in results:
        is_ratio = "ratio" in r
        median = r["ratio"] if "ratio" in r else r["value"]
        unit = " ×" if is_ratio else ""
        aim = "" if r["aim"] is None else ("at least " if is_ratio else "at most ") + f"{r['aim']:g}"
        missed = "" if r.get("met", True) else "missed"
        rounds = f"{min(r['rounds']):.3g} … {max(r['rounds']):.3g}"
        lines.append((r["name"], f"{median:.3g}{unit}", rounds, aim, missed))
    widths = [max(len(line[i]) for line in lines) for i in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def verdict(results: Sequence[Result]) -> str:
    """How many aims are met, for the line below the table."""
    aims = [result for result in results if "met" in result]
    missed = [result["name"] for result in aims if not result["met"]]
    return f"{len(missed)} of {len(aims)} aims are missed: {', '.join(missed)}" if missed else "every aim is met"


def kernels(command: str) -> Kernels:
    """The kernels of the command; ends the program if $WINIT_KERNEL names none that the processor runs."""
    child = subprocess.run([command, "version", "--json"], capture_output=True, text=True)
    if child.returncode != 0:
        sys.exit(child.stdout.strip() + child.stderr.strip())
    report = json.loads(child.stdout)
    return Kernels(report["kernel"], report["kernels"])


def is_torch_limited(limit: str) -> bool:
    """Whether PyTorch, if it is there, says that it keeps to the limit."""
    program = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return child.returncode != 0 or child.stdout.strip() == {"AVX2": "AVX2"}.get(limit, "DEFAULT")


def versions() -> dict[str, str | None]:
    """The version of Python and of each library; None for a library that is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for library in ("numpy", "torch", "jax", "safetensors", "transformers"):
        child = subprocess.run(
            [sys.executable, "-c", f"import {library}; print({library}.__version__)"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        found[library] = child.stdout.strip() if child.returncode == 0 else None
    return found


def processor() -> str:
    try:
        match = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
        if match:
            return match.group(1)
    except OSError:
        pass
    return platform.processor() or platform.machine()


def measure(bench: Bench, with_llama: bool, with_large: bool) -> str:
    """Makes all rows; returns the name of the kernel in use."""
    kernel = fills.measure(bench)
    gpt2.measure(bench)
    if with_llama:
        llama3.measure(bench)
        if with_large:
            mixtral.measure_create(bench)
        mixtral.measure(bench)
    many.measure(bench, large=with_large)
    if with_large:
        large.measure(bench)
    tensors.measure(bench)
    models.measure(bench)
    for name, megabytes in sorted(bench.peaks.items()):
        bench.value(name, [megabytes])
    return kernel


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/bench", description="Measure winit-registry and its peers.")
    parser.add_argument("command", help=argparse.SUPPRESS)
    parser.add_argument("fills", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="number of rounds (default 5)")
    parser.add_argument("--json", metavar="FILE", help="also write the results to FILE")
    parser.add_argument(
        "--without-llama",
        action="store_true",
        help="leave out Llama-3-8B and Mixtral, which take most of a minute each",
    )
    parser.add_argument(
        "--without-large",
        action="store_true",
        help="leave out create of 4 GB, create of all of Mixtral, and a million runs, which take minutes each",
    )
    parser.add_argument("--check-options", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.check_options:
        return
    if arguments.rounds < 1:
        parser.error("--rounds must be 1 or more")
    known, found = kernels(arguments.command), features()
    kind = kind_of(known.current, found)
    # The processes of all peers inherit the limit.
    os.environ.update(known.environment(os.environ.get("XLA_FLAGS", "")))
    with tempfile.TemporaryDirectory(dir=os.getcwd(), prefix=".build/bench-") as work:
        bench = Bench(arguments.command, arguments.fills, arguments.rounds, Path(work), kind)
        if known.limit and not is_torch_limited(known.limit):
            bench.note(f"PyTorch does not keep to {known.limit}: its ratios are too low")
        kernel = measure(bench, with_llama=not arguments.without_llama, with_large=not arguments.without_large)
    machine = {
        "processor": processor(),
        "cores": CORES,
        "system": platform.platform(),
        "kind": kind.value,
        "limited": known.limit,
    }
    libraries = versions()
    print(f"{machine['processor']}, {CORES} cores, {known.heading(found)}")
    print(table(bench.results))
    print(verdict(bench.results))
    for library, version in libraries.items():
        if version is None:
            print(f"left out: {library} is not installed")
    for note in bench.notes:
        print(f"note: {note}")
    if arguments.json:
        report = {"machine": machine, "kernel": kernel, "versions": libraries, "results": bench.results}
        Path(arguments.json).write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
