"""Recipes of every law, dtype and edge of shapes in docs/law.md, and random ones, for the cross-checks."""

from __future__ import annotations

import math
import random
from typing import Any

from recipe_support import random_tensors
from winit import reference
from winit.reference import ElementwiseLaw, ExpressionLaw, Law, Part, PartsLaw, Tensor, Tree, WholeLaw

SEED = 2**63 + 29
FLOATS = ("float32", "float64", "float16", "bfloat16")

DRAWS: dict[str, ElementwiseLaw] = {
    "normal": reference.normal(),
    "normal mean": reference.normal(-1.25, 0.3),
    "normal mirrored": reference.normal(0.5, -0.02),
    "normal subnormal": reference.normal(0.0, 1e-39),
    "normal smallest": reference.normal(0.0, 2.0**-149),
    "normal no std": reference.normal(0.25, 0.0),
    "uniform": reference.uniform(-0.05, 0.05),
    "uniform aside": reference.uniform(-0.1, 0.3),
    "uniform from 0": reference.uniform(0.0, 1.0),
    "uniform to 0": reference.uniform(-3.0, 0.0),
    "uniform subnormal": reference.uniform(-1e-40, 1e-39),
    "uniform narrow": reference.uniform(1.0, 1.0 + 2.0**-23),
    "truncated": reference.truncated_normal(std=0.02),
    "truncated aside": reference.truncated_normal(-0.7, 0.11, -1.0, 3.0),
    "truncated mirrored": reference.truncated_normal(0.1, -0.5, -0.5, 2.5),
    "truncated wide": reference.truncated_normal(0.0, 1.0, -38.5, 38.5),
    "truncated upper tail": reference.truncated_normal(0.0, 1.0, 4.75, 30.0),
    "truncated lower tail": reference.truncated_normal(0.0, 1.0, -30.0, -4.9),
    "truncated half": reference.truncated_normal(0.0, 1.0, 0.0, 3.0),
    "truncated narrow": reference.truncated_normal(1.0, 0.1, -0.01, 0.01),
    "constant": reference.constant(0.1),
    "constant 0": reference.constant(-0.0),
    "constant subnormal": reference.constant(1e-45),
    "constant tie": reference.constant(1 + 2.0**-11),
}

SHAPES: list[tuple[int, ...]] = [
    (), (0,), (3, 0, 2), (1,), (1, 1, 1), (2,), (3,), (5,), (63,), (64, 65), (2, 3, 5, 7), (1, 1, 2, 1, 3, 1), (997,),
]  # fmt: skip

# Beyond tiles of 2^16 elements, and beyond chunks of 2^20 bytes by some elements.
LARGE: list[tuple[str, tuple[int, ...]]] = [
    ("float32", ((1 << 18) + 3,)),
    ("float64", (3, (1 << 16) + 1)),
    ("bfloat16", ((1 << 19) + 1,)),
    ("float16", (263, 2003)),
]

WHOLE: list[tuple[tuple[int, ...], WholeLaw]] = [
    ((5, 9), {"law": "eye", "value": 0.5}),
    ((9, 5), {"law": "eye", "value": -2.0}),
    ((3, 4, 5), {"law": "eye", "value": 1.0, "batch": [0]}),
    ((4, 3, 5), {"law": "eye", "value": 1.0, "batch": [1]}),
    ((6, 2, 3), {"law": "dirac", "groups": 1}),
    ((6, 2, 3, 4), {"law": "dirac", "groups": 3}),
    ((4, 5, 2, 2, 3), {"law": "dirac", "groups": 2}),
    ((3, 2, 6), {"law": "dirac", "groups": 3, "layout": "keras"}),
    ((2, 4, 3, 3), {"law": "dirac", "groups": 2, "batch": [0]}),
    ((1, 1), {"law": "orthogonal", "gain": 1.0, "rows": 1}),
    ((1, 9), {"law": "orthogonal", "gain": 1.5, "rows": 1}),
    ((9, 1), {"law": "orthogonal", "gain": 1.5, "rows": 9}),
    ((64, 64), {"law": "orthogonal", "gain": 1.0, "rows": 64}),
    ((65, 64), {"law": "orthogonal", "gain": 1.0, "rows": 65}),
    ((130, 129), {"law": "orthogonal", "gain": math.sqrt(2), "rows": 130}),
    ((70, 200), {"law": "orthogonal", "gain": 1.0, "rows": 70}),
    ((8, 4, 3, 3), {"law": "orthogonal", "gain": 1.0, "rows": 8}),
    ((8, 4, 3, 3), {"law": "orthogonal", "gain": 1.0, "rows": 32}),
    ((3, 5, 8), {"law": "orthogonal", "gain": 1.0, "rows": 5, "batch": [0]}),
    ((5, 3, 8, 2), {"law": "orthogonal", "gain": 1.0, "rows": 5, "batch": [1, 3]}),
    ((1,), {"law": "orthogonal", "gain": 2.0, "rows": 1}),
    ((257,), {"law": "orthogonal", "gain": math.sqrt(2), "rows": 1}),
    ((3, 4, 6), {"law": "delta_orthogonal", "gain": 1.0}),
    ((2, 3, 6, 6), {"law": "delta_orthogonal", "gain": 1.5}),
    ((6, 4, 3, 2), {"law": "delta_orthogonal", "gain": 1.0, "layout": "torch"}),
    ((2, 3, 4, 6), {"law": "delta_orthogonal", "gain": 1.0, "batch": [0]}),
    ((50, 7), {"law": "sparse", "std": 0.5, "zeros": 13}),
    ((50, 7), {"law": "sparse", "std": 0.5, "zeros": 0}),
    ((5, 70), {"law": "sparse", "std": 0.0, "zeros": 5}),
    ((3, 20, 4), {"law": "sparse", "std": 2.0, "zeros": 9, "batch": [0]}),
]

