"""Slices and boxes of a recipe: what NumPy gives of the whole tensor, made alone."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import numpy as np
import pytest

from winit import BadInput, Recipe, TensorRecipe, reference
from winit.recipes import BoxLiteral, BytesLiteral

SHAPES = ((), (5,), (4, 3), (2, 0, 3), (3, 2, 4))


def recipes() -> list[TensorRecipe]:
    tensors = {f"t{rank}": ("float32", shape, reference.normal()) for rank, shape in enumerate(SHAPES)}
    return [Recipe.from_laws(3, dict(tensors))[name] for name in tensors]


def whole(tensor: TensorRecipe) -> np.ndarray[Any, Any]:
    """The elements by the reference, from words, without any code of the recipe."""
    words = reference.words(tensor.seed, tensor.stream, 0, tensor.count)
    return reference.law_values(reference.normal(), words).reshape(tensor.shape)


def places(rng: random.Random, length: int) -> Any:
    """An index of an axis."""
    bounds = (None, *range(-length - 2, length + 3))
    choices: list[Any] = [slice(rng.choice(bounds), rng.choice(bounds)), slice(None, None, 1), slice(2, 1)]
    if length:
        at = rng.randrange(-length, length)
        choices += [at, np.int64(at), np.uint8(at % length), slice(np.int16(at), None)]
    return rng.choice(choices)


def test_every_index_gives_what_numpy_gives() -> None:
    rng = random.Random(1)
    for tensor in recipes():
        expected = whole(tensor)
        for _ in range(60):
            index = [places(rng, length) for length in tensor.shape[: rng.randint(0, len(tensor.shape))]]
            if rng.random() < 0.4:
                at = rng.randint(0, len(index))
                rest = [places(rng, n) for n in tensor.shape[len(tensor.shape) - len(index) + at :]]
                index = [*index[:at], Ellipsis, *rest] if at < len(index) else [*index, Ellipsis]
            chosen: Any = index[0] if len(index) == 1 and rng.random() < 0.5 else tuple(index)
            found, wanted = tensor[chosen], np.asarray(expected[chosen])
            assert found.shape == wanted.shape and found.tobytes() == wanted.tobytes(), chosen


def test_an_index_that_selects_no_box_is_an_index_error_that_names_the_tensor() -> None:
    tensor = recipes()[2]
    bad: list[Any] = [
        4, -5, (0, 3), slice(None, None, 2), slice(None, None, -1), (0, 0, 0), (..., ...), None, True, np.True_,
        [0, 1], np.array([0]), np.array([True] * 4), 1.0, "0", slice(0.5, 1), (slice(None), None), np.float32(1),
    ]  # fmt: skip
    for index in bad:
        with pytest.raises(IndexError, match="`t2`"):
            tensor[index]


def test_a_box_is_written_into_an_array_of_any_strides() -> None:
    tensor = recipes()[4]
    expected = whole(tensor)[1:3, 0:2, 1:4]
    for order in itertools.permutations(range(3)):
        for step in (1, -1, 2):
            lengths = [(2, 2, 3)[axis] * abs(step) for axis in order]
            memory = np.full(lengths, 9, np.float32)
            out = np.transpose(memory[tuple([slice(None, None, step)] * 3)], np.argsort(order))
            assert out.shape == (2, 2, 3)
            assert tensor.box((1, 0, 1), (2, 2, 3), out=out) is out
            assert np.array_equal(out, expected)
            assert np.count_nonzero(memory == 9) == memory.size - 12


def test_an_array_that_does_not_fit_is_refused_and_stays_as_it_was() -> None:
    tensor = recipes()[2]
    frozen = np.zeros((2, 3), np.float32)
    frozen.flags.writeable = False
    overlapping = np.lib.stride_tricks.as_strided(np.zeros(6, np.float32), (2, 3), (4, 4))
    repeated = np.lib.stride_tricks.as_strided(np.zeros(3, np.float32), (2, 3), (0, 4))
    bad: list[Any] = [
        np.zeros((3, 2), np.float32), np.zeros((2, 3), np.float64), np.zeros((2, 3), ">f4"), frozen, overlapping,
        repeated, [[0.0] * 3] * 2, np.zeros((2, 3), np.int32),
    ]  # fmt: skip
    for out in bad:
        with pytest.raises(BadInput, match="`out` for `t2`"):
            tensor.box((0, 0), (2, 3), out=out)
        assert not np.any(np.asarray(out))


def test_a_box_outside_the_tensor_is_refused() -> None:
    tensor = recipes()[2]
    for offset, size in (((0,), (1,)), ((0, 0), (5, 1)), ((-1, 0), (1, 1)), ((0, 0), (-1, 1)), ((4, 0), (1, 1))):
        with pytest.raises(BadInput, match="`t2`"):
            tensor.box(offset, size)
    bad: list[Any] = [("0", 0), (0.5, 0), 3]
    for place in bad:
        with pytest.raises(BadInput, match="integers"):
            tensor.box(place, (1, 1))
    with pytest.raises(BadInput, match="threads"):
        tensor.box((0, 0), (1, 1), threads=0)
    assert tensor.box((4, 0), (0, 3)).shape == (0, 3)
    assert tensor.box(list(np.array([0, 1])), list(np.array([2, 1]))).shape == (2, 1)


def test_a_recipe_is_an_array_for_numpy() -> None:
    tensor = recipes()[2]
    assert np.array_equal(np.asarray(tensor), whole(tensor))
    assert np.asarray(tensor, np.float64).dtype == np.float64
    assert len(tensor) == 4 and np.array_equal([*tensor][3], whole(tensor)[3])
    assert bool(recipes()[3]) and bool(recipes()[0])
    with pytest.raises(TypeError, match="rank 0"):
        len(recipes()[0])


def test_given_bytes_that_are_not_at_hand_are_an_error_that_names_the_tensor() -> None:
    tensor = TensorRecipe("lit", (2,), "int8", '{"law":"literal"}', 1, 1)
    with pytest.raises(BadInput, match="`lit`"):
        tensor[0]


def test_a_changed_law_object_changes_no_other_tensor() -> None:
    first, second = (Recipe.from_laws(3, {"w": ("float32", (4,), reference.normal())})["w"] for _ in range(2))
    before = second[...].copy()
    first.law["std"] = 0  # type: ignore[index]
    assert second.law["std"] == 1 and np.array_equal(second[...], before)


def test_any_bytes_of_a_box_of_given_bytes_are_those_of_the_array() -> None:
    rng = random.Random(4)
    for _ in range(300):
        shape = tuple(rng.randint(1, 4) for _ in range(rng.randint(0, 4)))
        item = rng.choice((1, 2, 4, 8))
        array = np.frombuffer(rng.randbytes(math.prod(shape) * item), f"<u{item}").reshape(shape)
        starts = [rng.randint(0, length) for length in shape]
        box = tuple((start, rng.randint(start, length)) for start, length in zip(starts, shape, strict=True))
        if rng.random() < 0.5:
            box = tuple((0, length) if rng.random() < 0.5 else pair for pair, length in zip(box, shape, strict=True))
        expected = array[tuple(slice(start, stop) for start, stop in box)].tobytes()
        literal = BoxLiteral(BytesLiteral(array.tobytes()), shape, box, item)
        assert literal.byte_count == len(expected) and literal.read(0, literal.byte_count) == expected
        start = rng.randint(0, len(expected))
        stop = rng.randint(start, len(expected))
        assert literal.read(start, stop) == expected[start:stop]
