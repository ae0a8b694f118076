"""Checks the kernels for CUDA on a machine with an NVIDIA GPU. `tools/gpu-check` runs this module.

    tools/gpu-check [--json FILE] [--seconds N] [--device cuda:0] [--only TEXT] [--skip-rates]
    tools/gpu-check --interpret     the same code with tiny sizes in Triton's interpreter, on a machine without a GPU

It needs PyTorch, Triton and NumPy, and no network. It prints a line for each check and a table of rates, and writes
everything as JSON. The exit status is 1 if bits differ or an instruction could change them, 2 if a check could not run,
and else 0. A check for which a library is missing is skipped with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any


def main() -> int:
    """Runs the checks."""
    parser = argparse.ArgumentParser(prog="tools/gpu-check", description="Checks the kernels for CUDA.")
    parser.add_argument("--json", metavar="FILE", default="gpu-check.json", help="where the results go (%(default)s)")
    parser.add_argument("--seconds", type=float, default=450, help="no check begins after so long (%(default)s)")
    parser.add_argument("--device", default="cuda:0", help="the GPU (%(default)s)")
    parser.add_argument("--only", metavar="TEXT", default="", help="only the checks whose name contains the text")
    parser.add_argument("--skip-rates", action="store_true", help="measure no rates")
    parser.add_argument("--interpret", action="store_true", help="use Triton's interpreter, without a GPU")
    arguments = parser.parse_args()
    if arguments.interpret:
        os.environ["TRITON_INTERPRET"] = "1"  # before Triton is imported
    else:
        os.environ.pop("TRITON_INTERPRET", None)
        os.environ["WINIT_CUDA_BACKEND"] = "triton"  # an error rather than another way
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    try:
        import torch
        import triton  # noqa: F401
    except ImportError as error:
        print(f"error: {error}. PyTorch and Triton are needed.", file=sys.stderr)
        return 2
    if not arguments.interpret and not torch.cuda.is_available():
        print("error: PyTorch sees no CUDA device. --interpret checks the bits without one.", file=sys.stderr)
        return 2
    try:
        with open(arguments.json, "w", encoding="utf-8"):  # now, and not after eight minutes
            pass
    except OSError as error:
        print(f"error: {arguments.json} cannot be written: {error}. Give another file with --json.", file=sys.stderr)
        return 2

    from .machine import described
    from .place import Place

    place = Place(torch.device("cpu" if arguments.interpret else arguments.device), arguments.interpret)
    report: dict[str, Any] = {"format": "winit-gpu-check/1", **described(place), "checks": [], "rates": []}
    print(", ".join(str(report[key]) for key in ("card", "driver", "processor") if key in report))
    print(", ".join(f"{name} {number}" for name, number in report["software"].items()))
    begin = time.monotonic()
    for name, check in checks(place):
        if arguments.only not in name:
            continue
        row = run(name, check, skip=time.monotonic() - begin > arguments.seconds)
        report["checks"].append(row)
        print(f"{row['result']:8} {name}: {row['count']} checked, {row['seconds']:.1f} s{said(row)}", flush=True)
    if not arguments.skip_rates:
        measure(place, report)
    report["seconds"] = time.monotonic() - begin
    report["result"] = verdict(report["checks"])
    with open(arguments.json, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
        file.write("\n")
    print(f"{report['result']}: {report['seconds']:.0f} s, written to {arguments.json}")
    return {"equal": 0, "different": 1, "incomplete": 2}[report["result"]]


def checks(place: Any) -> list[tuple[str, Callable[[], Iterator[str | None]]]]:
    """Lists the checks: the name, and a function that yields what is wrong with each case, or None."""
    from . import digests, frameworks, words
    from .instructions import FORMULAS, TYPES, compiled, problems

    small = place.is_interpreted

    def instructions() -> Iterator[str | None]:
        import torch

        major, minor = torch.cuda.get_device_capability(place.device)
        for formula in FORMULAS:
            for dtype in TYPES:
                found = problems(formula, dtype, compiled(formula, dtype, 10 * major + minor))
                yield f"{formula}, {dtype}: {'; '.join(found)}" if found else None

    def sweep(formula: str) -> Iterator[str | None]:
        found = words.sweep(formula, place, *((1 << 12, 1 << 14) if small else (1 << 28,)))
        wanted = words.reference_sweep(formula, 1 << 14) if small else words.published(words.FORMULAS[formula][0])
        yield None if found == wanted else f"the SHA-256 is {found}"

    which = "the first 2^14 words" if small else "all 2^32 words"
    listed: list[tuple[str, Callable[[], Iterator[str | None]]]] = [
        ("draws of the vector files", lambda: words.check_vectors(place)),
        ("tensors of the vector files", lambda: digests.check_vectors(place)),
        ("init_ of modules", lambda: frameworks.check_modules(place)),
        (f"U, {which}", lambda: sweep("symmetric")),
        (f"Q, {which}", lambda: sweep("normal")),
        ("boxes at every edge", lambda: digests.check_boxes(place)),
        ("T, a grid of words", lambda: words.check_truncated(place, 1_000_003 if small else 251)),
        ("torch.compile", lambda: frameworks.check_compiled(place)),
        (f"U by the general formula, {which}", lambda: sweep("uniform")),
        ("inside jax.jit", lambda: frameworks.check_jax(place)),
    ]
    if not small:
        listed.insert(0, ("compiled instructions", instructions))
    return listed


def run(name: str, check: Callable[[], Iterator[str | None]], *, skip: bool) -> dict[str, Any]:
    """Runs a check, and returns its row: result is "equal", "DIFFERS", "skipped" or "failed"."""
    row: dict[str, Any] = {"check": name, "result": "equal", "count": 0, "seconds": 0.0, "problems": []}
    if skip:
        return {**row, "result": "failed", "problems": ["no time was left"]}
    begin = time.monotonic()
    try:
        for problem in check():
            row["count"] += 1
            if problem is not None:
                row["result"] = "DIFFERS"
                row["problems"].append(problem)
    except ImportError as error:
        row.update(result="skipped", problems=[str(error)])
    except Exception as error:
        row.update(result="failed", problems=[*row["problems"], f"{type(error).__name__}: {error}"])
    row["seconds"] = time.monotonic() - begin
    return row


def said(row: dict[str, Any]) -> str:
    """Returns the first problems of a row, for people."""
    lines = [f"\n         {problem[:400]}" for problem in row["problems"][:5]]
    more = len(row["problems"]) - len(lines)
    return "".join(lines) + (f"\n         … and {more} more" if more > 0 else "")


def measure(place: Any, report: dict[str, Any]) -> None:
    """Measures the rates, and prints them beside the copy's."""
    import torch

    from .rates import rates, smallest

    size = 1 << 16
    if not place.is_interpreted:
        size = min(1 << 31, torch.cuda.get_device_properties(place.device).total_memory // 8 // 64 * 64)
    report["rates"] = rows = rates(place, size)
    report["smallest_fill_seconds"] = smallest(place)
    copies = {row["dtype"]: row["bytes_per_second"] for row in rows if row["operation"] == "copy"}
    unit = "" if not place.is_interpreted else " (in the interpreter: no figure for a GPU)"
    print(f"\nbytes of the tensor made in a second, {size / 2**20:.0f} MiB, median{unit}")
    print(f"{'operation':18} {'dtype':9} {'GB/s':>9} {'of the copy':>12}")
    for row in rows:
        share = row["bytes_per_second"] / copies[row["dtype"]]
        print(f"{row['operation']:18} {row['dtype']:9} {row['bytes_per_second'] / 1e9:9.1f} {share:12.2f}")
    print(f"a fill of 1,024 elements: {report['smallest_fill_seconds'] * 1e6:.0f} µs\n")


def verdict(rows: list[dict[str, Any]]) -> str:
    """Returns "different" if a check found a difference, "incomplete" if one or all could not run, and else "equal"."""
    results = {row["result"] for row in rows}
    if "DIFFERS" in results:
        return "different"
    return "incomplete" if "failed" in results or "equal" not in results else "equal"


if __name__ == "__main__":
    sys.exit(main())
