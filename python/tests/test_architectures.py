"""Initializations of known architectures as expressions, against their authors' formulas (docs/law.md, "Expressions").

The oracles are mpmath, and the formulas of the libraries in NumPy's binary64. Where both sides compute in binary64, the
element is the formula's value rounded to binary32, or its neighbor if the formula falls close to the middle: at most
half a unit of the last place, and a little for the errors of both sides.
"""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from winit import reference
from winit.reference import Doubles, DrawLaw, Law, Part, Tensor, Tree

DRAW, ROW, COLUMN = "draw", ["index", 0], ["index", 1]
HALF_ULP = 0.5 + 1e-6  # the errors in binary64 are some 2^-28 of a binary32 ulp


def made(shape: tuple[int, ...], law: Law) -> NDArray[np.float64]:
    data = reference.canonical_bytes(7, Tensor("w", "float32", shape, law))
    return reference.float_values(data, "float32").reshape(shape)


def draws_of(law: DrawLaw, count: int) -> list[float]:
    values: list[float] = reference.law_values(law, reference.words(7, reference.name_stream("w"), 0, count)).tolist()
    return values


def assert_rounded(values: NDArray[np.float64], exact: NDArray[np.float64] | list[mpmath.mpf]) -> None:
    """Each value is at most half a binary32 ulp from the exact one, which may be subnormal."""
    flat = exact.reshape(-1).tolist() if isinstance(exact, np.ndarray) else exact
    for value, true in zip(values.reshape(-1).tolist(), flat, strict=True):
        ulp = max(2.0 ** (math.frexp(float(true))[1] - 24), 2.0**-149)
        assert abs(value - true) <= HALF_ULP * ulp


# --- Draws -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("floor", [1e-4, 0.01])
def test_mambas_dt_bias_is_the_inverse_softplus_of_a_log_uniform_step(floor: float) -> None:
    draw = reference.uniform(math.log(0.001), math.log(0.1))
    step: Tree = ["max", ["exp", DRAW], floor]
    values = made((2000,), reference.expression(["+", step, ["log", ["neg", ["expm1", ["neg", step]]]]], draw))
    with mpmath.workdps(40):
        steps = [max(mpmath.exp(mpmath.mpf(u)), mpmath.mpf(floor)) for u in draws_of(draw, 2000)]
        assert_rounded(values, [mpmath.log(mpmath.expm1(dt)) for dt in steps])
    softplus = np.log1p(np.exp(values))
    assert softplus == pytest.approx(np.array([float(dt) for dt in steps]), rel=1e-6)
    assert softplus.min() >= floor * (1 - 1e-6)


def test_log_uniform_is_exp_of_a_uniform_logarithm_within_its_bounds() -> None:
    for low, high in ((0.001, 0.1), (0.9, 0.999), (1.0, 99.0), (0.1, 0.1000001)):
        law = reference.log_uniform(low, high)
        assert law["law"] == "expression"
        values = made((500,), law)
        with mpmath.workdps(40):
            exact = [min(max(mpmath.exp(mpmath.mpf(u)), low), high) for u in draws_of(law["draw"], 500)]
            assert_rounded(values, exact)
        assert np.float32(low) <= values.min() and values.max() <= np.float32(high)


def test_log_uniform_has_uniform_logarithms() -> None:
    """The largest distance of the distribution functions, over √n, is beyond 1.63 for 1% of the seeds."""
    values = np.sort(made((20000,), reference.log_uniform(0.001, 0.1)))
    distribution = (np.log(values) - math.log(0.001)) / math.log(100)
    steps = np.arange(20001) / 20000
    distance = max(np.abs(distribution - steps[1:]).max(), np.abs(distribution - steps[:-1]).max())
    assert distance * math.sqrt(20000) < 1.63


@pytest.mark.parametrize(("low", "high"), [(0, 16), (1, 16), (1, 99)])
def test_the_logarithm_of_a_uniform_number_is_that_of_mpmath(low: float, high: float) -> None:
    """A_log of Qwen3-Next and Mamba-2, and the chrono biases of forget gates."""
    draw = reference.uniform(low, high)
    drawn = draws_of(draw, 2000)
    with mpmath.workdps(40):
        exact = [mpmath.log(mpmath.mpf(u)) for u in drawn]
        assert_rounded(made((2000,), reference.expression(["log", DRAW], draw)), exact)
        negative = made((2000,), reference.expression(["neg", ["log", DRAW]], draw))
        assert_rounded(negative, [-x for x in exact])


