"""Fills of 2²⁶ float32 into a warm buffer, beside those of the libraries and of the Python package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from .harness import CORES, Bench

LAWS = ("normal", "uniform", "truncated_normal")
ELEMENTS = 1 << 26
LIBRARIES = ("torch", "numpy", "jax")
AIMS = {
    ("normal", "torch"): 5,
    ("uniform", "torch"): 9,
    ("truncated_normal", "torch"): 60,
    ("normal", "numpy"): 17,
    ("normal", "jax"): 15,
}

PYTHON_AIM = 0.909
"""At most 1.1 times the time of winit-bench, which fills as the command does."""

PACKAGE = Path(__file__).parents[2] / "python" / "src"

Rates = dict[tuple[str, int], float]
"""Elements per second by law and number of threads."""

PeerRates = dict[str, dict[str, float]]
"""Elements per second by library and law, at the library's best number of threads."""


def peer(library: str) -> dict[str, float]:
    """The rates of a library; {} if it is missing."""
    child = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("peer_fills.py")), library, str(ELEMENTS)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    rates: dict[str, float] = json.loads(child.stdout) if child.returncode == 0 else {}
    return rates


def python(bench: Bench) -> dict[str, float]:
    """The rates of the Python package with its kernels, by law and number of threads; {} without them."""
    child = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("peer_python.py")), str(ELEMENTS)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE), "WINIT_BACKEND": "native"},
    )
    if child.returncode != 0:
        bench.note(f"the fills of the Python package were not measured: {child.stderr.strip().splitlines()[-1]}")
        return {}
    rates: dict[str, float] = json.loads(child.stdout)["rates"]
    return rates


def ours(bench: Bench, kernel: str | None = None) -> tuple[str, Rates]:
    """The kernel in use, and its rates."""
    environment = {**os.environ, **({"WINIT_KERNEL": kernel} if kernel else {})}
    arguments = [bench.fills, str(ELEMENTS), "1", "float32"]
    report = json.loads(subprocess.run(arguments, stdout=subprocess.PIPE, check=True, env=environment).stdout)
    rates = {
        (row["name"].removeprefix("fill."), row["threads"]): ELEMENTS / row["rounds"][0] for row in report["results"]
    }
    return report["kernel"], rates


def measure(bench: Bench) -> str:
    """Measures the fills; returns the name of the kernel in use."""
    rounds: list[tuple[Rates, PeerRates]] = []
    pythons: list[tuple[Rates, dict[str, float]]] = []
    avx2: list[float] = []
    orthogonal: list[float] = []
    kernel = ""
    (bench.work / "orthogonal.yaml").write_text("tensors: {w: {shape: [4096, 4096], init: orthogonal}}\n")
    create = ("create", "orthogonal", "--spec", "orthogonal.yaml", "--recipe-only", "--registry", "orthogonal")
    for number in range(bench.rounds):
        bench.say(f"fills, round {number + 1} of {bench.rounds} …")
        kernel, rates = ours(bench)
        pythons.append((rates, python(bench)))
        peers = {library: peer(library) for library in LIBRARIES}
        # The whole command with its digests, against the library's call alone.
        orthogonal.append(4096 * 4096 / bench.run(*create, "--seed", number))
        forced, narrow = ours(bench, "avx2")
        rounds.append((rates, peers))
        if forced == "avx2" and peers["torch"]:
            avx2.append(narrow["normal", CORES] / peers["torch"]["normal"])
    for law in LAWS:
        bench.value(f"fill.{law}.Meps", [rates[law, CORES] / 1e6 for rates, _ in rounds])
        for library in LIBRARIES:
            ratios = [rates[law, CORES] / peers[library][law] for rates, peers in rounds if law in peers[library]]
            bench.ratio(f"fill.{law}/{library}", ratios, AIMS.get((law, library)))
        for threads, suffix in ((1, ".1"), (CORES, "")):
            key = f"{law} {threads}"
            ratios = [mine[key] / rates[law, threads] for rates, mine in pythons if key in mine]
            bench.ratio(f"fill.{law}.python{suffix}/command", ratios, PYTHON_AIM)
    bench.ratio("fill.normal.avx2/torch", avx2, 2.4)
    ratios = [
        rate / peers["torch"]["orthogonal"]
        for rate, (_, peers) in zip(orthogonal, rounds, strict=True)
        if peers["torch"]
    ]
    bench.ratio("orthogonal/torch", ratios, 0.333)
    if CORES > 1:
        bench.ratio("fill.normal.threads", [rates["normal", CORES] / rates["normal", 1] for rates, _ in rounds], 1.9)
    return kernel
