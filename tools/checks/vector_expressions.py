"""The vectors of the law `expression`: `expressions.txt`."""

from __future__ import annotations

import math
from collections.abc import Iterator

from winit import reference
from winit.reference import DrawLaw, Law, Part, Tensor, Tree

from .vector_cases import Case
from .vector_text import MADE, json_lines

UNIFORM = reference.uniform(0.25, 3.0)
SIGNED = reference.uniform(-3.0, 3.0)
NORMAL = reference.normal(mean=0.5, std=1.5)
DRAW = "draw"


def index(axis: int) -> Tree:
    return ["index", axis]


def make(
    name: str,
    tree: Tree,
    draw: DrawLaw | None = None,
    shape: tuple[int, ...] = (61,),
    dtype: str = "float32",
    seed: int = 7,
    stream: int | None = None,
) -> Case:
    return Case(seed, Tensor(name, dtype, shape, reference.expression(tree, draw, dtype), stream))


def operations() -> Iterator[Case]:
    """Each operation on draws, on coordinates and on both."""
    for name in ("exp", "expm1", "tanh", "sin", "cos", "neg", "abs", "floor"):
        yield make(f"{name}.draw", [name, DRAW], SIGNED)
        yield make(f"{name}.index", [name, ["*", ["-", index(0), 30], 0.3]])
    for name in ("log", "log1p", "sqrt"):
        yield make(f"{name}.draw", [name, DRAW], UNIFORM)
        yield make(f"{name}.index", [name, ["+", index(1), 0.125]], shape=(3, 29))
    for name in ("+", "-", "*", "min", "max"):
        yield make(f"{name}.draw.index", [name, DRAW, ["*", index(0), 0.1]], SIGNED)
        yield make(f"{name}.index.draw", [name, ["*", index(0), 0.1], DRAW], SIGNED)
    yield make("/.draw.index", ["/", DRAW, ["+", index(0), 1]], NORMAL)
    yield make("/.index.draw", ["/", index(0), DRAW], UNIFORM)
    yield make("pow.draw", ["pow", DRAW, 2.5], UNIFORM)
    yield make("pow.draw.whole", ["pow", DRAW, 3], SIGNED)
    yield make("pow.draw.inverse", ["pow", DRAW, -2], UNIFORM)
    yield make("pow.draw.64", ["pow", ["*", DRAW, 0.3], 64], SIGNED)
    yield make("pow.index", ["pow", 10000, ["/", index(0), 61]])
    yield make("pow.index.whole", ["pow", 1.01, index(0)], shape=(100,))
    yield make("pow.both", ["pow", DRAW, ["-", index(0), 30]], UNIFORM)


def draws() -> Iterator[Case]:
    """The three laws of a draw, at every float dtype, and a draw that stands in the tree more than once."""
    truncated = reference.truncated_normal(mean=0.2, std=0.7, low=-1.0, high=3.0)
    mirrored = reference.normal(mean=-1.0, std=-0.5)
    laws: dict[str, DrawLaw] = {"uniform": UNIFORM, "normal": NORMAL, "truncated": truncated, "mirrored": mirrored}
    tree: Tree = ["+", ["*", DRAW, DRAW], ["sin", DRAW]]
    for dtype in reference.FLOAT_SIZES:
        for label, draw in laws.items():
            yield make(f"{label}.{dtype}", tree, draw, (5, 7), dtype)
        yield make(f"index.{dtype}", ["exp", ["/", index(0), 7]], shape=(67,), dtype=dtype)
    yield make("shared", ["/", ["-", DRAW, 1], ["+", ["abs", DRAW], ["exp", DRAW]]], NORMAL)
    yield make("minus.itself", ["-", DRAW, DRAW], NORMAL)
    yield make("narrow.draw", ["exp", ["neg", ["abs", DRAW]]], reference.normal(std=1e30), dtype="float16")


