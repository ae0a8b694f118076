"""Norms of another tensor, and unit vectors (docs/law.md, "Norms of another tensor" and "Orthogonal")."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from winit import reference
from winit.reference import Law, LawError, Tensor


def floats(tensor: Tensor, seed: int = 7) -> NDArray[np.float64]:
    data = reference.canonical_bytes(seed, tensor)
    return reference.float_values(data, tensor.dtype).reshape(tensor.shape)


def tensor(name: str, shape: tuple[int, ...], law: Law) -> Tensor:
    return Tensor(name, "float32", shape, law)


def draws(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    count = int(np.prod(shape))
    return reference.normal_draw(reference.words(7, reference.name_stream(name), 0, count)).reshape(shape)


V = Tensor("v", "float32", (6, 3, 5), reference.normal(std=0.5))


def norm(source: Tensor, axes: list[int], shape: tuple[int, ...], dtype: str = "float32") -> Tensor:
    return Tensor("g", dtype, shape, {"law": "norm_of", "axes": axes, "name": source.name}, source=source)


def test_a_norm_has_the_digest_and_the_element_that_the_law_prints() -> None:
    recipe = norm(V, [1, 2], (6,))
    assert reference.tensor_digest(7, recipe).startswith("sha256:f9e5ad944f0419f7")
    assert floats(recipe)[0] == float.fromhex("0x1.1b0194p+1")


@pytest.mark.parametrize("axes", [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]])
def test_a_norm_runs_over_its_axes_and_keeps_the_others(axes: list[int]) -> None:
    values = floats(V)
    kept = np.sqrt((values**2).sum(axis=tuple(axes), keepdims=True))
    assert np.allclose(floats(norm(V, axes, kept.shape)), kept, rtol=1e-7)
    assert np.allclose(floats(norm(V, axes, kept.squeeze(tuple(axes)).shape)), kept.squeeze(tuple(axes)), rtol=1e-7)


def test_a_norm_is_of_the_values_in_the_dtype_of_their_tensor() -> None:
    source = Tensor("v", "bfloat16", (4, 9), reference.normal())
    expected = np.sqrt((floats(source) ** 2).sum(axis=1)).astype(np.float32)
    assert np.array_equal(floats(norm(source, [1], (4,))), expected)
    exact = np.sqrt((floats(Tensor("v", "float32", (4, 9), reference.normal())) ** 2).sum(axis=1)).astype(np.float32)
    assert not np.array_equal(expected, exact)


def test_a_norm_follows_ties_literals_and_other_norms() -> None:
    tied = Tensor("t", "float32", V.shape, {"law": "same_as", "name": "v"}, V.word_stream, source=V)
    assert np.array_equal(floats(norm(tied, [1, 2], (6,))), floats(norm(V, [1, 2], (6,))))
    given = Tensor("x", "float32", (1, 2), {"law": "literal"}, literals=(np.array([3, 4], "<f4").tobytes(),))
    assert floats(norm(given, [1], (1,))).tolist() == [5]
    inner = Tensor("n", "float32", (6, 3), {"law": "norm_of", "axes": [2], "name": "v"}, source=V)
    assert np.allclose(floats(norm(inner, [1], (6,))), floats(norm(V, [1, 2], (6,))), rtol=1e-6)


def test_norms_of_an_array_with_an_axis_of_0_are_none() -> None:
    assert reference.canonical_bytes(7, norm(tensor("v", (3, 0, 7), reference.normal()), [0], (0, 7))) == b""


def test_a_norm_of_no_values_is_0() -> None:
    assert floats(norm(Tensor("v", "float32", (2, 0), reference.normal()), [1], (2,))).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("axes", "shape"),
    [([], (6, 3, 5)), ([2, 1], (6,)), ([1, 1], (6, 5)), ([3], (6, 3, 5)), ([1, 2], (6, 1)), ([0], (3,))],
)
def test_norms_that_do_not_fit_are_refused(axes: list[int], shape: tuple[int, ...]) -> None:
    with pytest.raises(LawError):
        floats(norm(V, axes, shape))


def test_norms_that_are_not_finite_are_refused() -> None:
    data = np.array([[1e300, 1e300]], "<f8").tobytes()
    given = Tensor("x", "float64", (1, 2), {"law": "literal"}, literals=(data,))
    with pytest.raises(LawError, match="not finite"):
        floats(norm(given, [1], (1,)))
    with pytest.raises(LawError, match="float16"):
        floats(norm(tensor("x", (1, 2), reference.constant(60000.0)), [1], (1,), "float16"))


def test_a_norm_needs_the_tensor_that_it_names_and_float_dtypes() -> None:
    with pytest.raises(LawError):
        floats(Tensor("g", "float32", (6,), {"law": "norm_of", "axes": [1, 2], "name": "other"}, source=V))
    with pytest.raises(LawError):
        floats(norm(Tensor("n", "int64", (2, 3), reference.constant(2)), [1], (2,)))
    with pytest.raises(LawError):
        floats(norm(V, [1, 2], (6,), "int32"))


@pytest.mark.parametrize(("gain", "digest"), [(1.0, "be3e1b8ea43a1bda"), (2**0.5, "6a4e155362dcf30b")])
def test_an_orthogonal_vector_has_the_digest_that_the_law_prints(gain: float, digest: str) -> None:
    recipe = tensor("u", (257,), {"law": "orthogonal", "gain": gain, "rows": 1})
    assert reference.tensor_digest(7, recipe).removeprefix("sha256:").startswith(digest)
    values = floats(recipe)
    assert np.sqrt((values**2).sum()) == pytest.approx(gain, rel=1e-7)
    z = draws("u", (257,)).astype(np.float64)
    assert np.allclose(values, gain * z / np.linalg.norm(z), rtol=1e-7)
