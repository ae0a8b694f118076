"""Canonical bytes and digests (docs/law.md, "Dtypes and bytes", "Laws in which the place decides" and "Digests")."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from winit import reference
from winit.reference import Tensor


def floats(seed: int, tensor: Tensor) -> NDArray[np.float32]:
    data = reference.canonical_bytes(seed, tensor)
    return np.frombuffer(data, dtype="<f4").astype(np.float32).reshape(tensor.shape)


def test_any_range_of_elements_is_that_range_of_the_whole() -> None:
    tensor = Tensor("w", "float16", (37, 11), reference.normal())
    whole = reference.canonical_bytes(5, tensor)
    assert len(whole) == tensor.byte_count
    for start, stop in [(0, 1), (3, 10), (100, 407), (407, 407)]:
        assert reference.canonical_bytes(5, tensor, start, stop) == whole[2 * start : 2 * stop]
    with pytest.raises(IndexError):
        reference.canonical_bytes(5, tensor, 3, 408)


def test_the_dtype_only_decides_how_finely_a_value_is_kept() -> None:
    values = floats(1, Tensor("w", "float32", (1000,), reference.normal(std=3.0)))
    for dtype, numpy_dtype in (("float64", "<f8"), ("float16", "<f2")):
        data = reference.canonical_bytes(1, Tensor("w", dtype, (1000,), reference.normal(std=3.0)))
        assert data == values.astype(numpy_dtype).tobytes()


@pytest.mark.parametrize(
    ("dtype", "value", "bits"),
    [
        ("float16", 1 + 2**-11, 0x3C00),
        ("float16", 1 + 3 * 2**-11, 0x3C02),
        ("bfloat16", 1 + 2**-8, 0x3F80),
        ("bfloat16", 1 + 3 * 2**-8, 0x3F82),
        ("bfloat16", 2.0**-133, 0x0001),
        ("float16", 2.0**-24, 0x0001),
    ],
)
def test_narrow_dtypes_round_ties_to_even_and_keep_subnormals(dtype: str, value: float, bits: int) -> None:
    data = reference.canonical_bytes(0, Tensor("w", dtype, (1,), reference.constant(value)))
    assert int.from_bytes(data, "little") == bits


def test_integers_and_booleans_are_little_endian() -> None:
    assert reference.canonical_bytes(0, Tensor("w", "int16", (2,), reference.constant(-2))) == b"\xfe\xff" * 2
    assert reference.canonical_bytes(0, Tensor("w", "uint64", (), reference.constant(3))) == b"\x03" + bytes(7)
    assert reference.canonical_bytes(0, Tensor("w", "bool", (3,), reference.constant(1))) == b"\x01" * 3


def test_a_chunk_digest_goes_into_the_tensor_digest_as_raw_bytes() -> None:
    tensor = Tensor("w", "float64", (131073,), reference.uniform(0.0, 1.0))
    data = reference.canonical_bytes(9, tensor)
    chunks = [data[: 1 << 20], data[1 << 20 :]]
    assert list(reference.tensor_chunks(9, tensor)) == chunks
    inner = b"".join(hashlib.sha256(chunk).digest() for chunk in chunks)
    assert reference.tensor_digest(9, tensor) == "sha256:" + hashlib.sha256(inner).hexdigest()


def test_a_tensor_without_elements_has_the_digest_of_the_empty_string() -> None:
    tensor = Tensor("w", "float32", (3, 0), reference.normal())
    assert reference.tensor_digest(0, tensor) == "sha256:" + hashlib.sha256(b"").hexdigest()


def test_eye_is_on_the_diagonal() -> None:
    values = floats(0, Tensor("w", "float32", (3, 5), {"law": "eye", "value": 0.5}))
    assert np.array_equal(values, 0.5 * np.eye(3, 5))


def test_dirac_connects_each_channel_with_itself() -> None:
    values = floats(0, Tensor("w", "float32", (6, 2, 3, 4), {"law": "dirac", "groups": 3}))
    expected = np.zeros((6, 2, 3, 4))
    for group in range(3):
        for channel in range(2):
            expected[group * 2 + channel, channel, 1, 2] = 1
    assert np.array_equal(values, expected)


@pytest.mark.parametrize("shape", [(130, 70), (20, 100), (1, 9), (64, 64), (1, 1)])
def test_an_orthogonal_matrix_is_orthogonal(shape: tuple[int, int]) -> None:
    law: reference.Law = {"law": "orthogonal", "gain": 2.0, "rows": shape[0]}
    q = floats(3, Tensor("w", "float32", shape, law)).astype(np.float64)
    gram = q @ q.T if shape[0] <= shape[1] else q.T @ q
    assert np.abs(gram - 4 * np.eye(min(shape))).max() < 4e-6


def test_an_orthogonal_matrix_is_the_q_of_a_qr_decomposition() -> None:
    draws = reference.normal_draw(reference.words(3, reference.name_stream("w"), 0, 90 * 80)).reshape(90, 80)
    q, r = np.linalg.qr(draws.astype(np.float64))
    expected = q * np.sign(np.diag(r))
    assert np.abs(reference.orthogonal_values(draws, 1.0) - expected).max() < 1e-6


def test_delta_orthogonal_is_0_except_at_the_middle() -> None:
    values = floats(3, Tensor("w", "float32", (4, 3, 6, 8), {"law": "delta_orthogonal", "gain": 1.0}))
    middle = values[1, 1].astype(np.float64)
    assert np.abs(middle @ middle.T - np.eye(6)).max() < 1e-6
    assert np.count_nonzero(values) == np.count_nonzero(middle)


def test_sparse_has_its_zeros_in_each_column() -> None:
    tensor = Tensor("w", "float32", (50, 7), {"law": "sparse", "std": 0.5, "zeros": 13})
    values = floats(3, tensor)
    assert np.count_nonzero(values == 0, axis=0).tolist() == [13] * 7
    draws = reference.normal_draw(reference.words(3, tensor.word_stream, 0, 350)).reshape(50, 7) * np.float32(0.5)
    assert np.array_equal(values[values != 0], draws[values != 0])


def test_the_last_part_whose_box_holds_an_element_decides() -> None:
    law: reference.Law = {
        "law": "parts",
        "parts": [
            {"box": [], "law": reference.normal()},
            {"box": [[1, 4]], "law": reference.constant(7.0)},
            {"box": [[2, 3], [1, 3]], "law": reference.uniform(-1.0, 1.0), "stream": "12"},
        ],
    }
    tensor = Tensor("w", "float32", (6, 4), law)
    values = floats(3, tensor)
    base = reference.normal_draw(reference.words(3, tensor.word_stream, 0, 24)).reshape(6, 4)
    assert np.array_equal(values[4:], base[4:])
    assert np.all(values[[1, 3]] == 7)
    assert np.array_equal(values[2, 1:3], reference.uniform_draw(reference.words(3, 12, 0, 2)))


def test_a_part_takes_the_words_of_its_own_elements() -> None:
    law: reference.Law = {
        "law": "parts",
        "parts": [{"box": [], "law": reference.constant(0.0)}, {"box": [[2, 5]], "law": reference.normal()}],
    }
    values = floats(3, Tensor("w", "float32", (6, 4), law))
    assert np.array_equal(values[2:5], floats(3, Tensor("w", "float32", (6, 4), reference.normal()))[2:5])
