"""Fills of 2²⁶ elements into a warm buffer, beside those of the libraries and of the Python package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from .harness import Bench

LAWS = ("normal", "uniform", "truncated_normal")
OTHER_LAWS = ("constant", "expression", "norm_of", "parts")
OTHER_DTYPES = ("float16", "bfloat16", "float64")
ELEMENTS = 1 << 26
LIBRARIES = ("torch", "numpy", "jax")
PACKAGE = Path(__file__).parents[2] / "python" / "src"

Rates = dict[tuple[str, int], float]
"""Elements per second by fill and number of threads. A fill is a law, `normal`, and its dtype unless it is float32,
`normal.float16`."""

PeerRates = dict[str, dict[str, float]]
"""Elements per second by library and fill, at the library's best number of threads."""


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


def ours(bench: Bench, *dtype: str, kernel: str | None = None) -> tuple[str, Rates]:
    """The kernel in use, and its rates in one dtype, or in all."""
    environment = {**os.environ, **({"WINIT_KERNEL": kernel} if kernel else {})}
    arguments = [bench.fills, str(ELEMENTS), "1", *dtype]
    report = json.loads(subprocess.run(arguments, stdout=subprocess.PIPE, check=True, env=environment).stdout)
    rates: Rates = {}
    for row in report["results"]:
        fill = row["name"].removeprefix("fill.") + ("" if row["dtype"] == "float32" else f".{row['dtype']}")
        rates[fill, row["threads"]] = row["elements"] / row["rounds"][0]
    return report["kernel"], rates


def measure(bench: Bench) -> str:
    """Measures the fills; returns the name of the kernel in use."""
    rounds: list[tuple[Rates, PeerRates]] = []
    pythons: list[tuple[Rates, dict[str, float]]] = []
    avx2: list[float] = []
    orthogonal: list[float] = []
    kernel = ""
    cores = bench.cores
    (bench.work / "orthogonal.yaml").write_text("tensors: {w: {shape: [4096, 4096], init: orthogonal}}\n")
    create = ("create", "orthogonal", "--spec", "orthogonal.yaml", "--recipe-only", "--registry", "orthogonal")
    for number in range(bench.rounds):
        bench.say(f"fills, round {number + 1} of {bench.rounds} …")
        kernel, rates = ours(bench)
        pythons.append((rates, python(bench)))
        peers = {library: peer(library) for library in LIBRARIES}
        # The whole command with its digests, against the library's call alone.
        orthogonal.append(4096 * 4096 / bench.run(*create, "--seed", number))
        forced, narrow = ours(bench, "float32", kernel="avx2")
        rounds.append((rates, peers))
        if forced == "avx2" and peers["torch"]:
            avx2.append(narrow["normal", cores] / peers["torch"]["normal"])
    dtypes = [f"{law}.{dtype}" for law in LAWS for dtype in OTHER_DTYPES]
    for fill in (*LAWS, *OTHER_LAWS, *dtypes):
        bench.value(f"fill.{fill}.Meps", [rates[fill, cores] / 1e6 for rates, _ in rounds])
        for library in LIBRARIES:
            ratios = [rates[fill, cores] / peers[library][fill] for rates, peers in rounds if fill in peers[library]]
            bench.ratio(f"fill.{fill}/{library}", ratios)
    for law in LAWS:
        for threads, suffix in ((1, ".1"), (cores, "")):
            key = f"{law} {threads}"
            ratios = [mine[key] / rates[law, threads] for rates, mine in pythons if key in mine]
            bench.ratio(f"fill.{law}.python{suffix}/command", ratios)
    missing = [fill for fill in dtypes if rounds[-1][1]["torch"] and fill not in rounds[-1][1]["torch"]]
    if missing:
        bench.note(f"left out, because torch does not have them: {', '.join(f'fill.{fill}/torch' for fill in missing)}")
    bench.ratio("fill.normal.avx2/torch", avx2)
    ratios = [
        rate / peers["torch"]["orthogonal"]
        for rate, (_, peers) in zip(orthogonal, rounds, strict=True)
        if peers["torch"]
    ]
    bench.ratio("orthogonal/torch", ratios)
    if cores > 1:
        bench.ratio("fill.normal.threads", [rates["normal", cores] / rates["normal", 1] for rates, _ in rounds])
    return kernel
