"""The functions of expressions (docs/law.md, "Functions")."""

from __future__ import annotations

import hashlib
import math

import mpmath
import numpy as np
import pytest

from winit import reference
from winit.reference import Doubles, LawError
from winit.reference.powers import is_repeated

SUBNORMAL = 2.0**-1060


def unit() -> Doubles:
    """The middles of 2^20 equal parts of [0, 1]."""
    return (np.arange(1 << 20, dtype=np.float64) + 0.5) / np.float64(1 << 20)


def sweep(name: str) -> Doubles:
    u = unit()
    operands = {
        "exp": [u * 60 - 30],
        "log": [u * 1000],
        "log1p": [u * 4 - 0.999],
        "expm1": [u * 20 - 10],
        "tanh": [u * 12 - 6],
        "sin": [u * 2e6 - 1e6],
        "cos": [u * 2e6 - 1e6],
        "pow": [u * 50, u * 8 - 4],
    }
    return reference.apply(name, *operands[name])


def apply1(name: str, *operands: float) -> float:
    return float(reference.apply(name, *(np.array([x], dtype=np.float64) for x in operands))[0])


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("exp", "47d2a10b89eb6f5d"),
        ("log", "7278754cdecffa3e"),
        ("log1p", "562f1fbec322e0ff"),
        ("expm1", "ac20c7dad5ec98de"),
        ("tanh", "415013f90ad1a35d"),
        ("sin", "71c7ad65a359b729"),
        ("cos", "9e9d071e18a87318"),
        ("pow", "c2744ba206dee195"),
    ],
)
def test_a_function_gives_the_digest_that_the_law_prints(name: str, digest: str) -> None:
    assert hashlib.sha256(sweep(name).astype("<f8").tobytes()).hexdigest()[:16] == digest


@pytest.mark.parametrize(
    ("name", "operands", "value"),
    [
        ("exp", ["-0x1.b611ab2bcdf83p+4"], "0x1.6a09e667f3bd3p-40"),
        ("exp", ["-708.5"], "0x0.e6cf6d08897acp-1022"),
        ("sin", ["-0x1.876c3d4161ca5p+11"], "-0x1.6a09e667f3c9p-1"),
        ("sin", ["0x1p20"], "0x1.526ccb2fc8656p-2"),
        ("cos", ["0x1p20"], "0x1.e33ada92fe2aep-1"),
        ("pow", ["5", "1"], "5"),
        ("pow", ["-2", "3"], "-8"),
        ("pow", ["2", "-2"], "0.25"),
    ],
)
def test_a_function_gives_the_values_that_the_law_prints(name: str, operands: list[str], value: str) -> None:
    numbers = [float.fromhex(text) if "x" in text else float(text) for text in operands]
    assert apply1(name, *numbers) == (float.fromhex(value) if "x" in value else float(value))


@pytest.mark.parametrize(
    ("count", "value"), [(8, "0x1.ce4ca86aa844ep+1"), (1000, "0x1.6534ed1269a17p+5"), (65536, "0x1.6a06a5938a295p+8")]
)
def test_a_norm_is_the_one_that_the_law_prints(count: int, value: str) -> None:
    values = reference.apply("log", (np.arange(count, dtype=np.float64) + 0.5) / count)
    assert float(reference.norm(values)) == float.fromhex(value)


@pytest.mark.parametrize("count", range(41))
def test_a_norm_adds_its_squares_in_eight_sums(count: int) -> None:
    values = reference.normal_draw(reference.words(7, 0, 0, count)).astype(np.float64)
    s = [0.0] * 8
    for i, v in enumerate(values.tolist()):
        s[i % 8] += v * v
    total = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
    assert float(reference.norm(values)) == math.sqrt(total)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 257])
def test_a_norm_is_that_of_exact_arithmetic(count: int) -> None:
    values = np.random.default_rng(5).normal(size=count)
    exact = mpmath.sqrt(mpmath.fsum([mpmath.mpf(x) ** 2 for x in values.tolist()]))
    assert float(reference.norm(values)) == pytest.approx(float(exact), rel=1e-14)


def spread(low: float, high: float, count: int, seed: int) -> list[float]:
    """Random numbers of [low, high], and of both signs of magnitudes down to 1e-300 where the interval has them."""
    random = np.random.default_rng(seed)
    numbers: list[float] = random.uniform(low, high, count).tolist()
    tiny: list[float] = (10.0 ** random.uniform(-300, 0, count)).tolist()
    return numbers + [x for y in tiny for x in (y, -y) if low <= x <= high]


def error(computed: float, exact: mpmath.mpf) -> float:
    """The error in units of the last place of the exact value, subnormal ones included."""
    return float(abs(mpmath.mpf(computed) - exact) / mpmath.mpf(math.ulp(float(exact))))