def places() -> Iterator[Case]:
    """Each axis, each length around a vector's, scalars, no elements, several chunks, streams and seeds."""
    for axis in range(4):
        yield make(f"axis.{axis}", ["+", ["*", index(axis), 10], 1], shape=(2, 3, 5, 4))
    yield make("all.axes", ["+", ["*", 100, index(0)], ["+", ["*", 10, index(1)], index(2)]], shape=(3, 4, 6))
    for count in (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 1023, 1025):
        yield make("count", ["exp", ["+", DRAW, ["*", 0.001, index(0)]]], NORMAL, (count,))
    yield make("scalar", ["exp", DRAW], NORMAL, ())
    yield make("empty", ["log", DRAW], NORMAL, (3, 0))
    yield make("large.float32", ["tanh", ["*", DRAW, ["+", 1, ["/", index(0), 1024]]]], NORMAL, (700, 400))
    yield make("large.bfloat16", ["log1p", ["exp", DRAW]], NORMAL, (1024, 515), "bfloat16")
    for seed in (0, 2**32, 2**64 - 59):
        for stream in (None, 0, 2**64 - 1):
            yield make("é", ["exp", DRAW], NORMAL, (9,), seed=seed, stream=stream)
    yield make("negative.zero", ["neg", index(0)], shape=(3,))
    yield make("subnormal", ["*", 1e-40, index(0)], shape=(9,))
    yield make("subnormal.float16", ["*", 1e-7, index(0)], shape=(40,), dtype="float16")
    yield make("nearly.too.large", ["*", index(0), 65519.9], shape=(2,), dtype="float16")


def folded(name: str, written: Tree, draw: DrawLaw | None = None, dtype: str = "float32") -> Case:
    case = make(name, written, draw, (5,), dtype)
    case.written = written
    return case


def foldings() -> Iterator[Case]:
    """Trees whose canonical form is another one."""
    yield folded("fold.number", ["log", ["+", 1, ["sqrt", 2]]])
    yield folded("fold.minus.zero", ["neg", ["-", 1, 1]])
    yield folded("fold.inner.zero", ["+", ["*", ["neg", ["-", 2, 2]], 3], DRAW], NORMAL)
    yield folded("fold.draw", "draw", NORMAL)
    yield folded("fold.inner", ["*", DRAW, ["/", ["sqrt", 2], ["pow", 128, 0.5]]], SIGNED)
    yield folded("fold.nothing", ["+", ["+", 0, DRAW], ["*", 1, ["+", 2, index(0)]]], NORMAL)
    yield folded("fold.order", ["+", ["+", 0.1, 0.2], ["+", DRAW, ["+", 0.3, 0.4]]], NORMAL)
    yield folded("fold.third.float64", ["/", 1, 3], dtype="float64")
    yield folded("fold.third.bfloat16", ["/", 1, 3], dtype="bfloat16")
    for dtype in (*reference.INTEGER_TYPES, "bool"):
        yield folded(f"fold.{dtype}", ["-", ["pow", 2, 3], ["+", 3, ["abs", -4]]], dtype=dtype)
    yield folded("fold.large.int64", ["pow", 2, 53], dtype="int64")
    yield folded("fold.negative.int8", ["neg", ["pow", 2, 7]], dtype="int8")


def recipes() -> Iterator[Case]:
    """Initializations of known architectures."""
    for low, high in ((0.001, 0.1), (0.1, 0.1000001)):
        yield Case(7, Tensor("dt", "float32", (4096,), reference.log_uniform(low, high)))
    first = reference.log_uniform(0.001, 0.1)
    if first["law"] != "expression":
        raise ValueError("log_uniform is an expression")
    for floor in (1e-4, 0.01):
        step: Tree = ["max", ["exp", DRAW], floor]
        yield make("dt", ["+", step, ["log", ["neg", ["expm1", ["neg", step]]]]], first["draw"], (4096,))
    yield make("A_log", ["log", DRAW], reference.uniform(0, 16), (4096,))
    yield make("A_log.mamba", ["log", ["+", index(1), 1]], shape=(24, 16))
    angle: Tree = ["/", index(0), ["pow", 10000, ["/", ["*", index(1), 2], 128]]]
    yield make("pe", ["sin", angle], shape=(512, 64))
    yield make("pe.cos", ["cos", angle], shape=(512, 64))
    yield make("inv_freq", ["/", 1, ["pow", 10000, ["/", ["*", index(0), 2], 128]]], shape=(64,))
    yield make("alibi", ["pow", 2, ["neg", ["*", 0.5, ["+", index(0), 1]]]], shape=(16,))
    yield make("chrono", ["log", DRAW], reference.uniform(1, 99), (64,))
    yield make("linspace", ["+", -1, ["*", index(0), ["/", 2, 60]]])
    yield make("arange", ["+", 3, ["*", index(0), 2]])
    ring: Tree = ["log", ["-", ["exp", ["neg", ["*", 0.5, ["log", DRAW]]]], 1]]
    yield make("rg_lru", ring, reference.uniform(0.9**2 + 1e-8, 0.999**2 + 1e-8), (256,))


