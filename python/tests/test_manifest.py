"""Canonical JSON, the manifest and the ids (docs/manifest.md)."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from pathlib import Path

import pytest

from winit import reference
from winit.reference import LawError, Tensor

VECTORS = Path(__file__).parents[2] / "Tests" / "Vectors"
SEED = 18446744073709551557
TENSORS = [
    Tensor("h.0.w", "float32", (300, 1024), reference.normal(std=0.02)),
    Tensor("h.0.b", "float16", (5,), reference.uniform(-0.1, 0.3)),
    Tensor("\u00e9", "bfloat16", (7, 3), reference.truncated_normal(std=0.5, low=-2.0, high=2.0)),
    Tensor("steps", "int64", (), reference.constant(0)),
]


def test_the_manifest_of_the_worked_example_is_the_one_that_the_page_prints() -> None:
    manifest = reference.manifest_bytes(SEED, TENSORS)
    assert manifest == (VECTORS / "manifest-example.json").read_bytes()
    assert manifest in (VECTORS.parents[1] / "docs" / "manifest.md").read_bytes()


def test_the_ids_of_the_worked_example_are_those_that_the_page_prints() -> None:
    manifest = reference.manifest_bytes(SEED, TENSORS)
    identity = "sha256:0452c82feb29ad8671710b21f335cb2506cfa86f7bb937137ec87b5e8404488c"
    weights = "sha256:a6d17b6c001a871da1e5e12b5668d76ed2ddd6ec2287474cce15f43a90f59eeb"
    assert reference.manifest_id(manifest) == identity
    assert reference.weights_digest(manifest) == weights


def test_the_id_is_the_sha256_of_the_manifest() -> None:
    manifest = reference.manifest_bytes(1, TENSORS[3:])
    assert reference.manifest_id(manifest) == "sha256:" + hashlib.sha256(manifest).hexdigest()


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (TENSORS[1], "bb34e1aacb34af2f00ae"),
        (TENSORS[2], "593e76bf2e3e173e9c3e09be70bfd93edf3dc63e11bf513fddbe2dbf943c493d9d3d0a3fdf3d68bf2cbf"),
        (TENSORS[0], "7994d1bcc2f709bd24b7603db99cc73c"),
        (TENSORS[3], "0000000000000000"),
    ],
)
def test_the_bytes_of_the_worked_example_are_those_that_the_page_prints(tensor: Tensor, text: str) -> None:
    expected = bytes.fromhex(text)
    count = len(expected) // reference.item_size(tensor.dtype)
    assert reference.canonical_bytes(SEED, tensor, 0, count) == expected


def test_the_digest_of_a_tied_tensor_or_a_literal_is_given() -> None:
    tied = Tensor("a", "float32", (2,), {"law": "same_as", "name": "w"}, reference.name_stream("w"))
    literal = Tensor("b", "float32", (2,), {"law": "literal"})
    digests = {"a": "sha256:aa", "b": "sha256:bb"}
    rows = json.loads(reference.manifest_bytes(0, [literal, tied], digests))["tensors"]
    assert [row["digest"] for row in rows] == ["sha256:aa", "sha256:bb"]
    assert rows[0]["stream"] == str(reference.name_stream("w"))
    with pytest.raises(LawError):
        reference.manifest_bytes(0, [literal])


def test_tensors_are_ordered_by_the_utf8_bytes_of_their_names() -> None:
    names = ["\U0001f525", "\ufb33", "b", "a", "\u00e9"]
    tensors = [Tensor(name, "bool", (), reference.constant(1)) for name in names]
    rows = json.loads(reference.manifest_bytes(0, tensors))["tensors"]
    assert [row["name"] for row in rows] == ["a", "b", "\u00e9", "\ufb33", "\U0001f525"]


def numbers() -> list[tuple[float, str]]:
    """The finite samples of RFC 8785, Appendix B, which the file begins with."""
    lines = [line.split() for line in (VECTORS / "numbers.txt").read_text().splitlines() if not line.startswith("#")]
    return [(struct.unpack(">d", bytes.fromhex(bits))[0], text) for bits, text in lines[:24]]


@pytest.mark.parametrize(("value", "text"), numbers())
def test_numbers_are_written_as_in_rfc_8785(value: float, text: str) -> None:
    assert reference.number_text(value) == text
    assert float(text) == value


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(LawError):
        reference.canonical_json([value])


def test_members_are_ordered_by_their_utf16_code_units() -> None:
    value = {"\ufb33": 1, "\U0001f525": 2, "a": [True, None, "x\u20ac\n\u001f"]}
    expected = '{"a":[true,null,"x\u20ac\\n\\u001f"],"\U0001f525":2,"\ufb33":1}'
    assert reference.canonical_json(value) == expected.encode()


def test_an_integer_that_a_double_cannot_hold_is_refused() -> None:
    with pytest.raises(LawError):
        reference.canonical_json(2**53 + 1)


def test_a_value_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError):
        reference.canonical_json({1, 2})