@pytest.mark.parametrize(
    ("name", "exact", "bound", "inputs"),
    [
        ("exp", mpmath.exp, 1.06, [*spread(-745, 709.7, 3000, 1), 0.0, -745.0, 709.78, -708.5]),
        ("log", mpmath.log, 0.78, [*spread(0, 1e3, 3000, 2), 5e-324, SUBNORMAL, 1.0, 1.7e308, 1 + 2**-52, 1 - 2**-53]),
        ("log1p", mpmath.log1p, 2.2, [*spread(-1, 4, 3000, 3), 1e300, -1 + 2.0**-53, 5e-324, 2.0**-53]),
        ("expm1", mpmath.expm1, 2.2, [*spread(-50, 700, 3000, 4), *spread(-1, 1, 3000, 5), 5e-324, 2.0**-53]),
        ("tanh", mpmath.tanh, 3.0, [*spread(-25, 25, 3000, 6), *spread(-1, 1, 3000, 7), 5e-324, 1e300, -1e300]),
    ],
)
def test_a_function_is_as_accurate_as_the_law_states(
    name: str, exact: object, bound: float, inputs: list[float]
) -> None:
    with mpmath.workdps(60):
        computed = reference.apply(name, np.array(inputs)).tolist()
        worst = max(error(y, exact(mpmath.mpf(x))) for x, y in zip(inputs, computed, strict=True))  # type: ignore[operator]
    assert worst <= bound


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sin_and_cos_are_as_accurate_as_the_law_states(name: str) -> None:
    inputs = [*spread(-(2.0**20), 2.0**20, 3000, 8), *spread(-7, 7, 3000, 9), 2.0**20, -(2.0**20)]
    inputs += [k * math.pi / 4 for k in range(-40, 41)]
    with mpmath.workdps(60):
        computed = reference.apply(name, np.array(inputs)).tolist()
        pairs = zip(inputs, computed, strict=True)
        worst = max(abs(mpmath.mpf(y) - getattr(mpmath, name)(mpmath.mpf(x))) for x, y in pairs)
    assert worst <= mpmath.mpf(1.6) * mpmath.mpf(2) ** -53


def test_pow_is_as_accurate_as_the_law_states() -> None:
    """Each unit of |y log x| adds at most 2.56 ulp to the error of exp, by the errors of log and of the product."""
    random = np.random.default_rng(10)
    x = 10.0 ** random.uniform(-8, 8, 4000)
    y = np.concatenate([random.uniform(-30, 30, 2000), random.integers(-30, 31, 2000).astype(np.float64)])
    computed = reference.apply("pow", x, y).tolist()
    with mpmath.workdps(60):
        for base, exponent, value in zip(x.tolist(), y.tolist(), computed, strict=True):
            exact = mpmath.power(mpmath.mpf(base), mpmath.mpf(exponent))
            assert error(value, exact) <= 2.56 * abs(exponent * math.log(base)) + 1.06


def test_whole_exponents_up_to_64_are_repeated_multiplication() -> None:
    assert is_repeated(np.array([64.0, -64.0, 65.0, 0.5, 0.0])).tolist() == [True, True, False, False, True]
    for x in (-1.5, 0.1, 3.0):
        product = x
        for n in range(2, 65):
            product *= x
            assert apply1("pow", x, float(n)) == product
            assert apply1("pow", x, float(-n)) == 1 / product
    assert apply1("pow", 0.0, 0.0) == 1
    assert apply1("pow", -3.0, 0.0) == 1
    assert apply1("pow", 1e10, -40.0) == 0


def test_zeros_have_the_signs_that_the_law_states() -> None:
    positive = {"tanh": -0.0, "sin": -0.0}
    negative = {"log1p": -0.0, "expm1": -0.0, "floor": -0.0, "sqrt": -0.0, "neg": 0.0}
    for name, x in positive.items():
        assert math.copysign(1, apply1(name, x)) == 1, name
    for name, x in negative.items():
        assert math.copysign(1, apply1(name, x)) == -1, name
    assert math.copysign(1, apply1("min", 0.0, -0.0)) == -1  # not less, so the second
    assert math.copysign(1, apply1("min", -0.0, 0.0)) == 1
    assert math.copysign(1, apply1("max", -0.0, 0.0)) == 1
    assert math.copysign(1, apply1("max", 0.0, -0.0)) == -1


def test_operations_outside_their_domain_are_refused() -> None:
    for name, operands in [
        ("log", (0.0,)),
        ("log", (-1.0,)),
        ("log1p", (-1.0,)),
        ("sqrt", (-5e-324,)),
        ("sin", (1048576.0000000002,)),
        ("cos", (-1048576.0000000002,)),
        ("/", (1.0, 0.0)),
        ("/", (1.0, -0.0)),
        ("pow", (-2.0, 0.5)),
        ("pow", (-2.0, 65.0)),
        ("pow", (0.0, -1.0)),
        ("pow", (0.0, 0.5)),
        ("pow", (-0.0, -2.0)),
    ]:
        with pytest.raises(LawError, match=r"element 0: .* outside the domain"):
            apply1(name, *operands)


def test_results_that_are_not_finite_are_refused() -> None:
    for name, operands in [
        ("exp", (710.0,)),
        ("expm1", (710.0,)),
        ("+", (1.7e308, 1.7e308)),
        ("*", (1e200, -1e200)),
        ("/", (1e200, 1e-200)),
        ("pow", (10.0, 400.0)),
        ("pow", (1e10, 40.0)),
        ("pow", (1e-10, -40.0)),
    ]:
        with pytest.raises(LawError, match=r"element 0: .* is not finite"):
            apply1(name, *operands)


def test_the_error_names_the_first_element_outside_the_domain() -> None:
    with pytest.raises(LawError, match="element 2: log"):
        reference.apply("log", np.array([1.0, 2.0, 0.0, -1.0]))


@pytest.mark.parametrize(("name", "operands"), [("sinh", 1), ("exp", 2), ("pow", 1)])
def test_an_unknown_operation_is_refused(name: str, operands: int) -> None:
    with pytest.raises(LawError, match="there is no operation"):
        apply1(name, *[1.0] * operands)
