"""The vectors of the functions of expressions: `functions.txt` and `functions-sweep.txt`."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator

import numpy as np

from winit import reference
from winit.reference import Doubles, LawError

from .vector_text import MADE, hex64, text_file

LN2, HALF_PI = math.log(2), math.pi / 2
LARGEST = float.fromhex("0x1.fffffffffffffp+1023")
TINY = [5e-324, 2.0**-1060, float.fromhex("0x0.fffffffffffffp-1022"), 2.0**-1022, 1e-300]
SMALL = [2.0**-54, 2.0**-53, 2.0**-52, 1e-10, 1e-5, 0.1]
NAMES = list(reference.OPERATIONS)


def both_signs(numbers: list[float]) -> list[float]:
    return [sign * x for x in numbers for sign in (1, -1)]


def neighbors(numbers: list[float]) -> list[float]:
    return [y for x in numbers for y in (math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf))]


def random(name: str, low: float, high: float, count: int = 40) -> list[float]:
    """Numbers of [low, high] that follow from words of the stream of `name`."""
    w = reference.words(12, reference.name_stream(name), 0, 2 * count).view(np.uint64)
    values: list[float] = (np.float64(low) + np.float64(high - low) * (w.astype(np.float64) * 2.0**-64)).tolist()
    return values


def logarithmic(name: str, low: int, high: int, count: int = 40) -> list[float]:
    """Positive numbers with random binary exponents from `low` to `high`."""
    exponents = random(name + "/exponent", low, high, count)
    return [math.ldexp(m, math.floor(e)) for m, e in zip(random(name, 1, 2, count), exponents, strict=True)]


def exp_inputs() -> list[float]:
    # rint(x ÷ ln 2) changes at these.
    boundaries = neighbors([(k + 0.5) * LN2 for k in (-1075, -1023, -3, -2, -1, 0, 1, 2, 512, 1023)])
    ends = [709.0, 709.7, 709.782712893384, 709.79, 710.0, 746.0, 1e300, LARGEST]
    ends += [-708.0, -708.5, -740.0, -745.1, -745.2, -746.0, -747.0, -1e300, -LARGEST]
    return [0.0, -0.0, *both_signs([*TINY, *SMALL, 1.0]), *boundaries, *ends, *random("exp", -745, 709.7)]


def log_inputs() -> list[float]:
    powers = neighbors([2.0**k for k in (-1022, -1, 1, 52, 1023)]) + neighbors([1.0, math.sqrt(2), math.sqrt(0.5)])
    return [*TINY, *powers, LARGEST, *random("log", 0, 1000), *logarithmic("log", -1074, 1023)]


def log1p_inputs() -> list[float]:
    ends = [math.nextafter(-1, 0), -1 + 2.0**-40, -0.999, 2.0**53, 1e300, LARGEST, -1.0, -2.0]
    return [0.0, -0.0, *both_signs([*TINY, *SMALL]), *ends, *random("log1p", -1, 4), *logarithmic("log1p", -60, 60)]


def expm1_inputs() -> list[float]:
    ends = [-36.0, -37.0, -38.0, -746.0, -1e300, 709.0, 709.79, 1e300]
    return [0.0, -0.0, *both_signs([*TINY, *SMALL, 1.0]), *ends, *random("expm1", -40, 40), *random("expm1.1", -1, 1)]


def tanh_inputs() -> list[float]:
    ends = both_signs([1.0, 18.0, 19.0, *neighbors([20.0]), 1e300, LARGEST])
    return [0.0, -0.0, *both_signs([*TINY, *SMALL]), *ends, *random("tanh", -6, 6), *random("tanh.20", -21, 21)]


def angle_inputs() -> list[float]:
    # k = rint(x ÷ (π ÷ 2)) changes at the odd multiples of π ÷ 4; at multiples of π ÷ 2 one of the two is near 0.
    multiples = neighbors([k * HALF_PI / 2 for k in (1, 2, 3, 4, 5, 6, 7, 8, 9, 1000, 1001, 667543, 1335088)])
    ends = [math.nextafter(2.0**20, 0), 2.0**20, math.nextafter(2.0**20, math.inf), 1e300]
    inputs = both_signs([*TINY, *SMALL, 1.0, *multiples, *ends])
    return [0.0, -0.0, *inputs, *random("angle", -7, 7), *random("angle.20", -(2.0**20), 2.0**20)]


def pow_inputs() -> list[tuple[float, float]]:
    whole = [0.0, -0.0, 1.0, 2.0, 3.0, 7.0, 63.0, 64.0, -1.0, -2.0, -3.0, -64.0]
    pairs = [(x, y) for x in (0.5, 1.1, 3.0, 10.0, 1e-3, -2.0, -1.5) for y in whole]
    pairs += [(x, y) for x in (2.0, 0.3, 10000.0) for y in both_signs([65.0, 0.5, 1 / 3, 64.5, 100.0])]
    pairs += [(0.0, 0.0), (-0.0, 0.0), (0.0, 3.0), (-0.0, 3.0), (-0.0, 2.0), (0.0, -1.0), (0.0, 0.5), (-0.0, 65.0)]
    pairs += [(1e10, -40.0), (1e10, 40.0), (1e-10, -40.0), (1e-10, 40.0), (10.0, -320.0), (10.0, 400.0), (1.0, 1e300)]
    pairs += [(5e-324, 1.0), (5e-324, 0.5), (LARGEST, 0.5), (LARGEST, -1.0), (LARGEST, 1e300), (LARGEST, -1e300)]
    pairs += [(-2.0, 65.0), (-2.0, 0.5), (-1.0, 1e300)]
    pairs += zip(random("pow.x", 0, 50), random("pow.y", -4, 4), strict=True)
    pairs += zip(logarithmic("pow.x", -30, 30), random("pow.y2", -20, 20), strict=True)
    return pairs


def pair_inputs() -> list[tuple[float, float]]:
    edges = [0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 2.0**-1022, 3.0, LARGEST, -LARGEST]
    signed = random("pair", -10, 10, 30)
    return [(x, y) for x in edges for y in edges] + list(zip(signed[::2], signed[1::2], strict=True))


def inputs_of(name: str) -> list[tuple[float, ...]]:
    unary = {
        "exp": exp_inputs,
        "log": log_inputs,
        "log1p": log1p_inputs,
        "expm1": expm1_inputs,
        "tanh": tanh_inputs,
        "sin": angle_inputs,
        "cos": angle_inputs,
    }
    if name == "pow":
        return list(pow_inputs())
    if reference.OPERATIONS[name].arity == 2:
        return list(pair_inputs())
    if name in unary:
        domain = [0.0, -0.0, -1.0, -5e-324] if name == "log" else []
        return [(x,) for x in [*unary[name](), *domain]]
    edges = [
        *both_signs([0.0, *TINY, *SMALL, 0.5, 1.0, 1.5, 2.0**52 + 0.5, 2.0**53, LARGEST]),
        *random(name, -9, 9, 20),
    ]
    return [(x,) for x in edges]


def result_text(name: str, operands: tuple[float, ...]) -> str:
    try:
        result = reference.apply(name, *(np.array([x], dtype=np.float64) for x in operands))
    except LawError:
        return "refused"
    return hex64(float(result[0]))


def norm_rows() -> Iterator[tuple[object, ...]]:
    for count in (0, 1, 2, 7, 8, 9, 15, 16, 17, 100, 1000, 65536):
        values = reference.apply("log", (np.arange(count, dtype=np.float64) + 0.5) / np.float64(max(count, 1)))
        yield ("norm", count, hex64(float(reference.norm(values))))
    for count in range(1, 41):
        values = reference.normal_draw(reference.words(7, 0, 0, count)).astype(np.float64)
        yield ("norm_draws", count, hex64(float(reference.norm(values))))


def functions() -> bytes:
    rows: list[tuple[object, ...]] = []
    for name in NAMES:
        rows += [(name, *map(hex64, operands), result_text(name, operands)) for operands in inputs_of(name)]
    rows += norm_rows()
    comments = [
        "The functions of expressions in binary64: ends, subnormals, signs, boundaries of the reduction, random ones.",
        "Columns: function; one or two operands, bits of binary64; result, bits of binary64, or `refused`: outside the",
        "domain, or not finite. Then lines `norm`; n, decimal; the norm of log((i + 0.5) ÷ n) for i < n.",
        "Then lines `norm_draws`; n, decimal; the norm of Q(word i) for i < n, of seed 7, stream 0.",
        MADE,
    ]
    return text_file(comments, rows)


SWEEPS: list[tuple[str, list[tuple[float, float]]]] = [
    ("exp", [(60, -30)]),
    ("log", [(1000, 0)]),
    ("log1p", [(4, -0.999)]),
    ("expm1", [(20, -10)]),
    ("tanh", [(12, -6)]),
    ("sin", [(2e6, -1e6)]),
    ("cos", [(2e6, -1e6)]),
    ("pow", [(50, 0), (8, -4)]),
    # Not in docs/law.md: both ends, subnormal results and operands, and small operands.
    ("exp", [(1454, -745)]),
    ("exp", [(2, -1)]),
    ("log", [(2e-308, 0)]),
    ("log", [(1e300, 0)]),
    ("log", [(2, 0)]),
    ("log1p", [(1e-3, -5e-4)]),
    ("expm1", [(1e-3, -5e-4)]),
    ("expm1", [(746, -40)]),
    ("tanh", [(0.01, -0.005)]),
    ("tanh", [(44, -22)]),
    ("sin", [(13, -6.5)]),
    ("cos", [(13, -6.5)]),
    ("pow", [(2, 0.5), (200, -100)]),
    ("sqrt", [(1e3, 0)]),
]
SWEEP_COUNT = 1 << 20


def sweep_digest(name: str, scales: list[tuple[float, float]]) -> str:
    u: Doubles = (np.arange(SWEEP_COUNT, dtype=np.float64) + np.float64(0.5)) / np.float64(SWEEP_COUNT)
    operands = [u * np.float64(a) + np.float64(b) for a, b in scales]
    return hashlib.sha256(reference.apply(name, *operands).astype("<f8").tobytes()).hexdigest()


def functions_sweep() -> bytes:
    rows = [
        (name, *(reference.number_text(x) for scale in scales for x in scale), sweep_digest(name, scales))
        for name, scales in SWEEPS
    ]
    comments = [
        "The functions of expressions over i = 0 ..< 2^20, with u = (i + 0.5) ÷ 2^20 in binary64.",
        "Columns: function; a, b (pow: a, b, c, d), decimal: the operand is u × a + b, the product rounded, then the",
        "sum (pow: the base u × a + b, the exponent u × c + d); SHA-256 of the results as little-endian binary64.",
        MADE,
    ]
    return text_file(comments, rows)
