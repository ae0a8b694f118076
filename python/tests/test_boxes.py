"""Laws of whole tensors, and literals, in boxes (docs/law.md, "Parts")."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from winit import reference
from winit.reference import Law, LawError, Part, Tensor, WholeLaw

ORTHOGONAL: WholeLaw = {"law": "orthogonal", "gain": 1.0, "rows": 5}


def floats(tensor: Tensor, seed: int = 7) -> NDArray[np.float64]:
    data = reference.canonical_bytes(seed, tensor)
    return reference.float_values(data, tensor.dtype).reshape(tensor.shape)


def tensor(name: str, shape: tuple[int, ...], law: Law) -> Tensor:
    return Tensor(name, "float32", shape, law)


def draws(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    count = int(np.prod(shape))
    return reference.normal_draw(reference.words(7, reference.name_stream(name), 0, count)).reshape(shape)


def in_box(shape: tuple[int, ...], box: list[list[int]], law: WholeLaw, stream: str | None = None) -> Tensor:
    part: Part = {"box": box, "law": law} if stream is None else {"box": box, "law": law, "stream": stream}
    return tensor("w", shape, {"law": "parts", "parts": [{"box": [], "law": reference.constant(9.0)}, part]})


def test_in_a_box_a_law_takes_the_box_as_its_tensor_and_its_own_words() -> None:
    values = floats(in_box((4, 9, 8), [[2, 3], [1, 6], [0, 8]], ORTHOGONAL))
    expected = reference.orthogonal_values(draws("w", (4, 9, 8))[2, 1:6], 1.0)
    assert np.array_equal(values[2, 1:6], expected)
    values[2, 1:6] = 9
    assert np.all(values == 9)


@pytest.mark.parametrize(
    ("shape", "box", "law", "alone"),
    [
        ((12, 8), [[3, 8]], ORTHOGONAL, (5, 8)),
        ((9, 12), [[2, 7], [4, 8]], ORTHOGONAL, (5, 4)),
        ((4, 9, 8), [[2, 3], [1, 6]], ORTHOGONAL, (5, 8)),
        ((4, 5, 8), [[1, 3]], {**ORTHOGONAL, "batch": [0]}, (2, 5, 8)),
        ((3, 33), [[1, 2]], {"law": "orthogonal", "gain": 2.0, "rows": 1}, (33,)),
        ((3, 4), [[1, 2], [2, 3]], {"law": "orthogonal", "gain": 2.0, "rows": 1}, (1,)),
        ((6, 4), [[0, 5], [1, 2]], ORTHOGONAL, (5, 1)),
        ((8, 4), [[4, 8]], {"law": "eye", "value": 1.0}, (4, 4)),
        ((3, 4, 5), [[0, 2]], {"law": "eye", "value": 1.0, "batch": [0]}, (2, 4, 5)),
        ((13, 6), [[2, 12], [1, 5]], {"law": "sparse", "std": 0.5, "zeros": 3}, (10, 4)),
        ((2, 4, 2, 3), [[1, 2]], {"law": "dirac", "groups": 2}, (4, 2, 3)),
        ((2, 3, 4, 6), [[1, 2]], {"law": "delta_orthogonal", "gain": 1.0}, (3, 4, 6)),
        ((9, 4, 3), [[3, 9]], {"law": "delta_orthogonal", "gain": 1.0, "layout": "torch"}, (6, 4, 3)),
    ],
)
def test_a_box_with_a_stream_equals_the_tensor_of_that_name(
    shape: tuple[int, ...], box: list[list[int]], law: WholeLaw, alone: tuple[int, ...]
) -> None:
    values = floats(in_box(shape, box, law, str(reference.name_stream("alone"))))
    inside = values[tuple(slice(start, stop) for start, stop in box)]
    assert np.array_equal(inside.reshape(alone), floats(tensor("alone", alone, law)))


def test_sparse_keys_in_a_box_are_those_of_the_tensors_elements() -> None:
    values = floats(in_box((13, 6), [[2, 12], [1, 5]], {"law": "sparse", "std": 0.5, "zeros": 3}))[2:12, 1:5]
    keys = reference.words(7, reference.name_stream("w"), 2**63, 78).reshape(13, 6)[2:12, 1:5]
    for column in range(4):
        smallest = sorted(range(10), key=lambda row: int(keys[row, column]))[:3]
        assert np.flatnonzero(values[:, column] == 0).tolist() == sorted(smallest)


def test_a_law_that_does_not_fit_its_box_is_refused() -> None:
    for law in (ORTHOGONAL, {"law": "eye", "value": 1.0}, {"law": "sparse", "std": 1.0, "zeros": 1}):
        with pytest.raises(LawError, match=r"w: in the box \[\[1, 2\]\]"):
            floats(in_box((3, 4), [[1, 2]], law))  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int64", "bool"])
def test_a_literal_in_a_box_is_its_bytes(dtype: str) -> None:
    size = reference.item_size(dtype)
    data = bytes(range(200, 200 + 6 * size))
    zero: Part = {"box": [], "law": reference.constant(0)}
    law: Law = {"law": "parts", "parts": [zero, {"box": [[1, 3], [0, 3]], "law": {"law": "literal"}}]}
    made = reference.canonical_bytes(7, Tensor("w", dtype, (4, 5), law, literals=(data,)))
    expected = np.zeros((4, 5, size), np.uint8)
    expected[1:3, :3] = np.frombuffer(data, np.uint8).reshape(2, 3, size)
    assert made == expected.tobytes()
    for wrong in ((), (data[1:],)):
        with pytest.raises(LawError):
            reference.canonical_bytes(7, Tensor("w", dtype, (4, 5), law, literals=wrong))
