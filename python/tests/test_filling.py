"""The filling engine against the vectors and the reference, by NumPy and with every kernel of this processor."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest

from filling_support import (
    from_json,
    implementations,
    lines,
    random_box,
    recipe,
    same_bits,
    vector_recipes,
    whole,
)
from winit import BadInput, TensorRecipe, filling, reference
from winit.filling import numpy_dtype
from winit.recipes.hashing import chunk_digests, tensor_digest
from winit.reference.forms import ElementwiseLaw

FLOATS = ("float32", "float64", "float16", "bfloat16")
LAWS: list[ElementwiseLaw] = [
    reference.normal(0.1, 0.02),
    reference.uniform(-0.1, 0.3),
    reference.truncated_normal(0, 0.02),
    reference.normal(0, 1e-39),  # every value is subnormal
    reference.normal(0.5, 2.0**-96),  # a scale whose product with a power of two would be rounded
    reference.uniform(-1e-40, 1e-39),
    reference.uniform(2.0**-104, 2.0**-103),
]


@pytest.fixture(params=implementations(), autouse=True)
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("WINIT_KERNEL", request.param)
    monkeypatch.delenv("WINIT_BACKEND", raising=False)
    return str(request.param)


def test_every_vector_has_its_digest() -> None:
    seen = 0
    for tensor, digest in vector_recipes():
        if tensor.dtype in reference.LITERAL_BITS and reference.LITERAL_BITS[tensor.dtype] < 8:
            continue  # NumPy has no elements of less than a byte
        values = tensor.box((0,) * len(tensor.shape), tensor.shape)
        data = values.tobytes()
        chunks = [hashlib.sha256(data[i : i + (1 << 20)]).digest() for i in range(0, len(data), 1 << 20)]
        assert "sha256:" + hashlib.sha256(b"".join(chunks)).hexdigest() == digest, tensor
        seen += 1
    assert seen > 400


def test_any_box_and_range_of_any_law_is_cut_out_of_the_tensor(kernel: str) -> None:
    rng = np.random.default_rng(1)
    for number, (tensor, _) in enumerate(vector_recipes()):
        if not 0 < tensor.count < 5000 or tensor.dtype in reference.LITERAL_BITS or number % 2:
            continue
        values = whole(tensor)
        for _ in range(3):
            offset, size = random_box(rng, tensor.shape)
            expected = values[tuple(slice(a, a + n) for a, n in zip(offset, size, strict=True))]
            assert same_bits(tensor.box(offset, size), expected), (tensor, offset, size)
            (start,), (length,) = random_box(rng, (tensor.count,))
            found = filling.fill_range(tensor, start, length)
            assert same_bits(found, values.reshape(-1)[start : start + length]), (tensor, start, length)


def test_an_expression_outside_its_domain_is_refused_and_names_the_tensor() -> None:
    refused = 0
    for line in lines("expressions.txt"):
        if '"refused"' not in line:
            continue
        tensor = from_json(json.loads(line))
        with pytest.raises(BadInput, match=tensor.name.replace(".", r"\.")):
            tensor.box((0,) * len(tensor.shape), tensor.shape)
        refused += 1
    assert refused > 0


def test_an_expression_needs_no_value_where_a_later_part_covers_it() -> None:
    logarithm = {"law": "expression", "tree": ["log", ["-", ["+", ["index", 0], ["index", 1]], 2.0]]}
    parts = [
        {"box": [], "law": logarithm},  # no value where the coordinates add up to 2 at most
        {"box": [[0, 1], [0, 3]], "law": reference.constant(1.0)},
        {"box": [[1, 3], [0, 2]], "law": reference.constant(2.0)},
    ]
    tensor = recipe("w", "float32", (9, 70), {"law": "parts", "parts": parts})
    values = whole(tensor)
    assert same_bits(tensor[:], values) and same_bits(tensor[1:, 1:], values[1:, 1:])
    assert same_bits(filling.fill_range(tensor, 69, 8), values.reshape(-1)[69:77])
    with pytest.raises(BadInput, match="w: "):
        recipe("w", "float32", (9, 70), {"law": "parts", "parts": parts[:2]})[:]


@pytest.mark.parametrize("dtype", FLOATS)
def test_every_start_and_length_gives_the_same_bits(dtype: str) -> None:
    for law in LAWS:
        tensor = recipe("w", dtype, (900,), law)
        values = whole(tensor)
        for start in range(131):
            length = (start * 7) % 300
            assert same_bits(filling.fill_range(tensor, start, length), values[start : start + length]), (law, start)


@pytest.mark.parametrize("start", [(1 << 34) - 130, (1 << 34) - 3, 1 << 34, (1 << 34) + 1, (1 << 36) - 77])
def test_elements_around_a_multiple_of_2_to_the_32_blocks_have_the_words_of_the_law(start: int) -> None:
    for law in LAWS:
        tensor = recipe("w", "float32", (1 << 37,), law)
        found = filling.fill_range(tensor, start, 333)
        drawn = reference.words(7, tensor.stream, start, 333)
        assert same_bits(found, reference.law_values(law, drawn))


def test_a_box_far_within_a_huge_tensor_costs_only_its_elements() -> None:
    # The elements cross a multiple of 2^32 blocks within a row and between rows.
    tensor = recipe("w", "float32", (1 << 20, (1 << 20) + 3), reference.normal())
    columns = (1 << 20) + 3
    row, column = (1 << 34) // columns, (1 << 34) % columns
    found = tensor.box((row - 1, column - 3), (3, 7))
    for i in range(3):
        drawn = reference.words(7, tensor.stream, (row - 1 + i) * columns + column - 3, 7)
        assert same_bits(found[i], reference.normal_draw(drawn) + np.float32(0))


SHAPES: list[tuple[int, ...]] = [(), (1,), (0,), (3, 0, 5), (1, 1, 1), (7, 1, 130), (5, 3, 2, 2), (2, 300), (300, 2)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_odd_shapes_have_the_bits_of_the_reference(shape: tuple[int, ...], dtype: str) -> None:
    doubled = {"law": "expression", "draw": reference.normal(), "tree": ["*", "draw", 2.0]}
    for law in (LAWS[0], LAWS[2], reference.constant(0.3), doubled):
        tensor = recipe("w", dtype, shape, law)
        assert same_bits(tensor.box((0,) * len(shape), shape), whole(tensor))


def strided_outputs(size: tuple[int, ...], dtype: np.dtype[Any]) -> list[np.ndarray[Any, Any]]:
    """Arrays of this shape with gaps, negative strides, other orders of the axes and without alignment."""
    rank = len(size)
    gaps = np.zeros([2 * n + 1 for n in size], dtype)[tuple(slice(1, 2 * n + 1, 2) for n in size)]
    reverse = np.zeros(size, dtype)[tuple(slice(None, None, -1) for _ in size)]
    fortran = np.zeros(size, dtype, order="F")
    rolled = np.moveaxis(np.zeros([size[(k + 1) % rank] for k in range(rank)], dtype), -1, 0)
    unaligned = np.zeros(int(np.prod(size)) * dtype.itemsize + 1, np.uint8)[1:].view(dtype).reshape(size)
    return [gaps, reverse, fortran, rolled, unaligned]


@pytest.mark.parametrize("dtype", FLOATS)
def test_an_output_of_any_strides_gets_the_same_bits_and_nothing_beside_it(dtype: str) -> None:
    rng = np.random.default_rng(2)
    for shape in [(6, 5, 9), (3, 4, 300), (70, 2, 3)]:
        for law in LAWS[:3]:
            tensor = recipe("w", dtype, shape, law)
            values = whole(tensor)
            # Whole axes too, whose rows follow each other in the words, but not in every output.
            whole_rows = ((1, *(0 for _ in shape[1:])), (shape[0] - 1, *shape[1:]))
            for offset, size in [random_box(rng, shape), random_box(rng, shape), whole_rows]:
                expected = values[tuple(slice(a, a + n) for a, n in zip(offset, size, strict=True))]
                for out in strided_outputs(size, numpy_dtype(dtype)):
                    assert tensor.box(offset, size, out) is out
                    assert same_bits(out, expected), (shape, offset, size, out.strides)
    tensor = recipe("w", dtype, (6, 5, 9), LAWS[0])
    around = np.full((20, 20, 20), 77).astype(numpy_dtype(dtype))
    tensor.box((1, 1, 1), (4, 3, 7), around[3:11:2, 17:14:-1, 4:18:2])
    around[3:11:2, 17:14:-1, 4:18:2] = 77
    assert np.all(around == 77)


def bad_outputs(tensor: TensorRecipe) -> dict[str, Any]:
    read_only = np.zeros((4, 6), np.float32)
    read_only.flags.writeable = False
    return {
        "dtype": np.zeros((4, 6), np.float64),
        "byte order": np.zeros((4, 6), ">f4"),
        "shape": np.zeros((6, 4), np.float32),
        "rank": np.zeros(24, np.float32),
        "read-only": read_only,
        "shared": np.lib.stride_tricks.as_strided(np.zeros(6, np.float32), (4, 6), (0, 4)),
        "list": [[0.0] * 6] * 4,
    }


def test_an_output_that_does_not_fit_is_refused_and_keeps_its_contents() -> None:
    tensor = recipe("some.weight", "float32", (4, 6), reference.normal())
    for what, out in bad_outputs(tensor).items():
        with pytest.raises(BadInput, match=r"some\.weight"):
            filling.fill_box(tensor, (0, 0), (4, 6), out)
        assert np.all(np.asarray(out) == 0), what


def test_boxes_and_ranges_outside_the_tensor_are_refused() -> None:
    tensor = recipe("w", "float32", (4, 6), reference.normal())
    for offset, size in [((0, 0), (5, 6)), ((-1, 0), (1, 1)), ((4, 6), (0, 1)), ((0,), (4,)), ((0, 0), (4, -1))]:
        with pytest.raises(BadInput):
            filling.fill_box(tensor, offset, size)
    for start, length in [(0, 25), (-1, 2), (24, 1), (3, -1)]:
        with pytest.raises(BadInput):
            filling.fill_range(tensor, start, length)
    with pytest.raises(BadInput):
        filling.fill_box(tensor, (0, 0), (4, 6), threads=0)


@pytest.mark.parametrize(
    ("dtype", "law"),
    [
        ("float32", {"law": "nothing"}),
        ("float32", {"law": "normal", "mean": 0.0}),
        ("float32", {"law": "normal", "mean": "0", "std": 1.0}),
        ("float32", {"law": "words"}),
        ("float16", {"law": "normal", "mean": 0.0, "std": 1e30}),
        ("int32", {"law": "normal", "mean": 0.0, "std": 1.0}),
        ("uint8", {"law": "constant", "value": 256}),
        ("float32", {"law": "eye", "value": 1.0, "batch": [7]}),
        ("float32", {"law": "orthogonal", "gain": 1.0, "rows": 5}),
        ("float32", {"law": "orthogonal", "gain": 1.0, "rows": 0}),
        ("float32", {"law": "sparse", "std": 1.0, "zeros": 99}),
        ("float32", {"law": "dirac", "groups": 0}),
        ("float32", {"law": "same_as", "name": "v"}),
        ("float32", {"law": "norm_of", "name": "v", "axes": [0]}),
        ("float32", {"law": "literal"}),
        ("float32", {"law": "parts", "parts": [{"box": [[0, 9]], "law": {"law": "constant", "value": 1.0}}]}),
        ("float32", {"law": "parts", "parts": [{"box": [], "law": {"law": "same_as", "name": "v"}}]}),
        ("float32", {"law": "expression", "tree": ["index", 9]}),
        ("float32", {"law": "expression", "tree": "draw"}),
        ("float32", {"law": "expression", "tree": "index"}),
        ("float32", {"law": "expression", "tree": ["exp", ["index", 0], 1.0]}),
        ("float32", {"law": "expression", "tree": [], "draw": {"law": "normal", "mean": 0.0, "std": 1.0}}),
        ("float6_e2m3fn", {"law": "literal"}),
        ("float31", {"law": "constant", "value": 1.0}),
    ],
)
def test_a_recipe_that_is_not_valid_is_refused_by_name(dtype: str, law: dict[str, Any]) -> None:
    tensor = recipe("some.weight", dtype, (4, 6), law)
    with pytest.raises(BadInput):
        tensor.box((0, 0), (4, 6))


def test_an_array_that_is_too_large_to_exist_is_an_error_of_memory_or_input() -> None:
    for shape in [(1 << 62, 1 << 62), (1 << 60,), (1 << 45,)]:
        with pytest.raises((BadInput, MemoryError)):
            filling.fill_box(recipe("w", "float32", shape, reference.normal()), (0,) * len(shape), shape)


def test_norms_are_made_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("winit.filling.norms._TILE", 64)
    source = recipe("v", "bfloat16", (9, 7, 30), reference.normal())
    for axes, shape in [([1], (9, 30)), ([1], (9, 1, 30)), ([0, 2], (7,)), ([0], (1, 7, 30))]:
        tensor = recipe("g", "float32", shape, {"law": "norm_of", "name": "v", "axes": axes}, source=source)
        values = whole(tensor)
        assert same_bits(tensor[:], values)
        box = tuple(slice(n // 3, n) for n in shape)
        assert same_bits(tensor[box], values[box])


def test_a_tied_tensor_has_its_targets_elements_in_boxes_too() -> None:
    target = recipe("t", "float16", (9, 8), reference.normal(), seed=3)
    tied = recipe("a", "float16", (9, 8), {"law": "same_as", "name": "t"}, source=target)
    assert same_bits(tied[2:5, 3:], whole(target)[2:5, 3:])


def test_a_literal_larger_than_a_tile_is_copied_in_boxes() -> None:
    data = np.random.default_rng(5).integers(0, 256, 5 << 22, np.uint8)  # 20 MiB; a tile has 16
    tensor = recipe("l", "float32", (5, 1 << 10, 1 << 10), {"law": "literal"}, literals=(data.tobytes(),))
    values = data.view("<u4").reshape(5, 1 << 10, 1 << 10)
    assert same_bits(tensor.box((0, 0, 1), (5, 1 << 10, 1000)), values[:, :, 1:1001])
    assert same_bits(tensor.box((0, 1, 0), (5, 1000, 1 << 10)), values[:, 1:1001])


def test_digests_of_tensors_of_many_chunks_do_not_depend_on_the_threads() -> None:
    # 17 chunks and a bit, so that a batch of sixteen and another are hashed; the last chunk is short.
    tensor = recipe("w", "bfloat16", (17 * 1024 + 5, 512), reference.normal(0, 0.02))
    expected = reference.tensor_digest(7, reference.Tensor("w", "bfloat16", tensor.shape, reference.normal(0, 0.02)))
    for threads in (1, 3):
        assert tensor_digest(chunk_digests([tensor], threads)["w"]) == expected


def test_any_number_of_messages_has_the_digests_of_hashlib() -> None:
    data = np.random.default_rng(8).integers(0, 256, 300_000, np.uint8).tobytes()
    for count in (0, 1, 7, 8, 17, 40):
        messages = [data[i : i * 37 + i] for i in range(count)]
        assert filling.sha256(messages) == [hashlib.sha256(message).digest() for message in messages]
