"""Orthogonal matrices have the sums of docs/law.md, "Orthogonal", in its order: against the page in plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from winit import reference
from winit.reference import orthogonal
from winit.reference.orthogonal import orthonormal_columns


def by_the_page(draws: NDArray[np.float32]) -> NDArray[np.float64]:
    """Q by the page, one scalar operation after the other. Python's floats are binary64, and nothing is fused."""
    (n, m), a = draws.shape, draws.astype(np.float64).tolist()
    blocks = []
    for b in range(0, m, 64):
        r, c = n - b, min(64, m - b)
        v = [[a[b + k][b + j] if j < c else 0.0 for j in range(64)] for k in range(r)]
        tau, sign = [0.0] * 64, [1.0] * c
        for j in range(c):
            alpha, s = v[j][j], 0.0
            for k in range(j + 1, r):
                s += v[k][j] * v[k][j]
            beta = alpha
            if s > 0:
                root = math.sqrt(alpha * alpha + s)
                beta = -root if alpha > 0 else root
                tau[j] = (beta - alpha) / beta
                for k in range(j + 1, r):
                    v[k][j] /= alpha - beta
            sign[j] = -1.0 if beta < 0 else 1.0
            v[j][j] = 1.0
            if tau[j] != 0:
                for column in range(j + 1, 64):
                    w = 0.0
                    for k in range(j, r):
                        w += v[k][j] * v[k][column]
                    w *= tau[j]
                    for k in range(j, r):
                        v[k][column] -= v[k][j] * w
        for k in range(r):
            for column in range(k + 1, 64):
                v[k][column] = 0.0
        p = product(transposed(v), v)
        t = [[0.0] * 64 for _ in range(64)]
        for j in range(64):
            t[j][j] = tau[j]
            for i in range(j):
                s = 0.0
                for k in range(i, j):
                    s += t[i][k] * p[k][j]
                t[i][j] = -tau[j] * s
        reflect(v, transposed(t), a, b, b + 64, m)
        blocks.append((b, v, t, sign))
    q = [[float(k == j) for j in range(m)] for k in range(n)]
    for b, v, t, _ in reversed(blocks):
        reflect(v, t, q, b, b, m)
    signs = [s for block in blocks for s in block[3]]
    return np.array([[signs[j] * q[k][j] for j in range(m)] for k in range(n)])


Matrix = list[list[float]]


def transposed(matrix: Matrix) -> Matrix:
    return [list(column) for column in zip(*matrix, strict=True)]


def product(left: Matrix, right: Matrix) -> Matrix:
    result = []
    for row in left:
        sums = [0.0] * len(right[0])
        for k, factor in enumerate(row):
            for column, value in enumerate(right[k]):
                sums[column] += factor * value
        result.append(sums)
    return result


def reflect(v: Matrix, t: Matrix, matrix: Matrix, row: int, first: int, last: int) -> None:
    if first >= last:
        return
    c = [values[first:last] for values in matrix[row:]]
    turned = product(t, product(transposed(v), c))
    for k, values in enumerate(c):
        for column in range(last - first):
            for j in range(64):
                values[column] -= v[k][j] * turned[j][column]
        matrix[row + k][first:last] = values


def q_of(draws: NDArray[np.float32]) -> NDArray[np.float64]:
    return orthonormal_columns(draws.astype(np.float64))


# Compared in binary64: most of the sums in another order would give the same binary32 numbers.
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (5, 5), (64, 64), (70, 66), (150, 130), (9, 1)])
def test_every_element_is_that_of_the_page(shape: tuple[int, int]) -> None:
    draws = reference.normal_draw(reference.words(7, 11, 0, shape[0] * shape[1])).reshape(shape)
    assert q_of(draws).tobytes() == by_the_page(draws).tobytes()


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_columns_without_a_reflection_are_those_of_the_page(value: float) -> None:
    draws = np.zeros((70, 66), np.float32)
    np.fill_diagonal(draws, np.float32(value))
    draws[68, 3] = 2.0
    assert q_of(draws).tobytes() == by_the_page(draws).tobytes()


def test_values_do_not_depend_on_how_many_columns_and_rows_are_computed_side_by_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draws = reference.normal_draw(reference.words(7, 12, 0, 200 * 150)).reshape(200, 150)
    expected = q_of(draws)
    monkeypatch.setattr(orthogonal, "_COLUMNS", 7)
    monkeypatch.setattr(orthogonal, "_ROWS", 13)
    assert q_of(draws).tobytes() == expected.tobytes()


@pytest.mark.parametrize("shape", [(330, 270), (270, 330)])
def test_a_matrix_is_gain_times_q_or_its_transpose(shape: tuple[int, int]) -> None:
    draws = reference.normal_draw(reference.words(7, 12, 0, shape[0] * shape[1])).reshape(shape)
    made = reference.orthogonal_values(draws, 1.25)
    high = draws if shape[0] > shape[1] else draws.T
    q, r = np.linalg.qr(high.astype(np.float64))
    expected = 1.25 * q * np.sign(np.diag(r))
    assert np.abs(made - (expected if shape[0] > shape[1] else expected.T)).max() < 1e-6
    exact = (1.25 * q_of(np.ascontiguousarray(high))).astype(np.float32)
    assert made.tobytes() == (exact if shape[0] > shape[1] else exact.T).tobytes()


def test_a_matrix_without_elements_has_none() -> None:
    assert reference.orthogonal_values(np.zeros((0, 5), np.float32), 1.0).shape == (0, 5)
