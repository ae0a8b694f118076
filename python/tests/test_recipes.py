"""Signs, seeds, streams of noise and dtypes for literals (docs/law.md, "Words" and "Dtypes and bytes")."""

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


def test_a_negative_std_gives_the_negatives() -> None:
    for make in (reference.normal, reference.truncated_normal):
        assert np.array_equal(floats(tensor("w", (99,), make(std=-0.3))), -floats(tensor("w", (99,), make(std=0.3))))
    with pytest.raises(LawError):
        reference.normal(std=-1e-60)
    with pytest.raises(LawError):
        floats(Tensor("w", "float16", (3,), reference.normal(std=-65520 / 6.35)))


def test_a_seed_of_its_own_changes_the_key_and_not_the_stream() -> None:
    own = Tensor("w", "float32", (9,), reference.normal(), seed=11)
    assert reference.canonical_bytes(7, own) == reference.canonical_bytes(11, tensor("w", (9,), reference.normal()))
    manifest = reference.manifest_bytes(7, [own]).decode()
    assert f'"seed":"11","shape":[9],"stream":"{reference.name_stream("w")}"' in manifest
    assert '"seed"' not in reference.manifest_bytes(11, [own]).decode().split('"tensors"')[1]


def test_a_tied_tensor_has_the_bytes_of_its_target_with_the_targets_seed() -> None:
    target = Tensor("w", "float32", (9,), reference.normal(), seed=11)
    tied = Tensor("t", "float32", (9,), {"law": "same_as", "name": "w"}, target.word_stream, 11, source=target)
    assert reference.canonical_bytes(7, tied) == reference.canonical_bytes(7, target)


@pytest.mark.parametrize(
    ("dtype", "count", "size"),
    [
        ("float8_e4m3fn", 3, 3),
        ("float8_e8m0fnu", 5, 5),
        ("float6_e2m3fn", 4, 3),
        ("float4_e2m1fn", 6, 3),
        ("complex64", 2, 16),
    ],
)
def test_some_dtypes_hold_literals_only(dtype: str, count: int, size: int) -> None:
    data = bytes(range(size))
    given = Tensor("w", dtype, (count,), {"law": "literal"}, literals=(data,))
    assert given.byte_count == size
    assert reference.canonical_bytes(0, given) == data
    assert reference.tensor_digest(0, given) == reference.digest_of_chunks([data])
    for law in (reference.constant(0), reference.normal(), {"law": "parts", "parts": []}):
        with pytest.raises(LawError, match="literals only"):
            reference.canonical_bytes(0, Tensor("w", dtype, (count,), law))  # type: ignore[arg-type]


def test_elements_that_do_not_fill_whole_bytes_are_refused() -> None:
    with pytest.raises(LawError, match="whole bytes"):
        reference.byte_count("float4_e2m1fn", 3)


def test_the_stream_of_noise_is_the_names_and_then_one_for_each_step() -> None:
    assert reference.noise_stream("w") == reference.name_stream("w")
    assert reference.noise_stream("w", 12) == reference.name_stream("w\x0012")
    with pytest.raises(LawError, match=r"U\+0000"):
        reference.canonical_bytes(0, tensor("w\x0012", (2,), reference.normal()))
