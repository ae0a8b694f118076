"""Llama-3-8B as a recipe (8 G parameters, 32 GB): verify, memory, and a slice of it by a new process."""

from __future__ import annotations

from . import shapes
from .gpt2 import sha256_rate
from .harness import Bench

BYTES = 32_121_044_992


def measure(bench: Bench) -> None:
    bench.say("Llama-3-8B, recipe only …")
    (bench.work / "llama.yaml").write_text(shapes.spec(shapes.llama3(), "float32"))
    where = ("--registry", "llama")
    create = ("create", "llama", "--spec", "llama.yaml", "--seed", 1, "--recipe-only", *where)
    bench.run(*create, peak="create.llama3.peak.mb")
    rates, ratios = [], []
    for _ in range(min(2, bench.rounds)):
        rates.append(BYTES / bench.run("verify", "llama", *where, peak="verify.llama3.peak.mb"))
        limit = sha256_rate()
        if limit:
            ratios.append(rates[-1] / (limit * bench.cores))
    bench.value("verify.llama3.GBps", [rate / 1e9 for rate in rates])
    bench.ratio("verify.llama3/sha256", ratios)

    tensor = ("--tensor", "model.layers.3.mlp.up_proj.weight")
    slices, starts = [], []
    for i in range(max(10, bench.rounds)):
        slice_of_it = ("--slice", "100:164", "-o", f"slice{i}.raw")
        slices.append(bench.run("get", "llama", *where, *tensor, *slice_of_it, peak="slice.peak.mb"))
        starts.append(bench.run("version"))
    whole = bench.run("get", "llama", *where, *tensor, "-o", "whole.raw")
    bench.value("slice.cold.ms", [1000 * s for s in slices])
    bench.value("slice.cold/version", [s / start for s, start in zip(slices, starts, strict=True)])
    bench.ratio("whole/slice", [whole / s for s in slices])
    bench.clear("llama", "slice", "whole")
