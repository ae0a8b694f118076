"""winit-registry against its peers, in one run. Called by tools/bench, which says how.

What is reported is the median of the rounds' ratios, and the rounds themselves.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

import fills
import gpt2
import llama3
import many
from harness import CORES, Bench


def table(results):
    lines = [("what", "median", "rounds", "aim")]
    for r in results:
        median = r.get("ratio", r.get("value"))
        unit = " ×" if "ratio" in r else ""
        aim = "" if r["aim"] is None else ("at least " if "ratio" in r else "at most ") + f"{r['aim']}"
        lines.append((r["name"], f"{median:.3g}{unit}", f"{min(r['rounds']):.3g} … {max(r['rounds']):.3g}", aim))
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def versions():
    found = {"python": platform.python_version()}
    for library in ("numpy", "torch", "jax", "safetensors"):
        child = subprocess.run(
            [sys.executable, "-c", f"import {library}; print({library}.__version__)"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        found[library] = child.stdout.strip() if child.returncode == 0 else None
    return found


def processor():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
        return re.search(r"model name\s*:\s*(.*)", text).group(1)
    except (OSError, AttributeError):
        return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(prog="tools/bench")
    parser.add_argument("binaries", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="also write the results there")
    parser.add_argument("--without-llama", action="store_true", help="leave out Llama-3-8B, which takes most of a minute")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.getcwd(), prefix=".build/bench-") as work:
        bench = Bench(arguments.binaries, arguments.rounds, work)
        kernel = fills.measure(bench)
        gpt2.measure(bench)
        if not arguments.without_llama:
            llama3.measure(bench)
        many.measure(bench)
        aims = {"create.llama3.peak.mb": 100, "verify.llama3.peak.mb": 100}
        for name, megabytes in sorted(bench.peaks.items()):
            bench.value(name, [megabytes], aims.get(name))
    report = {
        "machine": {"processor": processor(), "cores": CORES, "system": platform.platform()}, "kernel": kernel,
        "versions": versions(), "results": bench.results,
    }
    print(f"{report['machine']['processor']}, {CORES} cores, kernel {kernel}")
    print(table(bench.results))
    for library, version in report["versions"].items():
        if version is None:
            print(f"left out: {library} is not installed")
    for note in bench.notes:
        print(f"note: {note}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
