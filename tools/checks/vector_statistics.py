"""The vectors of `diagnose`: `statistics.txt`, `law-moments.txt` and `spectrum.txt`.

The moments are exact sums of binary64 numbers. The moments of truncated normal distributions come from the formulas
with the densities at both ends, in decimals of 60 digits. The singular values are LAPACK's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from winit import reference
from winit.reference import Law, Tensor

from .vector_text import MADE, json_lines

SEED = 15
Row = dict[str, Any]
Values = NDArray[np.float64]


def read(dtype: str, data: bytes) -> Values:
    """The elements in binary64."""
    if dtype == "bool":
        return np.frombuffer(data, "u1").astype(np.float64)
    stored: NDArray[Any] = np.frombuffer(data, reference.storage_dtype(dtype))
    if dtype == "bfloat16":
        stored = (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return stored.astype(np.float64)


def moments(values: Values) -> Row:
    """The moments of finite values. Values are scaled by a power of two, so that no power overflows or underflows."""
    none = {"mean": None, "std": None, "skewness": None, "kurtosis": None}
    if len(values) == 0:
        return none
    if len(values) <= 2000:
        return none | exact_moments(values)
    exponent = int(math.frexp(float(np.max(np.abs(values))))[1])
    scaled = np.ldexp(values, -exponent)
    mean = math.fsum(scaled) / len(values)
    deviations = scaled - mean
    if values.min() == values.max():
        return none | {"mean": float(values[0]), "std": 0.0}
    second, third, fourth = (math.fsum(deviations**power) / len(values) for power in (2, 3, 4))
    return {
        "mean": math.ldexp(mean, exponent),
        "std": math.ldexp(math.sqrt(second), exponent),
        "skewness": third / second**1.5,
        "kurtosis": fourth / second**2,
    }


def root(value: Fraction) -> float:
    """The square root, also of a number that binary64 does not hold."""
    with localcontext() as context:
        context.prec = 40
        return float((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())


def exact_moments(values: Values) -> Row:
    """The moments in rational numbers."""
    numbers = [Fraction(value) for value in values.tolist()]
    mean = sum(numbers, Fraction(0)) / len(numbers)

    def moment(power: int) -> Fraction:
        return sum(((number - mean) ** power for number in numbers), Fraction(0)) / len(numbers)

    second, third, fourth = moment(2), moment(3), moment(4)
    row: Row = {"mean": float(mean), "std": root(second)}
    if second > 0:
        skewness = root(third**2 / second**3)
        row |= {"skewness": skewness if third >= 0 else -skewness, "kurtosis": float(fourth / second**2)}
    return row


def statistics_row(source: Row, dtype: str, data: bytes) -> Row:
    values = read(dtype, data)
    finite = values[np.isfinite(values)]
    row = source | {"dtype": dtype, "count": len(values)} | moments(finite)
    row["min"] = float(finite.min()) if len(finite) else None
    row["max"] = float(finite.max()) if len(finite) else None
    row["zeros"] = int(np.sum(finite == 0))
    row["nan"] = int(np.sum(np.isnan(values)))
    row["infinite"] = int(np.sum(np.isinf(values)))
    if len(finite) >= 1000 and finite.min() < finite.max() and np.ptp(finite) < 1e300:
        row["histogram"] = np.histogram(finite, bins=48)[0].tolist()
    return row


def filled(name: str, dtype: str, shape: tuple[int, ...], law: Law) -> Row:
    tensor = Tensor(name, dtype, shape, law)
    source = {"name": name, "seed": str(SEED), "shape": list(shape), "law": law}
    return statistics_row(source, dtype, reference.canonical_bytes(SEED, tensor))


def given(dtype: str, values: list[float] | list[int]) -> Row:
    data = np.array(values).astype(reference.storage_dtype(dtype)).tobytes()
    return statistics_row({"shape": [len(values)], "bytes": data.hex()}, dtype, data)


def statistics_rows() -> Iterator[Row]:
    normal, uniform = reference.normal, reference.uniform
    yield filled("chunks", "float32", (700, 1000), normal(std=0.02))
    yield filled("double", "float64", (300, 1001), normal(mean=-3.0, std=2.0))
    for dtype in ("float16", "bfloat16"):
        yield filled("half", dtype, (1300, 1000), normal(std=0.02))
    yield filled("near", "float32", (600, 500), normal(mean=1.0, std=1e-3))
    yield filled("far", "float64", (600, 500), normal(mean=1e6, std=1.0))
    yield filled("uniform", "float32", (511, 600), uniform(-0.1, 0.3))
    yield filled("skewed", "float32", (400, 700), reference.truncated_normal(std=0.5, low=-0.5, high=3.0))
    yield filled("large", "float32", (1000, 7), uniform(1e30, 3e38))
    yield filled("subnormal", "float32", (1000, 7), normal(std=1e-40))
    yield filled("subnormal", "float16", (1000, 7), normal(std=1e-6))
    yield filled("constant", "float32", (100, 1001), reference.constant(0.1))
    yield filled("one", "bfloat16", (), normal())
    for count in (1, 2, 7, 8, 9, 1023, 1024, 1025):
        yield filled("few", "float32", (count,), normal(mean=5.0, std=1e-4))
    yield given("float64", [1.7e308, -1.7e308, 1e308, 0.0, -1e308, 1.0])
    yield given("float64", [1.7e308] * 5 + [1.6e308])
    yield given("float64", [5e-324, 1e-323, -5e-324, 3e-320, 0.0])
    yield given("float64", [3e-200, -1e-200, 2e-200, 0.0, -7e-201])
    yield given("float64", [1.0, 1.0 + 2**-52, 1.0])
    yield given("float64", [-0.0, 0.0, math.nan, math.inf, -math.inf, 2.0, -3.5, math.nan])
    yield given("float16", [math.nan] * 3)
    yield given("float32", [math.inf, -math.inf])
    yield given("float32", [])
    yield given("int64", [2**62, -(2**62), 5, 0, 0])
    yield given("int32", list(range(-70, 131)))
    yield given("int8", [-128, 127, 0, 1])
    yield given("uint8", [255, 0, 128])
    yield given("uint64", [2**64 - 2**11, 2**63, 0])
    yield given("bool", [1, 0, 1, 1])


def statistics() -> bytes:
    comments = [
        "Statistics of tensors, filled by a law (`law`, with the stream of `name`) or given as `bytes`.",
        "The moments are those of the finite elements, from exact sums; the histogram is numpy.histogram with 48 bins.",
        MADE,
    ]
    return json_lines(comments, statistics_rows())


# --- Laws ------------------------------------------------------------------------------------------------------


def density(x: Decimal) -> Decimal:
    return (-x * x / 2).exp() / Decimal("6.283185307179586476925286766559005768394338798750211641949889").sqrt()


def mass(low: Decimal, high: Decimal) -> Decimal:
    """Φ(high) − Φ(low), by the power series of Abramowitz and Stegun, 26.2.11."""

    def center(x: Decimal) -> Decimal:
        term = total = x
        n = 1
        while abs(term) > abs(total) * Decimal("1e-110"):
            n += 2
            term *= x * x / n
            total += term
        return density(x) * total

    return center(high) - center(low)


def truncated_moments(low: float, high: float) -> Row:
    with localcontext() as context:
        context.prec = 120
        a, b = Decimal(low), Decimal(high)
        share = mass(a, b)
        raw = [Decimal(1), (density(a) - density(b)) / share]
        for k in (2, 3, 4):
            ends = (a ** (k - 1) * density(a) - b ** (k - 1) * density(b)) / share
            raw.append((k - 1) * raw[k - 2] + ends)
        mean = raw[1]
        second = raw[2] - mean**2
        third = raw[3] - 3 * mean * raw[2] + 2 * mean**3
        fourth = raw[4] - 4 * mean * raw[3] + 6 * mean**2 * raw[2] - 3 * mean**4
        return {
            "low": low,
            "high": high,
            "mean": float(mean),
            "std": float(second.sqrt()),
            "skewness": float(third / second / second.sqrt()),
            "kurtosis": float(fourth / second**2),
        }


def law_moments() -> bytes:
    cuts = [
        (-2, 2),
        (-3, 3),
        (-1, 4),
        (0, 2),
        (-0.5, 3),
        (1, 1.0009765625),
        (5, 9),
        (-7, -5),
        (-40, 40),
        (-0.25, 0.125),
    ]
    comments = ["The moments of the standard normal distribution cut at `low` and `high`.", MADE]
    return json_lines(comments, (truncated_moments(float(low), float(high)) for low, high in cuts))


# --- Singular values -------------------------------------------------------------------------------------------


def spectrum_row(name: str, rows: int, columns: int, law: Law) -> Row:
    tensor = Tensor(name, "float32", (rows, columns), law)
    matrix = read("float32", reference.canonical_bytes(SEED, tensor)).reshape(rows, columns)
    singular = np.linalg.svd(matrix, compute_uv=False)
    # LAPACK's last digits depend on the processor.
    values = {"largest": float(f"{singular[0]:.10e}"), "smallest": float(f"{singular[-1]:.6e}")}
    return {"name": name, "seed": str(SEED), "shape": [rows, columns], "law": law} | values


def spectrum() -> bytes:
    normal = reference.normal(std=0.02)
    sizes = [
        (1, 1),
        (1, 9),
        (9, 1),
        (2, 2),
        (64, 64),
        (65, 130),
        (130, 65),
        (300, 300),
        (512, 64),
        (64, 700),
        (40, 1500),
        (768, 768),
    ]
    rows = [spectrum_row("normal", m, n, normal) for m, n in sizes]
    rows.append(spectrum_row("biased", 96, 64, reference.uniform(0.0, 1.0)))
    comments = ["The largest and the smallest singular value of matrices that a law fills: numpy.linalg.svd.", MADE]
    return json_lines(comments, rows)
