"""Boxes and ranges of tensors are made alone, and are those of the whole (docs/law.md)."""

from __future__ import annotations

import random
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from winit import reference
from winit.reference import ExpressionLaw, Law, LawError, Part, PartsLaw, Tensor, elements, generator, lanes

SEED = 7
BASE: Part = {"box": [], "law": reference.normal(std=0.5)}
WAVE = reference.expression(["+", "draw", ["*", ["index", 0], ["cos", ["index", 1]]]], reference.normal())
RAMP: ExpressionLaw = {"law": "expression", "tree": ["+", ["*", 100, ["index", 0]], ["index", 1]]}


def parts(*others: Part) -> PartsLaw:
    return {"law": "parts", "parts": [BASE, *others]}


LAWS: list[tuple[tuple[int, ...], Law]] = [
    ((5, 7, 6), reference.normal(mean=0.25, std=0.5)),
    ((4, 1, 3, 5), reference.uniform(-1.0, 2.0)),
    ((40,), reference.truncated_normal()),
    ((3, 1030), reference.normal()),  # extents that are made one after the other
    ((), reference.normal()),
    ((1,), reference.uniform(0.0, 1.0)),
    ((3, 4), reference.constant(0.1)),
    ((9, 8), WAVE),
    ((6, 5, 4), RAMP),
    ((7, 9), {"law": "eye", "value": 0.5}),
    ((4, 7, 3), {"law": "eye", "value": 0.5, "batch": [2]}),
    ((6, 2, 3, 4), {"law": "dirac", "groups": 3}),
    ((3, 4, 2, 6), {"law": "dirac", "groups": 3, "layout": "keras"}),
    ((3, 4, 2, 3), {"law": "dirac", "groups": 2, "batch": [0]}),
    ((7, 5), {"law": "orthogonal", "gain": 1.5, "rows": 7}),
    ((3, 5, 8), {"law": "orthogonal", "gain": 1.0, "rows": 5, "batch": [0]}),
    ((2, 5, 3, 4), {"law": "orthogonal", "gain": 1.0, "rows": 10}),
    ((19,), {"law": "orthogonal", "gain": 2.0, "rows": 1}),
    ((3, 2, 3, 4), {"law": "delta_orthogonal", "gain": 1.0}),
    ((4, 3, 3, 2), {"law": "delta_orthogonal", "gain": 1.0, "layout": "torch"}),
    ((9, 6), {"law": "sparse", "std": 0.5, "zeros": 4}),
    ((2, 9, 5), {"law": "sparse", "std": 0.5, "zeros": 4, "batch": [0]}),
    ((8, 9), parts({"box": [[1, 2]], "law": reference.constant(0.0)}, {"box": [[2, 6], [3, 8]], "law": RAMP})),
    ((8, 9), parts({"box": [[2, 7]], "law": {"law": "orthogonal", "gain": 1.0, "rows": 5}, "stream": "12"})),
    ((4, 9, 5), parts({"box": [[2, 3], [1, 7]], "law": {"law": "sparse", "std": 1.0, "zeros": 2}})),
    ((4, 6, 5), parts({"box": [[1, 2], [2, 5]], "law": {"law": "eye", "value": 3.0}})),
    ((), parts({"box": [], "law": reference.constant(5.0)})),
]


def tensor(shape: tuple[int, ...], law: Law, dtype: str = "float32") -> Tensor:
    return Tensor("w", dtype, shape, law)


def whole(recipe: Tensor) -> NDArray[Any]:
    zeros = (0,) * len(recipe.shape)
    return reference.fill_box(SEED, recipe, zeros, recipe.shape)


def boxes(shape: tuple[int, ...], count: int, seed: int) -> list[tuple[list[int], list[int]]]:
    generator = random.Random(seed)
    result = []
    for _ in range(count):
        ends = [sorted(generator.choices(range(length + 1), k=2)) for length in shape]
        result.append(([a for a, _ in ends], [b - a for a, b in ends]))
    return result


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(("shape", "law"), LAWS)
def test_a_box_is_that_box_of_the_whole(shape: tuple[int, ...], law: Law, dtype: str) -> None:
    recipe = tensor(shape, law, dtype)
    values = whole(recipe)
    assert values.tobytes() == reference.canonical_bytes(SEED, recipe)
    for offset, size in boxes(shape, 25, 1):
        place = tuple(slice(o, o + n) for o, n in zip(offset, size, strict=True))
        box = reference.fill_box(SEED, recipe, offset, size)
        assert box.shape == tuple(size)
        assert box.tobytes() == values[place].tobytes(), (offset, size)


