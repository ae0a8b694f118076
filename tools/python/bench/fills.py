"""Fills of 2²⁶ float32 into a warm buffer, against the libraries'."""

import json
import os
import pathlib
import subprocess
import sys

from harness import CORES

LAWS = ("normal", "uniform", "truncated_normal")
ELEMENTS = 1 << 26
LIBRARIES = ("torch", "numpy", "jax")
AIMS = {
    ("normal", "torch"): 5, ("uniform", "torch"): 9, ("truncated_normal", "torch"): 60, ("normal", "numpy"): 17,
    ("normal", "jax"): 15,
}


def peer(library):
    """Elements a second of each law the library has, at its best number of threads; {} where it is missing."""
    child = subprocess.run(
        [sys.executable, pathlib.Path(__file__).with_name("peer_fills.py"), library, str(ELEMENTS)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(child.stdout) if child.returncode == 0 else {}


def ours(bench, kernel=None):
    """The kernel, and elements a second by law and number of threads."""
    environment = {**os.environ, **({"WINIT_KERNEL": kernel} if kernel else {})}
    text = subprocess.run(
        [bench.fills, str(ELEMENTS), "1", "float32"], stdout=subprocess.PIPE, check=True, env=environment).stdout
    report = json.loads(text)
    rates = {
        (r["name"].removeprefix("fill."), r["threads"]): ELEMENTS / r["rounds"][0] for r in report["results"]
    }
    return report["kernel"], rates


def measure(bench):
    """The name of the kernel in force."""
    rounds, avx2, orthogonal = [], [], []
    (bench.work / "orthogonal.yaml").write_text("tensors: {w: {shape: [4096, 4096], init: orthogonal}}\n")
    for number in range(bench.rounds):
        bench.say(f"fills, round {number + 1} of {bench.rounds} …")
        kernel, rates = ours(bench)
        peers = {library: peer(library) for library in LIBRARIES}
        # The whole command, hashing and all, against the call alone.
        orthogonal.append(4096 * 4096 / bench.run(
            "create", "orthogonal", "--spec", "orthogonal.yaml", "--seed", number, "--recipe-only", "--registry", "orthogonal"))
        forced, narrow = ours(bench, "avx2")
        rounds.append((rates, peers))
        if forced == "avx2" and peers["torch"]:
            avx2.append(narrow["normal", CORES] / peers["torch"]["normal"])
    for law in LAWS:
        bench.value(f"fill.{law}.Meps", [rates[law, CORES] / 1e6 for rates, _ in rounds])
        for library in LIBRARIES:
            ratios = [rates[law, CORES] / peers[library][law] for rates, peers in rounds if law in peers[library]]
            bench.ratio(f"fill.{law}/{library}", ratios, AIMS.get((law, library)))
    bench.ratio("fill.normal.avx2/torch", avx2, 2.4)
    bench.ratio("orthogonal/torch", [rate / peers["torch"]["orthogonal"] for rate, (_, peers) in zip(orthogonal, rounds) if peers["torch"]], 0.333)
    if CORES > 1:
        bench.ratio("fill.normal.threads", [rates["normal", CORES] / rates["normal", 1] for rates, _ in rounds], 1.9)
    return kernel
