"""Batches and layouts (docs/law.md, "Laws that depend on the position")."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from winit import reference
from winit.reference import Doubles, Law, LawError, Tensor, WholeLaw


def floats(tensor: Tensor, seed: int = 7) -> NDArray[np.float64]:
    data = reference.canonical_bytes(seed, tensor)
    return reference.float_values(data, tensor.dtype).reshape(tensor.shape)


def tensor(name: str, shape: tuple[int, ...], law: Law) -> Tensor:
    return Tensor(name, "float32", shape, law)


def draws(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    count = int(np.prod(shape))
    return reference.normal_draw(reference.words(7, reference.name_stream(name), 0, count)).reshape(shape)


BATCHES: list[tuple[tuple[int, ...], list[int]]] = [
    ((3, 5, 8), [0]),
    ((5, 3, 8), [1]),
    ((5, 8, 3), [2]),
    ((2, 5, 3, 8), [0, 2]),
    ((2, 3, 5, 8), [0, 1]),
    ((5, 8, 2, 3), [2, 3]),
    ((3, 5, 2, 4), [0]),
]


def matrices(shape: tuple[int, ...], batch: list[int]) -> list[tuple[int | slice, ...]]:
    choices = [range(size) if axis in batch else [slice(None)] for axis, size in enumerate(shape)]
    return list(itertools.product(*choices))


@pytest.mark.parametrize(("shape", "batch"), BATCHES)
def test_each_matrix_of_an_orthogonal_batch_is_made_of_its_own_words(shape: tuple[int, ...], batch: list[int]) -> None:
    values = floats(tensor("w", shape, {"law": "orthogonal", "gain": 1.0, "rows": 5, "batch": batch}))
    words = draws("w", shape)
    for place in matrices(shape, batch):
        expected = reference.orthogonal_values(words[place].reshape(5, -1), 1.0)
        assert np.array_equal(values[place].reshape(5, -1), expected)


@pytest.mark.parametrize(("shape", "batch"), BATCHES[:6])
def test_each_matrix_of_a_sparse_batch_has_the_zeros_of_its_own_keys(shape: tuple[int, ...], batch: list[int]) -> None:
    law: WholeLaw = {"law": "sparse", "std": 0.5, "zeros": 2, "batch": batch}
    values, words = floats(tensor("w", shape, law)), draws("w", shape)
    keys = reference.words(7, reference.name_stream("w"), 2**63, words.size).reshape(shape)
    for place in matrices(shape, batch):
        matrix, key = values[place], keys[place]
        for column in range(matrix.shape[1]):
            smallest = sorted(range(len(key)), key=lambda row: int(key[row, column]))[:2]
            assert np.flatnonzero(matrix[:, column] == 0).tolist() == sorted(smallest)
        assert np.array_equal(matrix[matrix != 0], 0.5 * words[place][matrix != 0])


@pytest.mark.parametrize(("shape", "batch"), BATCHES[:6])
def test_each_matrix_of_an_eye_batch_is_an_eye(shape: tuple[int, ...], batch: list[int]) -> None:
    values = floats(tensor("w", shape, {"law": "eye", "value": 2.0, "batch": batch}))
    for place in matrices(shape, batch):
        assert np.array_equal(values[place], 2 * np.eye(5, 8))


def test_each_kernel_of_a_batch_is_a_kernel() -> None:
    one: WholeLaw = {"law": "dirac", "groups": 2}
    values = floats(tensor("w", (3, 4, 2, 3), {"law": "dirac", "groups": 2, "batch": [0]}))
    assert np.array_equal(values, np.stack([floats(tensor("w", (4, 2, 3), one))] * 3))
    law: WholeLaw = {"law": "delta_orthogonal", "gain": 1.0, "batch": [2]}
    values, words = floats(tensor("w", (3, 4, 2, 6), law)), draws("w", (3, 4, 2, 6))
    for head in range(2):
        assert np.array_equal(values[1, :, head], reference.orthogonal_values(words[1, :, head], 1.0))
    assert np.count_nonzero(values) == 2 * 4 * 6


@pytest.mark.parametrize("batch", [[], [1, 0], [0, 0], [3], [-1], [0, 1, 2]])
def test_batches_that_are_no_ascending_axes_or_leave_none_are_refused(batch: list[int]) -> None:
    with pytest.raises(LawError):
        floats(tensor("w", (3, 5, 8), {"law": "orthogonal", "gain": 1.0, "rows": 5, "batch": batch}))


@pytest.mark.parametrize("spatial", [(3,), (4,), (2, 3)])
def test_delta_orthogonal_in_torchs_layout_has_its_matrix_at_the_middle(spatial: tuple[int, ...]) -> None:
    shape = (6, 4, *spatial)
    values = floats(tensor("w", shape, {"law": "delta_orthogonal", "gain": 1.0, "layout": "torch"}))
    middle: tuple[int | slice, ...] = (slice(None), slice(None), *((size - 1) // 2 for size in spatial))
    matrix: Doubles = values[middle]
    assert np.array_equal(matrix, reference.orthogonal_values(draws("w", shape)[middle], 1.0))
    assert np.abs(matrix.T @ matrix - np.eye(4)).max() < 1e-6
    assert np.count_nonzero(values) == 24
    with pytest.raises(LawError):
        floats(tensor("w", (4, 6, *spatial), {"law": "delta_orthogonal", "gain": 1.0, "layout": "torch"}))


@pytest.mark.parametrize("spatial", [(3,), (4,), (2, 3)])
def test_dirac_in_kerass_layout_is_dirac_with_its_axes_moved(spatial: tuple[int, ...]) -> None:
    keras = floats(tensor("w", (*spatial, 2, 6), {"law": "dirac", "groups": 3, "layout": "keras"}))
    torch = floats(tensor("w", (6, 2, *spatial), {"law": "dirac", "groups": 3}))
    assert np.array_equal(np.moveaxis(keras, (-1, -2), (0, 1)), torch)
    assert np.count_nonzero(keras) == 6
