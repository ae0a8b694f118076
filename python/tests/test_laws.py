"""Recipes: the parameters that are recorded, and what is refused (docs/law.md, "Laws and their parameters")."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from winit import reference
from winit.reference import LawError, Tensor


def test_parameters_are_rounded_once_to_binary32() -> None:
    assert reference.normal(std=0.02) == {"law": "normal", "mean": 0.0, "std": 0.019999999552965164}
    assert reference.uniform(-0.1, 0.3) == {
        "law": "uniform",
        "half": 0.20000000298023224,
        "mid": 0.10000000149011612,
        "low": -0.10000000149011612,
        "high": 0.30000001192092896,
    }


def test_alpha_and_beta_are_binary64() -> None:
    law = reference.truncated_normal(std=0.5)
    assert (law["alpha"], law["beta"]) == (0.02275013194817921, 0.9772498680518208)


def test_minus_0_becomes_plus_0() -> None:
    assert math.copysign(1, reference.binary32(-0.0)) == 1
    assert math.copysign(1, reference.binary32(-1e-60)) == 1


def test_an_integer_constant_stays_exact() -> None:
    assert reference.constant(2**53) == {"law": "constant", "value": 2**53}


@pytest.mark.parametrize(
    "make",
    [
        lambda: reference.normal(std=1e-60),
        lambda: reference.normal(std=1e39),
        lambda: reference.normal(mean=math.nan),
        lambda: reference.uniform(1.0, 1.0),
        lambda: reference.uniform(1.0, 1.0 + 2**-40),
        lambda: reference.truncated_normal(low=5.5, high=7.0),
        lambda: reference.truncated_normal(low=-9.0, high=-5.5),
        lambda: reference.truncated_normal(low=2.0, high=1.0),
        lambda: reference.constant(math.inf),
    ],
)
def test_parameters_outside_the_law_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(LawError):
        make()


def test_the_values_of_a_law_are_a_scale_and_a_shift_of_its_draw() -> None:
    w = reference.words(1, 2, 0, 100)
    uniform = reference.law_values(reference.uniform(-1.0, 3.0), w)
    assert np.array_equal(uniform, reference.uniform_draw(w) * np.float32(2) + np.float32(1))
    normal = reference.law_values(reference.normal(mean=2.5, std=0.5), w)
    assert np.array_equal(normal, reference.normal_draw(w) * np.float32(0.5) + np.float32(2.5))
    constant = reference.law_values(reference.constant(0.1), w)
    assert np.array_equal(constant, np.full(100, np.float32(0.1)))


@pytest.mark.parametrize(
    ("dtype", "law"),
    [
        ("float16", reference.constant(65520.0)),
        ("float16", reference.normal(std=65520 / 6.35)),
        ("bfloat16", reference.constant(float.fromhex("0x1.ffp127"))),
        ("int8", reference.constant(128)),
        ("uint8", reference.constant(-1)),
        ("bool", reference.constant(2)),
        ("int64", reference.constant(2**53 + 1)),
        ("int32", reference.normal()),
        ("float32", {"law": "literal"}),
    ],
)
def test_a_dtype_that_cannot_hold_the_values_is_refused(dtype: str, law: reference.Law) -> None:
    with pytest.raises(LawError):
        reference.canonical_bytes(0, Tensor("w", dtype, (1,), law))


def test_an_unknown_dtype_is_refused() -> None:
    with pytest.raises(LawError, match="float8"):
        reference.item_size("float8")