def boxes() -> Iterator[Case]:
    """Expressions in parts: words of the tensor or of a stream, coordinates from the start of the box."""
    tree: Tree = ["+", ["*", DRAW, 0.01], ["+", ["*", 10, index(0)], index(1)]]
    parts: list[Part] = [
        {"box": [], "law": reference.constant(0.5)},
        {"box": [[1, 4]], "law": expression_law(tree, NORMAL)},
        {"box": [[4, 6], [2, 7]], "law": expression_law(tree, NORMAL), "stream": "12"},
        {"box": [[6, 7]], "law": expression_law(["log", ["+", 1, index(1)]])},
    ]
    for dtype in reference.FLOAT_SIZES:
        yield Case(7, Tensor("parts", dtype, (8, 9), {"law": "parts", "parts": parts}))
    deep: list[Part] = [
        {"box": [], "law": expression_law(["exp", DRAW], UNIFORM)},
        {"box": [[1, 2], [0, 3]], "law": expression_law(["+", index(0), ["+", index(1), ["*", 10, index(2)]]])},
        {"box": [[2, 3], [1, 2], [3, 5]], "law": expression_law(["+", DRAW, index(2)], UNIFORM)},
        {"box": [[2, 3], [2, 4], [1, 5]], "law": expression_law(["+", DRAW, index(1)], UNIFORM), "stream": "3"},
    ]
    yield Case(7, Tensor("parts.rank3", "float32", (3, 4, 5), {"law": "parts", "parts": deep}))


def expression_law(tree: Tree, draw: DrawLaw | None = None) -> reference.ElementwiseLaw | reference.ExpressionLaw:
    return reference.expression(tree, draw)


def refused() -> Iterator[Case]:
    """Elements outside a domain, or not finite: the only one of each tensor."""
    rows: list[tuple[str, str, Tree, tuple[int, ...], int]] = [
        ("log.zero", "float32", ["log", index(0)], (9,), 0),
        ("log.minus", "float32", ["log", ["-", 9.5, index(0)]], (11,), 10),
        ("divide", "float32", ["/", 1, ["-", index(1), 5]], (1, 9), 5),
        ("sqrt", "float32", ["sqrt", ["-", 6, index(0)]], (8,), 7),
        ("sine", "float32", ["sin", ["pow", 2, ["+", 0.5, index(0)]]], (21,), 20),
        ("pow.root", "float32", ["pow", ["-", index(1), 0.5], 0.5], (1, 3), 0),
        ("exp.large", "float32", ["*", 0, ["exp", ["*", 100, index(0)]]], (9,), 8),
        ("float32.large", "float32", ["exp", ["*", 10, index(0)]], (10,), 9),
        ("float16.large", "float16", ["*", 65520, index(0)], (2,), 1),
        ("bfloat16.large", "bfloat16", ["*", float.fromhex("0x1.ffp127"), index(0)], (2,), 1),
        ("float64.large", "float64", ["pow", 2, ["*", 32, index(0)]], (5,), 4),
    ]
    for name, dtype, tree, shape, element in rows:
        law: Law = reference.expression(tree, None, dtype)
        yield Case(7, Tensor(name, dtype, shape, law), refused=element)
    below = reference.uniform(-1e-3, math.pi)
    values = reference.law_values(below, reference.words(7, reference.name_stream("log.draw"), 0, 20000))
    first = int((values <= 0).argmax())
    law = reference.expression(["log", DRAW], below)
    yield Case(7, Tensor("log.draw", "float32", (first + 1,), law), refused=first)


def expressions() -> bytes:
    groups = (operations, draws, places, foldings, recipes, boxes, refused)
    comments = [
        "Tensors of the law `expression`: the digest of their canonical bytes.",
        "Each line is a JSON object: name; seed of the run; dtype; shape; law as in a manifest; stream, where it is",
        "not the name's; digest; first, the first 16 canonical bytes or all of them if fewer, hex. Where the tree was",
        "folded, `written` is the tree before it (a draw's law stays the same), and law is what a manifest holds.",
        "In place of digest and first, `refused` is the only element outside a domain or not finite in the dtype.",
        MADE,
    ]
    return json_lines(comments, (case.row() for group in groups for case in group()))