STEP: Tree = ["max", ["exp", "draw"], 1e-4]
TREES: list[Tree] = [
    ["+", STEP, ["log", ["neg", ["expm1", ["neg", STEP]]]]],
    ["sin", ["/", ["index", 0], ["pow", 10000, ["/", ["*", ["index", 1], 2], 128]]]],
    ["log", ["+", 1, ["+", ["index", 0], ["index", 1]]]],
    ["pow", ["+", ["abs", "draw"], 0.5], ["*", 0.25, ["index", 0]]],
    ["cos", ["*", 1000, ["index", 1]]],
    ["tanh", "draw"],
    ["sqrt", ["abs", ["-", "draw", 1]]],
    ["log1p", ["abs", "draw"]],
    ["floor", ["*", 10, "draw"]],
    ["min", ["max", "draw", -1], ["/", 1, ["+", 1, ["index", 1]]]],
    ["pow", ["neg", ["+", 2, ["index", 0]]], -3],
    ["-", "draw", "draw"],
    ["neg", ["*", 0, "draw"]],
]

INTEGERS = {
    "int64": (2**53, -(2**53), 0), "int32": (2**31 - 1, -(2**31)), "int16": (-(2**15), 7), "int8": (-128, 127),
    "uint64": (2**53,), "uint32": (2**32 - 1,), "uint16": (2**16 - 1,), "uint8": (255,), "bool": (0, 1),
}  # fmt: skip


def parts(*others: Part, base: ElementwiseLaw | ExpressionLaw | None = None) -> PartsLaw:
    first: Part = {"box": [], "law": base or reference.normal(std=0.5)}
    return {"law": "parts", "parts": [first, *others]}


def expression(tree: Tree) -> ExpressionLaw:
    law = reference.expression(tree, reference.uniform(-2.0, 2.0))
    assert law["law"] == "expression"
    return law


WAVE = expression(["+", "draw", ["*", ["index", 0], ["index", 1]]])
GATES: list[Part] = [{"box": [[3 * k, 3 * k + 3]], "law": reference.uniform(-k - 1.0, 1.0)} for k in range(4)]
PARTS: list[tuple[tuple[int, ...], PartsLaw]] = [
    ((9, 5), parts({"box": [[3, 4]], "law": reference.constant(0.0)})),  # a padding row
    ((12, 4), parts(*GATES)),
    ((6, 7), parts({"box": [[1, 5], [2, 6]], "law": WAVE})),
    ((6, 7), parts({"box": [[1, 5], [2, 6]], "law": WAVE, "stream": "12"}, {"box": [[2, 3]], "law": WAVE})),
    ((6, 7), parts({"box": [[2, 2]], "law": reference.normal()}, {"box": [[0, 6], [6, 7]], "law": reference.normal()})),
    ((3, 4, 5), parts({"box": [[0, 2], [1, 3], [4, 5]], "law": reference.normal(), "stream": str(2**64 - 1)})),
    ((4, 9), parts({"box": [[0, 1]], "law": reference.constant(1.0)}, base=expression(["log", ["index", 0]]))),
    ((300, 700), parts({"box": [[10, 290], [5, 699]], "law": reference.truncated_normal()})),
    ((12, 8), parts({"box": [[3, 8]], "law": {"law": "orthogonal", "gain": 1.0, "rows": 5}})),
    ((12, 8), parts({"box": [[3, 8]], "law": {"law": "orthogonal", "gain": 1.0, "rows": 5}, "stream": "5"})),
    ((3, 33), parts({"box": [[1, 2]], "law": {"law": "orthogonal", "gain": 2.0, "rows": 1}})),
    ((4, 5, 8), parts({"box": [[1, 3]], "law": {"law": "orthogonal", "gain": 1.0, "rows": 5, "batch": [0]}})),
    ((13, 6), parts({"box": [[2, 12], [1, 5]], "law": {"law": "sparse", "std": 0.5, "zeros": 3}})),
    ((8, 4), parts({"box": [[4, 8]], "law": {"law": "eye", "value": 1.0}})),
    ((1, 3, 4, 6), parts({"box": [[0, 1]], "law": {"law": "delta_orthogonal", "gain": 1.0}})),
]


