"""The unit draws U, Q and T, and Φ (docs/law.md, "Unit draws")."""

from __future__ import annotations

import math

import numpy as np
import pytest

from winit import reference
from winit.reference import Words
from winit.reference.unit_draws import f32

EDGES: Words = np.array([0, 1, 255, 256, 0x7FFFFFFF, 0x80000000, 0xFFFFFF00, 0xFFFFFFFF], dtype=np.uint32)


def sample() -> Words:
    return np.concatenate([EDGES, reference.words(3, 4, 0, 10_000)])


def test_q_gives_the_draws_that_the_law_prints() -> None:
    expected = [
        "0x1.973736p-1", "0x1.d7080cp-5", "0x1.b90b2ep-2", "-0x1.3865bcp-7",
        "-0x1.f53cep-5", "0x1.9029d2p-2", "0x1.b1c02ap+0", "0x1.b771eep+0",
    ]  # fmt: skip
    drawn = reference.normal_draw(reference.words(42, 1234567891234, 0, 8))
    assert drawn.tolist() == [float.fromhex(text) for text in expected]


def test_u_takes_odd_multiples_of_2_to_the_minus_24_between_minus_1_and_1() -> None:
    drawn = reference.uniform_draw(sample())
    assert drawn.dtype == np.float32
    scaled = drawn.astype(np.float64) * 2**24
    assert np.all(scaled % 2 == 1)
    assert np.all(np.abs(drawn) < 1)


def test_u_and_q_are_odd_functions() -> None:
    w = sample()
    assert np.array_equal(reference.uniform_draw(~w), -reference.uniform_draw(w))
    assert np.array_equal(reference.normal_draw(~w), -reference.normal_draw(w))


def test_the_largest_magnitude_of_q_is_the_one_that_the_law_states() -> None:
    assert float(reference.normal_draw(np.array([0], dtype=np.uint32))[0]) == pytest.approx(-6.337958, abs=1e-6)


def test_q_is_the_normal_quantile() -> None:
    w = sample()
    drawn = reference.normal_draw(w).astype(np.float64)
    for word, z in zip(w.tolist(), drawn.tolist(), strict=True):
        assert 0.5 * math.erfc(-z / math.sqrt(2)) == pytest.approx((word + 0.5) / 2**32, rel=2e-5, abs=1e-16)


@pytest.mark.parametrize(("low", "high"), [(-2.0, 2.0), (0.5, 4.75), (-0.01, 0.01)])
def test_t_is_the_quantile_within_its_cuts(low: float, high: float) -> None:
    alpha, beta = reference.phi(low), reference.phi(high)
    w = sample()
    drawn = reference.truncated_draw(w, alpha, beta, low, high)
    assert drawn.dtype == np.float32
    assert np.all((drawn >= np.float32(low)) & (drawn <= np.float32(high)))
    middle = reference.truncated_draw(np.array([0x80000000], dtype=np.uint32), alpha, beta, low, high)
    assert reference.phi(float(middle[0])) == pytest.approx((alpha + beta) / 2, abs=1e-6)


def test_a_tail_probability_of_0_gives_the_number_that_the_law_prints() -> None:
    zero, one = np.zeros(1, np.float32), np.ones(1, np.float32)
    assert reference.core(zero, one).tolist() == [float.fromhex("0x1.a495f2p+3")]


def test_a_float_literal_that_binary32_cannot_hold_is_refused() -> None:
    assert f32("0x1.fffffep-1") == np.float32(1) - np.float32(2**-24)
    with pytest.raises(ValueError, match="binary32"):
        f32("0x1.fffffffp-1")


def test_phi_gives_the_number_that_the_law_prints() -> None:
    assert reference.phi(-2.0) == 0.02275013194817921
    assert reference.phi(0.0) == 0.5
    assert reference.phi(40.0) == 1.0


@pytest.mark.parametrize("x", [-8.0, -3.25, -1.0, 0.1, 2.0, 5.0])
def test_phi_agrees_with_the_c_library_where_that_is_accurate(x: float) -> None:
    assert reference.phi(x) == pytest.approx(0.5 * math.erfc(-x / math.sqrt(2)), rel=1e-14)
