"""`winit.noise`, `winit.add_noise` and `winit.Perturbation` (docs/law.md, "The stream of noise")."""

from __future__ import annotations

import hashlib
import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import winit
from winit import reference
from winit.noising import adding, noise_recipe, perturbation

SEED = 2**63 + 11
SHAPE = (13, 40)


def stream(name: str, step: int) -> int:
    """The law's, by hashlib."""
    text = name if step == 0 else f"{name}\0{step}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def expected(step: int = 0, law: Any = None, shape: tuple[int, ...] = SHAPE) -> NDArray[np.float32]:
    words = reference.words(SEED, stream("h.0.w", step), 0, int(np.prod(shape)))
    return reference.law_values(reference.normal() if law is None else law, words).reshape(shape)


# --- noise -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["native", "numpy"])
@pytest.mark.parametrize("step", [0, 1, 12345])
def test_noise_is_the_law_in_the_stream_of_name_and_step(
    step: int, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINIT_BACKEND", backend)
    try:
        found = winit.noise(SEED, "h.0.w", SHAPE, step=step)
    except winit.Error as error:
        pytest.skip(f"there is no {backend} backend here: {error}")
    assert found.dtype == np.float32
    assert found.tobytes() == expected(step).tobytes()


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_noise_is_rounded_once_to_its_dtype(dtype: str) -> None:
    found = winit.noise(SEED, "h.0.w", SHAPE, dtype=dtype)
    assert found.dtype == dtype
    assert found.tobytes() == expected().astype(dtype).tobytes()
    bits = winit.noise(SEED, "h.0.w", SHAPE, dtype="bfloat16").view(np.uint16)
    assert bits.tobytes() == reference.float_bytes(expected(), "bfloat16")


@pytest.mark.parametrize("law", [reference.uniform(-1, 3), reference.truncated_normal(0, 2), reference.constant(0.5)])
def test_noise_has_any_elementwise_law(law: Any) -> None:
    assert winit.noise(SEED, "h.0.w", SHAPE, step=3, law=law).tobytes() == expected(3, law).tobytes()


@pytest.mark.parametrize(
    "index", [0, -1, (slice(2, 5), slice(7, 9)), (slice(None), 3), (2, 3), ..., (..., slice(39, None)), slice(4, 4)]
)
def test_an_index_gives_the_part_that_numpy_gives(index: Any) -> None:
    whole = expected(7)
    found = winit.noise(SEED, "h.0.w", SHAPE, step=7, index=index)
    assert found.shape == whole[index].shape
    assert np.array_equal(found, whole[index])
    out = np.zeros((*whole[index].shape, 2), np.float32)
    assert winit.noise(SEED, "h.0.w", SHAPE, step=7, index=index, out=out[..., 1]) is not None
    assert np.array_equal(out[..., 1], whole[index])
    assert not out[..., 0].any()


def test_a_slice_of_noise_too_large_for_memory_costs_only_the_slice() -> None:
    tracemalloc.start()
    found = winit.noise(1, "projection", (2**31, 2**20), index=(2**30 + 1, slice(5, 9)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    words = reference.words(1, stream("projection", 0), (2**30 + 1) * 2**20 + 5, 4)
    assert np.array_equal(found, reference.normal_draw(words))
    assert peak < 1 << 20


def test_what_is_not_valid_is_refused() -> None:
    small = np.zeros(3, np.float32)
    cases: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((-1, "w", SHAPE), {}),
        ((2**64, "w", SHAPE), {}),
        ((1.5, "w", SHAPE), {}),
        ((1, "w\0001", SHAPE), {}),
        ((1, "\ud800", SHAPE), {}),
        ((1, 7, SHAPE), {}),
        ((1, "w", (-1, 3)), {}),
        ((1, "w", (2.0,)), {}),
        ((1, "w", (2**40, 2**40)), {}),
        ((1, "w", SHAPE), {"step": -1}),
        ((1, "w", SHAPE), {"law": {"law": "eye", "value": 1.0}}),
        ((1, "w", SHAPE), {"law": {"law": "literal"}}),
        ((1, "w", SHAPE), {"law": {"law": "normal"}}),
        ((1, "w", SHAPE), {"dtype": "int32"}),
        ((1, "w", SHAPE), {"dtype": "no dtype"}),
        ((1, "w", (4,)), {"out": small}),
        ((1, "w", (4,)), {"out": small, "index": 0}),
        ((1, "w", (3,)), {"out": [0, 0, 0]}),
        ((1, "w", (3,)), {"out": np.zeros(3, np.int32)}),
    ]
    for args, options in cases:
        with pytest.raises(winit.BadInput):
            winit.noise(*args, **options)
    assert not small.any()
    with pytest.raises(IndexError):
        winit.noise(1, "w", SHAPE, index=13)


def test_the_recipe_of_noise_makes_boxes_of_it() -> None:
    recipe = noise_recipe(SEED, "h.0.w", SHAPE, step=2)
    assert np.array_equal(recipe.box((3, 5), (4, 6)), expected(2)[3:7, 5:11])


# --- add_noise -------------------------------------------------------------------------------------------------


def arrays(dtype: str, seed: int = 0) -> NDArray[Any]:
    values = np.random.default_rng(seed).normal(0, 0.05, SHAPE).astype(np.float32)
    if dtype == "bfloat16":
        ml_dtypes = pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 only with ml_dtypes")
        return values.astype(ml_dtypes.bfloat16)
    return values.astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_added_noise_is_the_product_in_binary32_and_one_sum(dtype: str) -> None:
    array = arrays(dtype)
    wide = np.float64 if dtype == "float64" else np.float32
    product = np.float32(0.3) * expected(5)
    exact = (array.astype(wide) + product.astype(wide)).astype(array.dtype)
    holder = np.zeros((*SHAPE, 3), array.dtype)
    holder[..., 1] = array
    view = holder[..., 1]
    assert winit.add_noise(view, SEED, "h.0.w", step=5, scale=0.3) is view
    assert view.tobytes() == exact.tobytes()
    assert not holder[..., 0].any() and not holder[..., 2].any()


def test_sums_of_narrow_dtypes_are_rounded_to_binary32_first() -> None:
    # As tensors have them. Some of 2^18 sums are rounded to another number then.
    start = np.random.default_rng(4).normal(0, 0.05, 1 << 18).astype(np.float16)
    change = np.float32(0.3) * winit.noise(SEED, "w", start.shape)
    found = winit.add_noise(start.copy(), SEED, "w", scale=0.3)
    assert np.array_equal(found, (start.astype(np.float32) + change).astype(np.float16))
    assert not np.array_equal(found, (start.astype(np.float64) + change).astype(np.float16))


def test_binary32_numbers_in_float64_come_back_exactly() -> None:
    start = arrays("float64")
    array = start.copy()
    for step in range(20):
        winit.add_noise(array, SEED, "h.0.w", step=step, scale=1e-3)
        winit.add_noise(array, SEED, "h.0.w", step=step, scale=-2e-3)
        winit.add_noise(array, SEED, "h.0.w", step=step, scale=1e-3)
    assert array.tobytes() == start.tobytes()


def test_float32_does_not_come_back_exactly_by_addition_alone() -> None:
    start = arrays("float32")
    array = winit.add_noise(start.copy(), SEED, "h.0.w", scale=1.0)
    winit.add_noise(array, SEED, "h.0.w", scale=-1.0)
    assert np.allclose(array, start, atol=1e-6)
    assert not np.array_equal(array, start)


def test_noise_is_added_to_arrays_of_many_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = winit.add_noise(np.zeros(SHAPE), SEED, "h.0.w")
    for tile in (7, 100):
        monkeypatch.setattr(adding, "_TILE", tile)
        assert np.array_equal(winit.add_noise(np.zeros(SHAPE), SEED, "h.0.w"), whole)


def test_what_noise_cannot_be_added_to_is_refused_and_unchanged() -> None:
    fixed = np.ones(3, np.float32)
    fixed.flags.writeable = False
    shared = np.broadcast_to(np.ones(1, np.float32), (3,))
    for array in (fixed, shared, np.ones(3, np.int64), [1.0], np.ones(3, np.complex64)):
        with pytest.raises(winit.BadInput):
            winit.add_noise(array, 1, "w")  # type: ignore[arg-type]
    array = np.ones(3, np.float32)
    for bad in (
        {"scale": float("nan")},
        {"scale": 1e39},
        {"scale": "x"},
        {"scale": None},
        {"scale": 10**400},
        {"step": -1},
    ):
        with pytest.raises(winit.BadInput):
            winit.add_noise(array, 1, "w", **bad)
    with pytest.raises(winit.BadInput):
        winit.Perturbation([array], 1)  # type: ignore[arg-type]
    assert np.array_equal(array, np.ones(3))


# --- Perturbation ----------------------------------------------------------------------------------------------

DTYPES = ["float64", "float32", "float16", "bfloat16"]


def hard(dtype: str) -> NDArray[Any]:
    """Values whose sums with noise round in every way: tiny, huge, of both signs, zero, infinite, NaN."""
    values = arrays(dtype).reshape(-1)
    largest = {"float64": 1e300, "float32": 3e38, "float16": 6e4, "bfloat16": 3e38}[dtype]
    special = [0.0, -0.0, 1e-7, -1e-7, largest, -largest, np.inf, -np.inf, np.nan, -np.nan, 5e-324, 1e-45, 1.0]
    with np.errstate(over="ignore", under="ignore"):
        values[: len(special)] = np.array(special).astype(values.dtype)
        values[20:60] = (np.logspace(-12, 2, 40)).astype(values.dtype)
    return values.reshape(SHAPE)


@pytest.mark.parametrize("scale", [1e-3, -1e-3, 1.0, 1e4, 1e-30])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_every_dtype_comes_back_exactly(dtype: str, scale: float) -> None:
    start = hard(dtype)
    array = start.copy()
    with winit.Perturbation({"h.0.w": array}, SEED, step=3) as z:
        z.scale = scale
        wanted = winit.add_noise(start.copy(), SEED, "h.0.w", step=3, scale=scale)
        assert array.tobytes() == wanted.tobytes()
        z.scale = -scale
        wanted = winit.add_noise(start.copy(), SEED, "h.0.w", step=3, scale=-scale)
        assert array.tobytes() == wanted.tobytes()
    assert z.scale == 0
    assert array.tobytes() == start.tobytes()


def test_the_update_is_that_of_add_noise() -> None:
    start = arrays("float32")
    array = start.copy()
    with winit.Perturbation({"h.0.w": array}, SEED, step=3) as z:
        z.scale = 1e-3
        z.add(-0.25)
        assert z.scale == 0
    assert array.tobytes() == winit.add_noise(start, SEED, "h.0.w", step=3, scale=-0.25).tobytes()


def test_arrays_come_back_after_an_error_in_the_block() -> None:
    start = arrays("float32")
    array = start.copy()
    with pytest.raises(ZeroDivisionError), winit.Perturbation({"h.0.w": array}, SEED) as z:
        z.scale = 0.1
        _ = 1 / 0
    assert array.tobytes() == start.tobytes()


@pytest.mark.parametrize("fails_at", [1, 2, 7, 8, 9, 14])
@pytest.mark.parametrize("function", ["_perturbed", "_restored"])
def test_an_interruption_at_any_tile_is_undone(function: str, fails_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "_TILE", 100)
    first, second = arrays("float32", 1), arrays("float16", 2)
    given = {"a": first.copy(), "b": second.copy()}  # seven tiles each
    z = winit.Perturbation(given, SEED)
    genuine: Any = getattr(perturbation, function)
    calls = iter(range(1, 1000))

    def interrupted(*args: Any) -> Any:
        if next(calls) == fails_at:
            raise KeyboardInterrupt
        return genuine(*args)

    monkeypatch.setattr(perturbation, function, interrupted)
    if function == "_restored":
        z.scale = 0.5
    with pytest.raises(KeyboardInterrupt):
        z.scale = 0.5 if function == "_perturbed" else 0
    z.restore()
    assert z.scale == 0
    assert given["a"].tobytes() == first.tobytes()
    assert given["b"].tobytes() == second.tobytes()


def test_arrays_that_were_changed_meanwhile_are_not_restored_wrongly() -> None:
    given = {"a": arrays("float32", 1), "b": arrays("float32", 2)}
    z = winit.Perturbation(given, SEED)
    z.scale = 0.5
    given["b"][3, 3] += 1
    kept = {name: array.copy() for name, array in given.items()}
    for attempt in (z.restore, lambda: z.add(1.0), lambda: setattr(z, "scale", 0.1)):
        with pytest.raises(winit.Error, match="`b` was changed while it was perturbed"):
            attempt()
        assert all(np.array_equal(given[name], kept[name]) for name in given)
    z.forget()
    z.scale = 0.1
    z.restore()
    assert all(np.array_equal(given[name], kept[name]) for name in given)


def test_corrections_take_a_byte_for_each_element() -> None:
    array = np.random.default_rng(1).normal(0, 0.02, 1 << 20).astype(np.float32)
    z = winit.Perturbation({"w": array}, SEED)
    tracemalloc.start()
    z.scale = 1e-3
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 1.1 * (1 << 20)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_arrays_of_one_element_and_of_none_are_perturbed(shape: tuple[int, ...]) -> None:
    array = np.ones(shape, np.float32)
    with winit.Perturbation({"w": array}, 1) as z:
        z.scale = 2.0
        assert np.array_equal(array, 1 + 2 * winit.noise(1, "w", shape))
    assert np.array_equal(array, np.ones(shape))


BASE = np.zeros((6, 8), np.float32)


@pytest.mark.parametrize(
    "given",
    [
        {"a": BASE, "b": BASE},
        {"a": BASE[:4], "b": BASE[3:]},
        {"a": BASE[:, :5], "b": BASE[:, 4:]},
        {"a": BASE, "b": np.zeros(3, np.float32), "c": BASE[5, 7:]},
        {"a": BASE[::-1], "b": BASE[2:3]},
        {"a": BASE[:, :4], "b": BASE[2:3, 4:], "c": BASE[4:, 3:5]},
    ],
)
def test_arrays_that_share_memory_are_refused(given: dict[str, NDArray[Any]]) -> None:
    with pytest.raises(winit.BadInput, match="share memory"):
        winit.Perturbation(given, 1)


def test_parts_of_one_array_that_do_not_meet_are_perturbed_apart() -> None:
    base = np.zeros((6, 8), np.float32)
    with winit.Perturbation({"a": base[:, :4], "b": base[:, 4:]}, 1) as z:
        z.scale = 1.0
        assert np.array_equal(base[:, 4:], winit.noise(1, "b", (6, 4)))
    assert not base.any()


def test_a_walk_of_mezo_finds_the_minimum_of_a_quadratic() -> None:
    goal = np.random.default_rng(3).normal(0, 1, 20).astype(np.float32)
    weights = {"w": np.zeros(20, np.float32)}

    def loss() -> float:
        return float(np.sum((weights["w"] - goal) ** 2))

    start = loss()
    for step in range(1, 400):
        with winit.Perturbation(weights, seed=42, step=step) as z:
            z.scale = 1e-3
            plus = loss()
            z.scale = -1e-3
            minus = loss()
        z.add(-0.01 * (plus - minus) / 2e-3)
    assert loss() < 1e-3 * start