class Table:
    """Collects tensors under names of their own."""

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []

    def add(self, what: str, dtype: str, shape: tuple[int, ...], law: Law, **options: Any) -> Tensor:
        tensor = Tensor(f"{len(self.tensors)} {what}", dtype, shape, law, **options)
        self.tensors.append(tensor)
        return tensor


def table() -> list[Tensor]:
    """The recipes by hand."""
    made, rng = Table(), random.Random(5)
    for dtype in FLOATS:
        for what, law in DRAWS.items():
            made.add(f"{what} {dtype}", dtype, (7, 13), law)
        for shape, whole in WHOLE:
            made.add(f"{whole['law']} {dtype}", dtype, shape, whole)
        for tree in TREES:
            made.add(f"expression {dtype}", dtype, (9, 14), reference.expression(tree, reference.normal(std=0.7)))
        for shape, divided in PARTS:
            made.add(f"parts {dtype}", dtype, shape, divided)
    for shape in SHAPES:
        for what in ("normal", "uniform", "truncated", "constant"):
            made.add(f"{what} {shape}", rng.choice(FLOATS), shape, DRAWS[what])
        made.add(f"expression {shape}", "float32", shape, reference.expression(["exp", "draw"], reference.normal()))
    for dtype, shape in LARGE:
        for what in ("normal", "uniform", "truncated"):
            made.add(f"{what} {dtype} {shape}", dtype, shape, DRAWS[what])
    made.add("expression large", "float32", (300, 1000), WAVE)
    made.add("the largest", "float16", (11,), reference.normal(std=10317.0))
    made.add("own seed", "float32", (11,), reference.normal(), seed=7)
    made.add('重み é e\u0301 🔥 "quoted" \\ \t', "float32", (11,), reference.normal())
    _add_integers_and_literals(made)
    _add_references(made)
    return made.tensors


def _add_integers_and_literals(made: Table) -> None:
    rng = random.Random(6)
    for dtype, values in INTEGERS.items():
        for value in values:
            made.add(f"constant {dtype}", dtype, (3, 5), reference.constant(value))
        ends: list[Part] = [
            {"box": [[2, 3]], "law": reference.constant(1)},
            {"box": [[0, 1]], "law": {"law": "literal"}},
        ]
        size = reference.item_size(dtype)
        data = bytes(rng.randrange(2) if dtype == "bool" else rng.randrange(256) for _ in range(5 * size))
        law: PartsLaw = {"law": "parts", "parts": [{"box": [], "law": reference.constant(0)}, *ends]}
        made.add(f"parts {dtype}", dtype, (3, 5), law, literals=(data,))
    for dtype in (*FLOATS, *INTEGERS, *reference.LITERAL_BITS):
        data = bytes(rng.randrange(2) for _ in range(reference.byte_count(dtype, 24)))
        literal = made.add(f"literal {dtype}", dtype, (4, 6), {"law": "literal"}, literals=(data,))
        made.add(
            f"tied {dtype}", dtype, (4, 6), {"law": "same_as", "name": literal.name},
            stream=literal.word_stream, source=literal,
        )  # fmt: skip


def _add_references(made: Table) -> None:
    for dtype in FLOATS:
        v = made.add(f"v {dtype}", dtype, (6, 3, 5), reference.normal(std=0.5))
        for axes, shape in (([1, 2], (6,)), ([0], (1, 3, 5)), ([0, 1, 2], ()), ([1], (6, 5))):
            made.add(f"norm {dtype}", dtype, shape, {"law": "norm_of", "axes": axes, "name": v.name}, source=v)
        own = made.add(f"own {dtype}", dtype, (5,), reference.uniform(0.0, 1.0), seed=2**64 - 1)
        made.add(
            f"tied {dtype}", dtype, (5,), {"law": "same_as", "name": own.name},
            stream=own.word_stream, seed=own.seed, source=own,
        )  # fmt: skip
    q = made.add("q", "float32", (20, 70), {"law": "orthogonal", "gain": 3.0, "rows": 20})
    g = made.add("g", "float32", (20, 1), {"law": "norm_of", "axes": [1], "name": q.name}, source=q)
    made.add("of g", "float64", (), {"law": "norm_of", "axes": [0, 1], "name": g.name}, source=g)
    empty = made.add("empty", "float32", (0, 4), reference.normal())
    made.add("norms of nothing", "float32", (4,), {"law": "norm_of", "axes": [0], "name": empty.name}, source=empty)


def random_table(seed: int, count: int) -> list[Tensor]:
    """Random recipes of every law, some tied, some norms of others."""
    specs = {spec.name: spec for spec in random_tensors(random.Random(seed), count)}
    made: dict[str, Tensor] = {}

    def make(name: str) -> Tensor:
        if name not in made:
            spec, source = specs[name], None
            if spec.law["law"] in ("same_as", "norm_of"):
                source = make(spec.law["name"])
            tie = source if spec.law["law"] == "same_as" else None
            stream, own = (tie.word_stream, tie.seed) if tie else (None, spec.seed)
            law: Any = spec.law
            made[name] = Tensor(name, spec.dtype, spec.shape, law, stream, own, (), source)
        return made[name]

    return [make(name) for name in specs]