def test_recurrent_gemmas_ring_is_that_of_its_formula() -> None:
    """The inverse softplus of -log of a radius that is uniform on a ring's area, from 0.9 to 0.999."""
    draw = reference.uniform(0.9**2 + 1e-8, 0.999**2 + 1e-8)
    values = made((256,), reference.expression(["log", ["expm1", ["neg", ["*", 0.5, ["log", DRAW]]]]], draw))
    with mpmath.workdps(40):
        logs = [mpmath.log(mpmath.mpf(u)) / 2 for u in draws_of(draw, 256)]
        assert_rounded(values, [mpmath.log(mpmath.exp(-x) - 1) for x in logs])
    radii = np.exp(-np.log1p(np.exp(values)))
    assert radii.min() > 0.9 and radii.max() < 0.9991


# --- Coordinates -----------------------------------------------------------------------------------------------


def test_mambas_a_log_is_the_logarithm_of_the_state_index() -> None:
    values = made((24, 16), reference.expression(["log", ["+", 1, COLUMN]]))
    assert_rounded(values, np.log(np.tile(np.arange(1, 17, dtype=np.float64), (24, 1))))


@pytest.mark.parametrize(("theta", "dim"), [(10000.0, 128), (500000.0, 128), (10000.0, 64), (1e6, 256)])
def test_rotary_frequencies_are_those_of_transformers(theta: float, dim: int) -> None:
    law = reference.expression(["/", 1, ["pow", theta, ["/", ["*", ROW, 2], dim]]])
    assert_rounded(made((dim // 2,), law), 1.0 / (theta ** (np.arange(0, dim, 2, dtype=np.float64) / dim)))


def alibi_slopes(heads: int) -> Doubles:
    """As `build_alibi_tensor` of transformers (BLOOM) has them."""
    closest = 2 ** math.floor(math.log2(heads))
    base = 2.0 ** (-(2.0 ** -(math.log2(closest) - 3)))
    slopes: Doubles = np.power(base, np.arange(1, 1 + closest, dtype=np.float64))
    if closest != heads:
        extra = 2.0 ** (-(2.0 ** -(math.log2(2 * closest) - 3)))
        rest = min(closest, heads - closest)
        slopes = np.concatenate([slopes, np.power(extra, np.arange(1, 1 + 2 * rest, 2, dtype=np.float64))])
    return slopes


@pytest.mark.parametrize("heads", [8, 16, 32, 12, 20, 112])
def test_alibi_slopes_are_those_of_transformers(heads: int) -> None:
    closest = 2 ** math.floor(math.log2(heads))
    slopes = reference.expression(["pow", 2, ["neg", ["/", ["*", 8, ["+", ROW, 1]], closest]]])
    parts: list[Part] = [{"box": [], "law": slopes}]
    if closest != heads:
        odd: Tree = ["+", ["*", 2, ROW], 1]
        extra = reference.expression(["pow", 2, ["neg", ["/", ["*", 4, odd], closest]]])
        parts.append({"box": [[closest, heads]], "law": extra})
    assert_rounded(made((heads,), {"law": "parts", "parts": parts}), alibi_slopes(heads))


def test_whispers_sinusoids_are_those_of_transformers() -> None:
    """Sines in the left half and cosines in the right, with `channels / 2 - 1` steps up to the longest time scale."""
    length, channels, longest = 1500, 384, 10000.0
    half = channels // 2
    scale: Tree = ["exp", ["*", ["neg", ["/", ["log", longest], half - 1]], COLUMN]]
    angle: Tree = ["*", ROW, scale]
    parts: list[Part] = [
        {"box": [], "law": reference.expression(["sin", angle])},
        {"box": [[0, length], [half, channels]], "law": reference.expression(["cos", angle])},
    ]
    values = made((length, channels), {"law": "parts", "parts": parts})
    times = np.arange(length)[:, None] * np.exp(-(math.log(longest) / (half - 1)) * np.arange(half))[None, :]
    expected = np.concatenate([np.sin(times), np.cos(times)], axis=1)
    # An angle up to 1500 is off by some 2^-43 on either side, whatever the size of its sine.
    assert np.abs(values - expected.astype(np.float32)).max() <= 2.0**-24
    assert np.abs(values - expected).max() <= 2.0**-25 + 2.0**-42


@pytest.mark.parametrize("theta", [10000.0, 100.0])
def test_interleaved_sinusoids_are_those_of_attention_is_all_you_need(theta: float) -> None:
    length, channels = 512, 128
    pair: Tree = ["floor", ["*", COLUMN, 0.5]]
    angle: Tree = ["/", ROW, ["pow", theta, ["/", ["*", pair, 2], channels]]]
    is_odd: Tree = ["-", COLUMN, ["*", 2, pair]]
    tree: Tree = ["+", ["*", ["-", 1, is_odd], ["sin", angle]], ["*", is_odd, ["cos", angle]]]
    values = made((length, channels), reference.expression(tree))
    angles = np.arange(length)[:, None] / theta ** (np.arange(0, channels, 2, dtype=np.float64) / channels)[None, :]
    expected = np.empty((length, channels))
    expected[:, 0::2], expected[:, 1::2] = np.sin(angles), np.cos(angles)
    assert np.abs(values - expected).max() <= 2.0**-25 + 2.0**-43


@pytest.mark.parametrize(("start", "stop", "count"), [(3.0, 6.0, 64), (-1.0, 1.0, 61), (0.0, 1.0, 2)])
def test_linspace_is_that_of_numpy(start: float, stop: float, count: int) -> None:
    """XLSTM's forget gates: from 3 to 6."""
    law = reference.expression(["+", start, ["*", ROW, ["/", ["-", stop, start], count - 1]]])
    values = made((count,), law)
    assert np.abs(values - np.linspace(start, stop, count)).max() <= 2.0**-24 * max(abs(start), abs(stop))
    assert (values[0], values[-1]) == (start, stop)


def test_rwkvs_decay_speeds_need_a_base_above_0() -> None:
    """-5 + 8 × (h ÷ (n - 1)) ^ 1.025: pow has no base 0 with an exponent that is not whole, so a tiny one is used."""
    n, exponent = 64, 0.7 + 1.3 * 0.25
    base: Tree = ["max", ["/", ROW, n - 1], 1e-300]
    values = made((n,), reference.expression(["+", -5, ["*", 8, ["pow", base, exponent]]]))
    assert_rounded(values, -5 + 8 * (np.arange(n) / (n - 1)) ** exponent)


# --- Norms and mirrors -----------------------------------------------------------------------------------------


def test_wav2vec2s_weight_norm_over_axis_2_has_the_norms_of_the_other_axes() -> None:
    v = Tensor("v", "float32", (16, 4, 9), reference.normal(std=0.1))
    law: Law = {"law": "norm_of", "axes": [0, 1], "name": "v"}
    data = reference.canonical_bytes(7, Tensor("g", "float32", (1, 1, 9), law, source=v))
    values = reference.float_values(reference.canonical_bytes(7, v), "float32").reshape(v.shape)
    exact = np.sqrt((values**2).sum(axis=(0, 1)))
    assert_rounded(reference.float_values(data, "float32"), exact)


def test_chrono_biases_of_input_gates_mirror_those_of_forget_gates() -> None:
    draw = reference.uniform(1, 99)
    stream = str(reference.name_stream("chrono"))
    forget: Part = {"box": [[64, 128]], "law": reference.expression(["log", DRAW], draw), "stream": stream}
    inputs: Part = {"box": [[0, 64]], "law": reference.expression(["neg", ["log", DRAW]], draw), "stream": stream}
    whole: Part = {"box": [], "law": reference.constant(0.0)}
    values = made((256,), {"law": "parts", "parts": [whole, inputs, forget]})
    assert np.array_equal(values[:64], -values[64:128])
    assert values[64:128].min() > 0 and values[64:128].max() < math.log(99)
    assert np.all(values[128:] == 0)
