"""Measures what it costs to give a sharded model its first weights, in nine ways. tools/bench-sharded calls it."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .counting import available_memory
from .ranks import Measurement, digests, measure, measure_alone, measure_rates
from .shapes import LLAMA_1B, LLAMA_70B, SMALL, Shape

LARGE_RANKS = 512


def main() -> int:
    """Runs a sitting."""
    parser = argparse.ArgumentParser(prog="tools/bench-sharded", description=__doc__)
    parser.add_argument("--ranks", type=int, default=4, metavar="N", help="number of ranks (default 4)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="number of rounds (default 3)")
    parser.add_argument("--small", action="store_true", help="a small model, and no rank of 512 is measured")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="WAY", help="some of the ways; an unknown one lists all"
    )
    parser.add_argument("--json", metavar="FILE", help="also write the results to FILE")
    parser.add_argument("--markdown", metavar="FILE", help="also write the tables to FILE, in Markdown")
    parser.add_argument("--work", metavar="FOLDER", help="where the files of the ways go (default .build)")
    arguments = parser.parse_args()
    if sys.platform != "linux":
        parser.error("memory and bytes are counted by Linux: run it there")
    if min(arguments.ranks, arguments.rounds) < 1:
        parser.error("--ranks and --rounds are 1 or more")
    from .ways import WAYS

    unknown = [name for name in arguments.only if name not in WAYS]
    if unknown:
        parser.error(f"there is no way {unknown[0]!r}. The ways are {', '.join(map(repr, WAYS))}")
    shape = SMALL if arguments.small else LLAMA_1B
    names = arguments.only or list(WAYS)
    needed, available = _needed(names, shape, arguments.ranks), available_memory()
    if available < needed:
        parser.error(f"{needed / 1e9:.1f} GB of memory are needed, and {available / 1e9:.1f} GB are available")
    folder = Path(arguments.work or ".build").absolute()
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="bench-sharded-") as work:
        try:
            report = sitting(shape, arguments.ranks, arguments.rounds, names, Path(work), is_short=arguments.small)
        except RuntimeError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    _print(report, arguments.json, arguments.markdown)
    return 0


def sitting(shape: Shape, ranks: int, rounds: int, names: list[str], work: Path, *, is_short: bool) -> dict[str, Any]:
    """Measures ways in turn; each round begins with another one.

    Args:
        shape: The model.
        ranks: The number of ranks of the table.
        rounds: How often each way is measured with this number.
        names: The names of the ways.
        work: A folder for files.
        is_short: Whether to measure no rank of the large job.
    """
    import winit

    from . import report

    worlds = sorted({1, 2, ranks} if ranks > 1 else {1})
    load = [os.getloadavg()[0]]
    made: dict[str, list[Measurement]] = {name: [] for name in names}
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            _say(f"{name}, {ranks} rank{'s'[: ranks - 1]}, round {number + 1} of {rounds} …")
            made[name].append(measure(name, shape, ranks, work))
    others: dict[int, dict[str, str]] = {}
    for world in worlds:
        if world != ranks:
            _say(f"all ways, {world} rank{'s'[: world - 1]}, for the comparison of bits …")
            others[world] = digests(names, shape, world, work)
    from .ways import WAYS

    alone = {}
    for name in names:
        if WAYS[name].can_be_alone and not is_short:
            _say(f"{name}, rank 0 of {LARGE_RANKS} …")
            alone[name] = measure_alone(name, LLAMA_70B, LARGE_RANKS, work)
    rates = measure_rates(work)
    load.append(os.getloadavg()[0])
    rows = [
        report.measured(name, made[name], {world: found[name] for world, found in others.items()}) for name in names
    ]
    return {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
        "machine": {"processor": processor(), "cores": len(os.sched_getaffinity(0)), "memory": _memory()},
        "versions": {"Python": platform.python_version(), "PyTorch": version("torch"), "Linux": platform.release()},
        "backend": winit.backend(),
        "load": load,
        "shape": report.described(shape),
        "ranks": ranks,
        "rounds": rounds,
        "worlds": worlds,
        "ways": rows,
        "computed": report.at_scale(LLAMA_70B, LARGE_RANKS, rates, alone),
    }


def _needed(names: list[str], shape: Shape, ranks: int) -> int:
    """The most memory that a way needs on all ranks, and 0.5 GB for each process."""
    from . import computed

    costs = [computed.cost(name, shape, ranks) for name in names]
    return max(max(cost.first + (ranks - 1) * cost.others, cost.prepared) for cost in costs) + ranks * 500_000_000


def processor() -> str:
    """Returns the name of the processor."""
    match = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return match.group(1) if match else platform.machine()


def _memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _print(report: dict[str, Any], json_file: str | None, markdown_file: str | None) -> None:
    from . import tables

    captions = tables.captions(report)
    for caption, rows in zip(captions, (tables.measured_rows, tables.computed_rows), strict=True):
        print(f"{caption}\n\n{tables.text(rows(report, 'way'))}\n")
    print(f"The ways:\n{tables.legend(report)}")
    if json_file:
        Path(json_file).write_text(json.dumps(report, indent=1) + "\n")
    if markdown_file:
        both = tables.measured_rows(report), tables.computed_rows(report)
        parts = [f"{tables.markdown(rows)}\n\n{caption}\n" for caption, rows in zip(captions, both, strict=True)]
        Path(markdown_file).write_text("\n".join(parts))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
