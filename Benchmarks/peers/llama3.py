"""Llama-3-8B as a recipe (8 G parameters, 32 GB): verify, memory, and a slice of it by a cold process."""

from __future__ import annotations

from .gpt2 import sha256_rate
from .harness import CORES, Bench

BYTES = 32_121_044_992


def spec() -> str:
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (128256, 4096)}
    for layer in range(32):
        prefix = f"model.layers.{layer}."
        for name, rows, columns in (
            ("self_attn.q_proj", 4096, 4096),
            ("self_attn.k_proj", 1024, 4096),
            ("self_attn.v_proj", 1024, 4096),
            ("self_attn.o_proj", 4096, 4096),
            ("mlp.gate_proj", 14336, 4096),
            ("mlp.up_proj", 14336, 4096),
            ("mlp.down_proj", 4096, 14336),
        ):
            shapes[f"{prefix}{name}.weight"] = (rows, columns)
        shapes[prefix + "input_layernorm.weight"] = shapes[prefix + "post_attention_layernorm.weight"] = (4096,)
    shapes |= {"model.norm.weight": (4096,), "lm_head.weight": (128256, 4096)}
    lines = ["tensors:"] + [f"  {name}: {list(shape)}" for name, shape in shapes.items()]
    lines += ["rules:", '  - {match: "*norm*", init: ones}', '  - {match: "*", init: {scheme: normal, std: 0.02}}']
    return "\n".join(lines) + "\n"


def measure(bench: Bench) -> None:
    bench.say("Llama-3-8B, recipe only …")
    (bench.work / "llama.yaml").write_text(spec())
    where = ("--registry", "llama")
    create = ("create", "llama", "--spec", "llama.yaml", "--seed", 1, "--recipe-only", *where)
    bench.run(*create, peak="create.llama3.peak.mb")
    rates, ratios = [], []
    for _ in range(min(2, bench.rounds)):
        rates.append(BYTES / bench.run("verify", "llama", *where, peak="verify.llama3.peak.mb"))
        limit = sha256_rate()
        if limit:
            ratios.append(rates[-1] / (limit * CORES))
    bench.value("verify.llama3.GBps", [rate / 1e9 for rate in rates])
    bench.ratio("verify.llama3/sha256", ratios)

    tensor = ("--tensor", "model.layers.3.mlp.up_proj.weight")
    slices = [
        bench.run("get", "llama", *where, *tensor, "--slice", "100:164", "-o", f"slice{i}.raw", peak="slice.peak.mb")
        for i in range(max(5, bench.rounds))
    ]
    whole = bench.run("get", "llama", *where, *tensor, "-o", "whole.raw")
    bench.value("slice.cold.ms", [1000 * s for s in slices], 50)
    bench.ratio("whole/slice", [whole / s for s in slices])
    bench.clear("llama", "slice", "whole")
