"""The orthogonal law by the kernels, in binary64 and as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from filling_support import KERNEL_NAMES, bits, named, needs_kernels, recipe, same_bits, whole
from winit import reference
from winit.filling.drawing import Engine
from winit.filling.orthogonal import orthogonal_values
from winit.kernels import library_path
from winit.kernels.library import load
from winit.kernels.structs import KERNELS

pytestmark = needs_kernels


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 70), (70, 1), (64, 64), (65, 63), (63, 130), (200, 129), (128, 192), (330, 270)]
)
@pytest.mark.parametrize("name", KERNEL_NAMES)
def test_orthogonal_matrices_have_the_bits_of_the_reference(
    shape: tuple[int, int], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINIT_KERNEL", name)
    tensor = recipe("w", "float32", shape, {"law": "orthogonal", "gain": 1.4142135623730951, "rows": shape[0]})
    for threads in (1, 3):
        assert same_bits(tensor.box((0, 0), shape, threads=threads), whole(tensor))


def law_reflections(columns: np.ndarray[Any, Any]) -> tuple[Any, Any, Any]:
    """Steps 1 and 2 of docs/law.md, "Orthogonal", for a first block of columns, one operation at a time."""
    rows, count = columns.shape
    v, taus, signs = np.zeros((rows, 64)), np.zeros(64), np.ones(64)
    v[:, :count] = columns
    for j in range(count):
        alpha, s = v[j, j], np.float64(0)
        for k in range(j + 1, rows):
            s = s + v[k, j] * v[k, j]
        beta = alpha
        if s > 0:
            beta = -np.sqrt(alpha * alpha + s) if alpha > 0 else np.sqrt(alpha * alpha + s)
            taus[j] = (beta - alpha) / beta
            v[j + 1 :, j] = v[j + 1 :, j] / (alpha - beta)
        signs[j] = -1 if beta < 0 else 1
        v[j, j] = 1
        if taus[j] != 0:
            w = np.zeros(64)
            for k in range(j, rows):
                w = w + v[k, j] * v[k]
            w = w * taus[j]
            for k in range(j, rows):
                v[k, j + 1 :] = v[k, j + 1 :] - v[k, j] * w[j + 1 :]
    for k in range(min(rows, 64)):
        v[k, k + 1 :] = 0
    p, t = np.zeros((64, 64)), np.zeros((64, 64))
    for k in range(rows):
        p = p + v[k, :, None] * v[k]
    for j in range(64):
        t[j, j] = taus[j]
        for i in range(j):
            s = np.float64(0)
            for k in range(i, j):
                s = s + t[i, k] * p[k, j]
            t[i, j] = -taus[j] * s
    return v, t, signs


def law_product(v: Any, t: Any, c: Any) -> Any:
    """C − V (t (Vᵀ C)), in the order of docs/law.md."""
    w, turned = np.zeros((64, c.shape[1])), np.zeros((64, c.shape[1]))
    for k in range(len(v)):
        w = w + v[k, :, None] * c[k]
    for k in range(64):
        turned = turned + t[:, k, None] * w[k]
    for k in range(64):
        c = c - v[:, k, None] * turned[k]
    return c


@pytest.mark.parametrize("shape", [(70, 66), (300, 30), (64, 64), (3, 2)])
@pytest.mark.parametrize("name", KERNEL_NAMES)
def test_a_block_of_reflections_has_the_bits_of_the_law_in_binary64(name: str, shape: tuple[int, int]) -> None:
    height, width = shape
    columns = np.random.default_rng(9).standard_normal(shape)
    if shape == (300, 30):
        columns[0, 0] = 0  # the sign of β is then +
    if shape == (64, 64):
        columns[1:, 0] = 0  # needs no reflection: τ is 0
    matrix = np.zeros((8, height, 16))
    for column in range(width):
        matrix[column // 16, :, column % 16] = columns[:, column]
    block = named(name).reflect(matrix, width, 0)
    v, t, signs = law_reflections(columns[:, :64])
    assert np.array_equal(bits(block.v), bits(v))
    assert np.array_equal(bits(block.t), bits(t))
    assert np.array_equal(block.signs, signs)
    for transposed in (True, False):
        c = np.random.default_rng(10).standard_normal((8, height, 16))
        expected = [law_product(v, t.T if transposed else t, panel) for panel in c]
        named(name).apply(c, block, transposed, 1, 6)
        untouched = np.random.default_rng(10).standard_normal((8, height, 16))
        assert np.array_equal(bits(c[1:7]), bits(np.array(expected[1:7])))
        assert np.array_equal(c[0], untouched[0]) and np.array_equal(c[7], untouched[7])


def test_an_orthogonal_matrix_of_zeros_below_its_diagonal_keeps_the_laws_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that need no reflection, and signed zeros, which draws never give, go other ways through the loops."""
    draws = np.triu(np.random.default_rng(4).standard_normal((90, 80))).astype(np.float32)
    draws[3, 3:] *= -1
    draws[5, 70] = draws[80:, 7] = -0.0
    for name in KERNEL_NAMES:
        found = orthogonal_values(Engine(named(name), 2), draws, 1.0)
        assert np.array_equal(bits(found), bits(reference.orthogonal_values(draws, 1.0)))


def test_the_update_of_16_columns_adds_one_term_at_a_time() -> None:
    rng = np.random.default_rng(6)
    library = load(library_path())
    for name in KERNEL_NAMES:
        for rows, terms, subtract in [(1, 1, 0), (9, 5, 1), (17, 40, 0), (3, 0, 1), (0, 3, 0)]:
            c, a, b = (rng.standard_normal(s) for s in ((rows, 16), (rows, terms), (terms, 16)))
            expected = c.copy()
            for k in range(terms):
                expected = expected - a[:, k, None] * b[k] if subtract else expected + a[:, k, None] * b[k]
            status = library.winit_update(
                KERNELS[name], c.ctypes.data, 16, a.ctypes.data, terms, 1, b.ctypes.data, 16, rows, terms, subtract
            )
            assert status == 0 and np.array_equal(bits(c), bits(expected))
