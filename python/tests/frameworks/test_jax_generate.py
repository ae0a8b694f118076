"""winit.jax.generate: the law inside jit has the bits of the reference, whatever XLA fuses or reorders."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import winit
from jax_support import FAST_MATH, bits_by_law, bits_of, recipe_of, run_in_child
from law_table import DRAWS
from winit import reference

jax = pytest.importorskip("jax")

from winit.jax import generate  # noqa: E402
from winit.jax.in_jit import wide  # noqa: E402
from winit.jax.in_jit.exact import Exact  # noqa: E402
from winit.jax.in_jit.generating import draw_values  # noqa: E402
from winit.jax.in_jit.philox import Region, hidden_zero, words  # noqa: E402
from winit.jax.in_jit.storing import stored  # noqa: E402

DTYPES = ("float32", "bfloat16", "float16")
DRAWN = [name for name in DRAWS if "subnormal" not in name and name != "normal smallest"]
TINY = ["normal subnormal", "normal smallest", "uniform subnormal"]


@pytest.mark.parametrize("name", [*DRAWN, "constant subnormal"])
def test_elements_generated_inside_jit_are_those_of_the_law(name: str) -> None:
    dtypes = DTYPES if name.endswith("aside") or name.startswith("constant") else ("float32",)
    recipes = [recipe_of(DRAWS[name], (64, 256), dtype) for dtype in dtypes]
    arrays = jax.jit(lambda: [generate(recipe) for recipe in recipes])()
    for recipe, made in zip(recipes, arrays, strict=True):
        assert str(made.dtype) == recipe.dtype and made.shape == recipe.shape
        assert np.count_nonzero(bits_of(made) != bits_by_law(recipe)) == 0, recipe.dtype


@pytest.mark.parametrize("name", ["normal mean", "uniform aside", *(name for name in DRAWN if "truncated" in name)])
def test_the_first_last_and_middle_words_give_the_values_of_the_law(name: str) -> None:
    # There the tails are smallest, two tails are a rounding apart, or the sign changes.
    middles = [0, 1 << 23, 1 << 24, 1 << 30, 1 << 31, 3 << 30, (1 << 32) - (1 << 24)]
    near = np.array([middle + offset for middle in middles for offset in range(-40, 40)], np.int64).astype(np.uint32)
    law: Any = DRAWS[name]

    def values(word: Any) -> Any:
        return draw_values(law, word, hidden_zero(word, word * np.uint32(2654435761)))

    assert np.array_equal(bits_of(jax.jit(values)(near)), bits_of(reference.law_values(law, near)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_are_rounded_to_nearest_with_ties_to_even_also_to_subnormal_numbers(dtype: str) -> None:
    # Every exponent that float16 holds and some below, with digits at and beside the ties of float16 and bfloat16.
    digits = np.array(
        [0, 1, 0xFFF, 0x1000, 0x1001, 0x2FFF, 0x3000, 0x7FFF, 0x8000, 0x8001, 0x18000, 0x7FE000], np.uint32
    )
    exponents = np.arange(95, 142, dtype=np.uint32)[:, None] << np.uint32(23)
    shifted = np.array([0x400000, 0x400001, 0x3FFFFF, 0x600000, 0x7FFFFF >> 1], np.uint32)  # ties of small float16
    positive = (exponents | np.concatenate([digits, shifted])).view(np.float32).reshape(-1)
    values = np.concatenate([positive, -positive, np.zeros(1, np.float32)])
    made = jax.jit(lambda x: stored(x, dtype))(values)
    expected = np.frombuffer(reference.float_bytes(values, dtype), f"<u{made.dtype.itemsize}")
    assert np.array_equal(bits_of(made), expected)


def test_the_bits_do_not_depend_on_fast_math_which_reorders_plain_sums() -> None:
    assert run_in_child("generate_with_fast_math", FAST_MATH) == "equal"


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (5,), (1, 1, 2, 1), (3, 1, 5, 7)])
def test_every_shape_has_the_elements_of_the_law(shape: tuple[int, ...]) -> None:
    recipe = recipe_of(reference.normal(-1.25, 0.3), shape)
    assert np.array_equal(bits_of(jax.jit(lambda: generate(recipe))()), bits_by_law(recipe))


def test_a_sum_with_0_is_made_so_that_no_element_is_minus_0() -> None:
    # XLA drops a sum with a constant 0. Half of the products are -0 here, and -0 + 0 is +0.
    recipe = recipe_of(reference.normal(0.0, 0.0), (4, 16))
    assert not bits_by_law(recipe).any()
    assert not bits_of(jax.jit(lambda: generate(recipe))()).any()


def test_parts_lie_over_earlier_parts_with_their_own_streams() -> None:
    base, other = reference.normal(std=0.5), reference.uniform(-0.1, 0.3)
    gates: list[Any] = [{"box": [[3 * k, 3 * k + 3]], "law": reference.uniform(-k - 1.0, 1.0)} for k in range(4)]
    divided: list[tuple[tuple[int, ...], list[Any]]] = [
        ((9, 5), [{"box": [], "law": base}, {"box": [[3, 4]], "law": reference.constant(0.0)}]),
        ((12, 4), [{"box": [], "law": base}, *gates]),
        ((6, 7), [{"box": [], "law": base}, {"box": [[1, 5], [2, 6]], "law": other, "stream": "12"}]),
        ((6, 7), [{"box": [], "law": base}, {"box": [[2, 2]], "law": base}, {"box": [[0, 6], [0, 7]], "law": other}]),
        ((3, 4, 5), [{"box": [], "law": other}, {"box": [[0, 2], [1, 3], [4, 5]], "law": base, "stream": "7"}]),
    ]
    for shape, parts in divided:
        law: Any = {"law": "parts", "parts": parts}
        recipe = recipe_of(law, shape, "bfloat16")
        assert np.array_equal(bits_of(jax.jit(lambda r=recipe: generate(r))()), bits_by_law(recipe)), parts


@pytest.mark.parametrize(
    ("shape", "offset", "size"),
    [
        ((1 << 21, 1 << 21, 3), (123_456, (1 << 21) - 2, 0), (2, 2, 3)),
        ((1 << 33,), ((1 << 32) - 3,), (7,)),  # the lower half of the index passes 2^32 within the box
        ((5, 1 << 32), (1, (1 << 32) - 2), (3, 2)),  # the strides have an upper half
        ((1 << 62, 2), ((1 << 62) - 2, 0), (2, 2)),
    ],
)
def test_words_far_beyond_2_to_the_32_are_those_of_philox(
    shape: tuple[int, ...], offset: tuple[int, ...], size: tuple[int, ...]
) -> None:
    seed, stream = 2**64 - 59, 2**63 + 12345
    made, zero = jax.jit(lambda: words(Region.of_box(seed, stream, shape, offset, size)))()
    index = []
    for place in itertools.product(*(range(start, start + length) for start, length in zip(offset, size, strict=True))):
        flat = 0
        for coordinate, length in zip(place, shape, strict=True):
            flat = flat * length + coordinate
        index.append(flat)
    expected = reference.words_at(seed, stream, np.array(index, np.uint64))
    assert np.asarray(made).reshape(-1).tolist() == expected.tolist()
    assert not np.asarray(zero).any()


def test_the_hidden_zero_is_0_for_all_residues() -> None:
    # 7a² - 1 and b² modulo 2^32 agree only if they agree modulo 8.
    a, b = np.meshgrid(np.arange(8, dtype=np.uint32), np.arange(8, dtype=np.uint32) + np.uint32(2**32 - 8))
    assert not np.asarray(hidden_zero(jax.numpy.asarray(a), jax.numpy.asarray(b))).any()


def test_quotients_are_rounded_to_nearest_whatever_the_division_of_the_processor_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a = np.random.default_rng(1).uniform(0.5, 900, 1 << 14).astype(np.float32)
    b = np.random.default_rng(2).uniform(0.5, 900, 1 << 14).astype(np.float32)
    b[:3], a[:3] = (1, 3, 3), (1, 1, np.nextafter(np.float32(3), np.float32(0)))
    kept = Exact._kept
    for error in (-3, -1, 0, 1, 3):  # what a division that is not exact is off by, in units of the last place
        # Only the division calls this here.
        monkeypatch.setattr(Exact, "_kept", lambda self, x, e=error: kept(self, x + e * jax.numpy.spacing(x)))
        made = jax.jit(lambda: Exact(jax.numpy.zeros(a.shape, "uint32")).divide(a, b))()
        assert np.array_equal(np.asarray(made), a / b), error


def test_wide_integers_round_as_binary64_and_binary32_do() -> None:
    rng, count = random.Random(7), 3
    numbers = [rng.getrandbits(length) | 1 << length - 1 for length in range(1, 95) for _ in range(20)]
    for digits in (24, 53):  # ties, and what is beside them, in every place
        ones = [(rng.getrandbits(digits) | 1 << digits - 1) for _ in range(30)]
        numbers += [
            (one << places) + (1 << places - 1) + beside
            for one, places in itertools.product(ones, range(2, 94 - digits))
            for beside in (-1, 0, 1)
        ]
        numbers += [(1 << length) - 1 for length in range(1, 95)]  # rounds up to the next power of two
    split = [np.array([number >> 32 * place & 0xFFFFFFFF for number in numbers], np.uint32) for place in range(count)]
    for digits in (24, 53):
        made = [np.asarray(limb).tolist() for limb in jax.jit(lambda x, n=digits: wide.rounded(x, n))(split)]
        found = [sum(limb << 32 * place for place, limb in enumerate(limbs)) for limbs in zip(*made, strict=True)]
        assert found == [_nearest(number, digits) for number in numbers]
    single = np.asarray(jax.jit(lambda x: wide.to_binary32(x, -88))(split)).view(np.float32)
    assert [float(value) for value in single] == [math.ldexp(_nearest(number, 24), -88) for number in numbers]


def _nearest(number: int, digits: int) -> int:
    """Rounds to a number of significant bits, to nearest, ties to even."""
    places = max(number.bit_length() - digits, 0)
    return round(Fraction(number, 1 << places)) << places  # Python rounds fractions half to even


def test_float64_is_generated_where_jax_has_it_and_else_refused() -> None:
    recipe = recipe_of(reference.truncated_normal(0.1, 0.02), (16, 16), "float64")
    with pytest.raises(winit.BadInput, match="jax_enable_x64"):
        jax.jit(lambda: generate(recipe))()
    with jax.enable_x64(True):
        assert np.array_equal(bits_of(jax.jit(lambda: generate(recipe))()), bits_by_law(recipe))


def test_the_elements_are_the_same_outside_jit_in_vmap_and_beside_other_operations() -> None:
    recipe = recipe_of(reference.normal(-1.25, 0.3), (8, 16))
    expected = bits_by_law(recipe)
    assert np.array_equal(bits_of(generate(recipe)), expected)
    repeated = jax.jit(jax.vmap(lambda x: generate(recipe) + x))(np.zeros(2, np.float32))
    assert np.array_equal(bits_of(repeated[1]), expected)
    both = jax.jit(lambda x: (generate(recipe), generate(recipe) @ x))(np.ones((16, 2), np.float32))
    assert np.array_equal(bits_of(both[0]), expected)


def test_a_tied_tensor_has_the_elements_of_its_target_and_integers_their_constant() -> None:
    laws: Any = {
        "w": ("float32", (8, 16), reference.normal(-1.25, 0.3)),
        "tied": ("float32", (8, 16), {"law": "same_as", "name": "w"}),
        "steps": ("int32", (3,), reference.constant(-7)),
        "mask": ("bool", (2,), reference.constant(1)),
    }
    recipe = winit.Recipe.from_laws(5, laws)
    made = jax.jit(lambda: {name: generate(tensor) for name, tensor in recipe.items()})()
    assert np.array_equal(bits_of(made["tied"]), bits_by_law(recipe["w"]))
    assert made["steps"].dtype == "int32" and made["steps"].tolist() == [-7, -7, -7]
    assert made["mask"].dtype == "bool" and made["mask"].tolist() == [True, True]


@pytest.mark.parametrize("name", TINY)
def test_a_law_whose_draws_xla_would_flush_to_zero_is_refused(name: str) -> None:
    with pytest.raises(winit.BadInput, match="make_array"):
        jax.jit(lambda: generate(recipe_of(DRAWS[name], (4,))))()


def test_a_law_that_is_not_generated_inside_jit_is_refused_by_name() -> None:
    orthogonal: Any = {"law": "orthogonal", "gain": 1.0, "rows": 4}
    rare: Any = {**reference.truncated_normal(), "beta": 1e-200, "alpha": 0.0}
    with pytest.raises(winit.BadInput, match=r"beta 1e-200.*make_array"):
        generate(recipe_of(rare, (4, 4)))
    for law in (orthogonal, reference.expression(["exp", "draw"], reference.normal())):
        with pytest.raises(winit.BadInput, match=f"law {law['law']}, which is not generated inside jit.*make_array"):
            generate(recipe_of(law, (4, 4)))