@pytest.mark.parametrize(("shape", "law"), LAWS)
def test_a_range_is_that_range_of_the_whole(shape: tuple[int, ...], law: Law) -> None:
    recipe = tensor(shape, law)
    flat = whole(recipe).reshape(-1)
    generator = random.Random(2)
    for _ in range(25):
        start, stop = sorted(generator.choices(range(flat.size + 1), k=2))
        assert reference.fill_range(SEED, recipe, start, stop).tobytes() == flat[start:stop].tobytes(), (start, stop)


@pytest.mark.parametrize(("shape", "law"), LAWS)
@pytest.mark.parametrize("tile", [4, 12])
def test_values_do_not_depend_on_where_tiles_end(
    shape: tuple[int, ...], law: Law, tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = whole(tensor(shape, law)).tobytes()
    for module in (lanes, generator, elements):
        monkeypatch.setattr(module, "TILE", tile)
    assert whole(tensor(shape, law)).tobytes() == expected


@pytest.mark.parametrize("shape", [(3, 70001), (140002,), (257, 300), (2, 3, 40000), (70001, 2)])
def test_tensors_of_many_tiles_have_the_values_of_their_words(shape: tuple[int, ...]) -> None:
    for law in (reference.normal(std=0.5), reference.truncated_normal(), reference.uniform(0.0, 1.0)):
        recipe = tensor(shape, law)
        words = reference.words(SEED, recipe.word_stream, 0, recipe.count)
        pieces = [reference.law_values(law, words[start : start + 999]) for start in range(0, recipe.count, 999)]
        assert np.array_equal(whole(recipe).reshape(-1), np.concatenate(pieces))


@pytest.mark.parametrize(
    "law",
    [
        reference.normal(),
        WAVE,
        {"law": "eye", "value": 1.0},
        {"law": "dirac", "groups": 1},
        parts({"box": [[5, 1 << 20]], "law": WAVE}),
    ],
)
def test_a_box_takes_memory_for_its_own_elements_only(law: Law) -> None:
    recipe = tensor((1 << 20, 1 << 20), law)  # 4 TiB
    tracemalloc.start()
    box = reference.fill_box(SEED, recipe, (999_990, 999_980), (20, 30))
    flat = reference.fill_range(SEED, recipe, (999_990 << 20) - 5, (999_990 << 20) + 6)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20
    assert box.shape == (20, 30) and flat.shape == (11,)


def test_norms_of_a_box_are_those_of_the_whole() -> None:
    v = Tensor("v", "float32", (6, 3, 5), reference.normal(std=0.5))
    for axes, shape in [([1, 2], (6,)), ([0], (1, 3, 5)), ([0, 2], (3,)), ([1], (6, 5))]:
        g = Tensor("g", "float32", shape, {"law": "norm_of", "axes": axes, "name": "v"}, source=v)
        values = whole(g)
        exact = np.sqrt(np.sum(whole(v).astype(np.float64) ** 2, axis=tuple(axes))).reshape(shape)
        assert np.allclose(values, exact, rtol=1e-6)
        for offset, size in boxes(shape, 10, 3):
            place = tuple(slice(o, o + n) for o, n in zip(offset, size, strict=True))
            assert np.array_equal(reference.fill_box(SEED, g, offset, size), values[place])


@pytest.mark.parametrize("dtype", ["int16", "bool", "complex64", "float8_e4m3fn", "bfloat16"])
def test_a_box_of_a_literal_is_that_of_its_bytes(dtype: str) -> None:
    size = reference.storage_dtype(dtype).itemsize
    data = bytes(k % 2 for k in range(20 * size))
    recipe = Tensor("w", dtype, (4, 5), {"law": "literal"}, literals=(data,))
    tied = Tensor("t", dtype, (4, 5), {"law": "same_as", "name": "w"}, source=recipe)
    expected = np.frombuffer(data, np.uint8).reshape(4, 5, size)[1:3, 2:]
    for each in (recipe, tied):
        assert reference.fill_box(SEED, each, (1, 2), (2, 3)).tobytes() == expected.tobytes()
        assert reference.fill_range(SEED, each, 3, 7).tobytes() == data[3 * size : 7 * size]


def test_a_box_goes_into_memory_with_strides() -> None:
    recipe = tensor((6, 8), reference.normal(), "bfloat16")
    target = np.zeros((12, 10), np.uint16)
    assert reference.fill_box(SEED, recipe, (0, 2), (6, 5), target[::2, 1:6]).base is not None
    assert np.array_equal(target[::2, 1:6], whole(recipe)[:, 2:7])
    target[::2, 1:6] = 0
    assert not target.any()


@pytest.mark.parametrize(("offset", "size"), [((0,), (3,)), ((0, -1), (1, 1)), ((3, 0), (4, 1)), ((0, 0), (1, -1))])
def test_a_box_that_is_not_within_the_tensor_is_refused(offset: tuple[int, ...], size: tuple[int, ...]) -> None:
    with pytest.raises(IndexError, match="is not within w"):
        reference.fill_box(SEED, tensor((6, 8), reference.normal()), offset, size)


def test_memory_of_another_shape_or_dtype_is_refused_and_stays_as_it_is() -> None:
    for out in (np.zeros((2, 3), np.float64), np.zeros((3, 2), np.float32)):
        with pytest.raises(LawError, match="does not fit"):
            reference.fill_box(SEED, tensor((6, 8), reference.normal()), (0, 0), (2, 3), out)
        assert not out.any()


def test_an_element_without_a_value_is_named_by_its_index_in_the_tensor() -> None:
    recipe = tensor((400, 300), {"law": "expression", "tree": ["/", 1, ["-", ["index", 0], 333]]})
    with pytest.raises(LawError, match=r"w: element 99900: /\(1\.0, 0\.0\)"):
        whole(recipe)
    with pytest.raises(LawError, match=r"w: element 99950: "):
        reference.fill_box(SEED, recipe, (300, 50), (50, 20))
    assert reference.fill_box(SEED, recipe, (0, 0), (333, 2)).shape == (333, 2)


@pytest.mark.parametrize("box", [[[0, 9]], [[3, 2]], [[-1, 2]], [[0, 1], [0, 1], [0, 1]]])
def test_a_part_that_is_not_within_the_tensor_is_refused(box: list[list[int]]) -> None:
    with pytest.raises(LawError, match="the box"):
        whole(tensor((6, 8), parts({"box": box, "law": reference.constant(0.0)})))


@pytest.mark.parametrize(
    ("shape", "offset"), [((2**32, 2**32), (0, 0)), ((2**70,), (2**69,)), ((2**40,) * 3, (5, 6, 7))]
)
def test_a_tensor_of_more_elements_than_words_is_refused(shape: tuple[int, ...], offset: tuple[int, ...]) -> None:
    for law in (reference.normal(), parts()):
        with pytest.raises(LawError, match=r"more than 2\^63 elements"):
            reference.fill_box(SEED, tensor(shape, law), offset, (1,) * len(shape))


def test_the_last_elements_of_the_largest_tensor_have_their_words() -> None:
    last = reference.fill_box(SEED, tensor((2**31, 2**32), reference.normal()), (2**31 - 1, 2**32 - 3), (1, 3))
    words = reference.words(SEED, reference.name_stream("w"), 2**63 - 3, 3)
    assert np.array_equal(last[0], reference.normal_draw(words))


def test_a_box_that_is_not_of_integers_is_refused() -> None:
    with pytest.raises(TypeError):
        reference.fill_box(SEED, tensor((6, 8), reference.normal()), (0.5, 0), (1, 1))  # type: ignore[arg-type]


@pytest.mark.parametrize(("shape", "law"), LAWS)
def test_values_do_not_depend_on_what_numpy_does_about_floating_point_errors(shape: tuple[int, ...], law: Law) -> None:
    tiny: list[Law] = [reference.normal(std=1e-39), reference.uniform(-1e-40, 1e-39), reference.constant(1e-45)]
    recipes = [tensor(shape, each, dtype) for each in (law, *tiny) for dtype in ("float32", "float16", "bfloat16")]
    expected = [whole(recipe).tobytes() for recipe in recipes]
    with np.errstate(all="raise"):
        assert [whole(recipe).tobytes() for recipe in recipes] == expected


def test_threads_do_not_disturb_each_other() -> None:
    recipes = [tensor(shape, law) for shape, law in LAWS] + [tensor((300, 700), reference.normal(), "bfloat16")] * 8
    expected = [whole(recipe).tobytes() for recipe in recipes]
    with ThreadPoolExecutor(4) as pool:
        assert [values.tobytes() for values in pool.map(whole, recipes * 3)] == expected * 3
