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

from . import fills, gpt2, llama3, many, mixtral, models, tensors
from .harness import CORES, Bench, Result

AIMS = {"create.llama3.peak.mb": 100, "verify.llama3.peak.mb": 100}
"""The most memory that a command should use, in MB."""


def table(results: Sequence[Result]) -> str:
    lines = [("what", "median", "rounds", "aim")]
    for r in results:
        is_ratio = "ratio" in r
        median = r["ratio"] if "ratio" in r else r["value"]
        unit = " ×" if is_ratio else ""
        aim = "" if r["aim"] is None else ("at least " if is_ratio else "at most ") + f"{r['aim']}"
        lines.append((r["name"], f"{median:.3g}{unit}", f"{min(r['rounds']):.3g} … {max(r['rounds']):.3g}", aim))
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


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


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/bench", description="Measure winit-registry and its peers.")
    parser.add_argument("binaries", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="number of rounds (default 5)")
    parser.add_argument("--json", metavar="FILE", help="also write the results to FILE")
    parser.add_argument(
        "--without-llama",
        action="store_true",
        help="leave out Llama-3-8B and Mixtral, which take most of a minute each",
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.getcwd(), prefix=".build/bench-") as work:
        bench = Bench(arguments.binaries, arguments.rounds, Path(work))
        kernel = fills.measure(bench)
        gpt2.measure(bench)
        if not arguments.without_llama:
            llama3.measure(bench)
            mixtral.measure(bench)
        many.measure(bench)
        tensors.measure(bench)
        models.measure(bench)
        for name, megabytes in sorted(bench.peaks.items()):
            bench.value(name, [megabytes], AIMS.get(name))
    machine = {"processor": processor(), "cores": CORES, "system": platform.platform()}
    libraries = versions()
    print(f"{machine['processor']}, {CORES} cores, kernel {kernel}")
    print(table(bench.results))
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
