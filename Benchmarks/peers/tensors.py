"""Models of many small tensors: a mixture of experts with 44,544 tensors, and a slice of one tensor of 90,000."""

from __future__ import annotations

from .harness import Bench

LAYERS, EXPERTS = 58, 256
SHAPES = {"w1": [8, 4], "w2": [4, 8], "w3": [8, 4]}


def spec(names: list[tuple[str, list[int]]]) -> str:
    lines = [f"  {name}.weight: {shape}" for name, shape in names]
    rule = 'rules:\n  - {match: "*.w2.weight", init: {scheme: normal, std: 0.01}}\n  - {match: "*", init: normal}\n'
    return "tensors:\n" + "\n".join(lines) + "\n" + rule


def measure(bench: Bench) -> None:
    bench.say("models of many small tensors …")
    experts = [
        (f"model.layers.{i}.mlp.experts.{j}", name) for i in range(LAYERS) for j in range(EXPERTS) for name in SHAPES
    ]
    (bench.work / "mixture.yaml").write_text(spec([(f"{prefix}.{name}", SHAPES[name]) for prefix, name in experts]))
    (bench.work / "layers.yaml").write_text(spec([(f"layers.{i}", [16, 8]) for i in range(90_000)]))
    where = ("--registry", "tensors")
    created, recipes, slices = [], [], []
    bench.run("create", "layers", "--spec", "layers.yaml", "--seed", 1, "--recipe-only", *where)
    for round in range(max(3, bench.rounds)):
        experts_of = ("--spec", "mixture.yaml", "--seed", round)
        bench.clear("experts")
        created.append(bench.run("create", "m", *experts_of, "--registry", "experts", peak="create.44k.peak.mb"))
        bench.clear("experts")
        recipes.append(bench.run("create", "m", *experts_of, "--recipe-only", "--registry", "experts"))
        one = ("get", "layers", "--tensor", "layers.777.weight", "--slice", "3,:", "-o", "row.npy", "--force")
        slices.append(bench.run(*one, *where, peak="slice.90k.peak.mb"))
    bench.value("create.44k.s", created)
    bench.value("create.44k.recipe.s", recipes)
    bench.value("slice.90k.ms", [1000 * s for s in slices])
    bench.clear("experts", "tensors")
