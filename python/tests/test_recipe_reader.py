"""The reader of recipes: whatever a file says, it gives a valid recipe or an error that names the place."""

from __future__ import annotations

import copy
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recipe_support import VECTORS
from winit import BadInput, NotFound, Recipe, TensorRecipe, reference
from winit.recipes import law_text
from winit.strict_json import parse

EXAMPLE = json.loads((VECTORS / "manifest-example.json").read_text(encoding="utf-8"))
NORMAL = {"law": "normal", "mean": 0, "std": 1}
TRUNCATED = {"law": "truncated_normal", "alpha": 0.1, "beta": 0.9, "low": -2, "high": 2, "mean": 0, "std": 1}


def with_tensor(**members: Any) -> dict[str, Any]:
    """A manifest of one tensor; a member that is `...` is left out."""
    tensor = {"name": "w", "dtype": "float32", "shape": [3, 4], "stream": "7", "law": NORMAL, **members}
    return with_tensors({key: value for key, value in tensor.items() if value is not ...})


def with_tensors(*tensors: Any, **members: Any) -> dict[str, Any]:
    head = {"chunk_size": 1 << 20, "law_version": "philox4x32-10/icdf-1", "seed": "42", "tensors": list(tensors)}
    return {key: value for key, value in {**head, **members}.items() if value is not ...}


def tensor(name: str, law: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"name": name, "dtype": "float32", "shape": [3, 4], "stream": "7", "law": law, **members}


DIGEST = "sha256:" + "a" * 64

BAD_HEADS: list[tuple[Any, str]] = [
    ([], "manifest"),
    (None, "manifest"),
    ({}, "list of tensors"),
    (with_tensors(tensors={}), "list of tensors"),
    (with_tensors(law_version="philox4x32-10/icdf-2"), "icdf-2"),
    (with_tensors(law_version=...), "law_version"),
    (with_tensors(law_version=3), "law_version"),
    (with_tensors(chunk_size=1 << 19), "chunk_size"),
    (with_tensors(chunk_size=True), "chunk_size"),
    (with_tensors(seed=42), "seed"),
    (with_tensors(seed="042"), "seed"),
    (with_tensors(seed="+42"), "seed"),
    (with_tensors(seed="-1"), "seed"),
    (with_tensors(seed="4٢"), "seed"),
    (with_tensors(seed="18446744073709551616"), "seed"),
    (with_tensors(seed="9" * 5000), "seed"),
    (with_tensors(more=1), "`more`"),
    (with_tensors(3), "tensor 0"),
    (with_tensors({}), "tensor 0"),
    (with_tensors(tensor("w", NORMAL), tensor("w", NORMAL)), "duplicate tensor `w`"),
]

BAD_TENSORS: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "empty"),
    ({"name": "__metadata__"}, "reserved"),
    ({"name": "a\0b"}, "U\\+0000"),
    ({"dtype": "float31"}, "dtype"),
    ({"dtype": None}, "dtype"),
    ({"dtype": ["float32"]}, "dtype"),
    ({"shape": "34"}, "shape"),
    ({"shape": [-1]}, "shape"),
    ({"shape": [1.5]}, "shape"),
    ({"shape": [True]}, "shape"),
    ({"shape": [1 << 54]}, "shape"),
    ({"shape": [1 << 31, 1 << 31]}, "too large"),
    ({"shape": [1 << 53, 0, 1 << 53]}, "too large"),
    ({"shape": [2] * 5000}, "too large"),
    ({"shape": ...}, "shape"),
    ({"shape": [1] * 5000, "law": {"law": "eye", "value": 1}}, "rank 2"),
    ({"shape": [1] * 5000, "law": {"law": "eye", "value": 1, "batch": [*range(9000)]}}, "batch"),
    ({"shape": [1] * 5000, "law": {"law": "literal"}}, "literal"),
    ({"stream": 7}, "stream"),
    ({"stream": "07"}, "stream"),
    ({"stream": ...}, "stream"),
    ({"seed": "42"}, "seed"),
    ({"seed": 7}, "seed"),
    ({"seed": None}, "seed"),
    ({"digest": None}, "digest"),
    ({"digest": DIGEST.upper()}, "digest"),
    ({"digest": DIGEST + "\n"}, "digest"),
    ({"more": 1}, "`more`"),
    ({"law": ...}, "law"),
    ({"law": "normal"}, "law"),
    ({"law": []}, "law"),
    ({"law": {}}, "law"),
    ({"law": {"law": "cauchy"}}, "cauchy"),
    ({"law": {"law": ["normal"]}}, "law"),
    ({"law": {"law": "normal", "mean": 0}}, "`std`"),
    ({"law": {**NORMAL, "low": 1}}, "`low`"),
    ({"law": {**NORMAL, "std": "1"}}, "`std`"),
    ({"law": {**NORMAL, "std": True}}, "`std`"),
    ({"law": {**NORMAL, "std": None}}, "`std`"),
    ({"law": {**NORMAL, "std": 0.1}}, "binary32"),
    ({"law": {**NORMAL, "std": 1e39}}, "binary32"),
    ({"law": {**NORMAL, "std": 2.0**127}}, "cannot hold"),
    ({"law": {**NORMAL, "std": 2.0**14}, "dtype": "float16"}, "float16 cannot hold"),
    ({"law": {"law": "uniform", "half": 1, "mid": 0, "low": 1, "high": -1}}, "not below"),
    ({"law": {"law": "uniform", "half": -1, "mid": 0, "low": -1, "high": 1}}, "negative"),
    ({"law": {**TRUNCATED, "alpha": 0.9, "beta": 0.1}}, "alpha"),
    ({"law": {**TRUNCATED, "beta": 2}}, "alpha"),
    ({"law": {**TRUNCATED, "low": 6, "high": 7}}, "range"),
    ({"law": {**TRUNCATED, "low": 2}}, "not below"),
    ({"law": {"law": "constant", "value": 1.5}, "dtype": "int64"}, "int64"),
    ({"law": {"law": "constant", "value": 256}, "dtype": "uint8"}, "uint8"),
    ({"law": {"law": "constant", "value": 2}, "dtype": "bool"}, "bool"),
    ({"law": {"law": "constant", "value": 0.1}}, "binary32"),
    ({"dtype": "int32"}, "int32"),
    ({"dtype": "float8_e5m2"}, "given bytes only"),
    ({"dtype": "complex64", "law": {"law": "constant", "value": 0}}, "given bytes only"),
    ({"dtype": "float4_e2m1fn", "shape": [3], "law": {"law": "literal"}}, "whole bytes|literal"),
    ({"law": {"law": "eye", "value": 1}, "shape": [3]}, "rank 2"),
    ({"law": {"law": "eye", "value": 1, "batch": [2]}}, "batch"),
    ({"law": {"law": "eye", "value": 1, "batch": []}}, "batch"),
    ({"law": {"law": "eye", "value": 1, "batch": [1, 0]}}, "batch"),
    ({"law": {"law": "eye", "value": 1, "batch": [0, 0]}}, "batch"),
    ({"law": {"law": "eye", "value": 1, "batch": 0}}, "batch"),
    ({"law": {**NORMAL, "batch": [0]}}, "`batch`"),
    ({"law": {"law": "dirac", "groups": 0}, "shape": [3, 4, 1]}, "groups"),
    ({"law": {"law": "dirac", "groups": 2}, "shape": [3, 4, 1]}, "groups"),
    ({"law": {"law": "dirac", "groups": 1.5}, "shape": [3, 4, 1]}, "groups"),
    ({"law": {"law": "dirac", "groups": 1, "layout": "torch"}, "shape": [3, 4, 1]}, "layout"),
    ({"law": {"law": "dirac", "groups": 1}}, "rank 3"),
    ({"law": {"law": "orthogonal", "gain": 1, "rows": 5}}, "rows"),
    ({"law": {"law": "orthogonal", "gain": 1, "rows": 0}}, "rows"),
    ({"law": {"law": "orthogonal", "gain": 1, "rows": 1}, "shape": []}, "matrix"),
    ({"law": {"law": "orthogonal", "gain": 1, "rows": 1 << 20}, "shape": [1 << 20, 1 << 20]}, "2\\^32"),
    ({"law": {"law": "delta_orthogonal", "gain": 1}, "shape": [1, 4, 3]}, "inputs"),
    ({"law": {"law": "sparse", "std": 1, "zeros": 4}}, "zeros"),
    ({"law": {"law": "sparse", "std": -1, "zeros": 0}}, "negative"),
    ({"law": {"law": "expression", "tree": 3}}, "another law"),
    ({"law": {"law": "expression", "tree": "draw", "draw": NORMAL}}, "another law"),
    ({"law": {"law": "expression", "tree": ["exp", "draw"]}}, "`draw`"),
    ({"law": {"law": "expression", "tree": ["exp", ["index", 0]], "draw": NORMAL}}, "`draw`"),
    ({"law": {"law": "expression", "tree": ["exp", "draw"], "draw": {"law": "constant", "value": 1}}}, "draw"),
    ({"law": {"law": "expression", "tree": ["+", ["exp", 1], ["index", 0]]}}, "canonical"),
    ({"law": {"law": "expression", "tree": ["/", 1, 0]}}, "tree"),
    ({"law": {"law": "expression", "tree": ["gamma", "draw"], "draw": NORMAL}}, "gamma"),
    ({"law": {"law": "expression", "tree": ["exp", "draw", "draw"], "draw": NORMAL}}, "operands"),
    ({"law": {"law": "expression", "tree": ["index", 2]}}, r"index\[2\]"),
    ({"law": {"law": "expression", "tree": ["index", -1]}}, "axis"),
    ({"law": {"law": "expression", "tree": ["index", 0.5]}}, "axis"),
    ({"law": {"law": "expression", "tree": ["index", True]}}, "axis"),
    ({"law": {"law": "expression", "tree": []}}, "tree"),
    ({"law": {"law": "expression", "tree": {"a": 1}}}, "tree"),
    ({"law": {"law": "parts", "parts": []}}, "parts"),
    ({"law": {"law": "parts", "parts": [{"box": [[0, 1]], "law": NORMAL}]}}, "first part"),
    ({"law": {"law": "parts", "parts": [{"box": [], "law": {"law": "same_as", "name": "w"}}]}}, "same_as"),
    ({"law": {"law": "parts", "parts": [{"box": [], "law": {"law": "parts", "parts": []}}]}}, "part 0"),
    ({"law": {"law": "parts", "parts": [{"box": [], "law": NORMAL, "stream": 7}]}}, "stream"),
    ({"law": {"law": "parts", "parts": [{"box": [], "law": NORMAL, "more": 7}]}}, "part 0"),
    ({"law": {"law": "parts", "parts": [{"box": [], "law": NORMAL}, {"box": [[0, 4]], "law": NORMAL}]}}, "part 1"),
    ({"law": {"law": "parts", "parts": [{"box": [], "law": NORMAL}, {"box": [[2, 1]], "law": NORMAL}]}}, "part 1"),
    ({"law": {"law": "parts", "parts": [{"box": [], "law": NORMAL}, {"box": [[0, 1]] * 3, "law": NORMAL}]}}, "part 1"),
    ({"law": {"law": "parts", "parts": [{"box": [], "law": NORMAL}]}, "dtype": "int8"}, "int8"),
    ({"law": {"law": "same_as", "name": "w"}}, "depends on itself"),
    ({"law": {"law": "same_as", "name": "x"}}, "`x`"),
    ({"law": {"law": "same_as", "name": 3}}, "`name`"),
    ({"law": {"law": "norm_of", "name": "w", "axes": [0]}}, "depends on itself"),
    ({"law": {"law": "norm_of", "name": "x", "axes": [0]}}, "`x`"),
    ({"law": {"law": "norm_of", "name": "x", "axes": []}}, "`axes`"),
    ({"law": {"law": "literal"}}, "literal"),
    ({"law": {"law": "literal", "value": 0}}, "`value`"),
]  # fmt: skip


def read(document: Any, tmp_path: Path) -> Recipe:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return Recipe.load(path)


@pytest.mark.parametrize("number", range(len(BAD_HEADS)))
def test_a_manifest_that_is_none_is_refused_with_the_member(tmp_path: Path, number: int) -> None:
    document, words = BAD_HEADS[number]
    with pytest.raises(BadInput, match=words) as error:
        read(document, tmp_path)
    assert str(tmp_path / "recipe.json") in str(error.value) and len(str(error.value)) < 500


@pytest.mark.parametrize("number", range(len(BAD_TENSORS)))
def test_a_tensor_that_cannot_be_is_refused_with_file_tensor_and_member(tmp_path: Path, number: int) -> None:
    members, words = BAD_TENSORS[number]
    assert read(with_tensor(), tmp_path)["w"].law == NORMAL  # everything else is right
    with pytest.raises((BadInput, NotFound), match=words) as error:
        read(with_tensor(**members), tmp_path)
    assert str(tmp_path) in str(error.value) and len(str(error.value)) < 500
    if "name" not in members:
        assert "`w`" in str(error.value)


def chain(length: int, make: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    first = {"name": "t0", "dtype": "float32", "shape": [2] * (length + 1), "stream": "7", "law": NORMAL}
    return with_tensors(first, *(make(number) for number in range(1, length + 1)))


def norm(number: int, length: int) -> dict[str, Any]:
    shape = [2] * (length + 1 - number)
    law = {"law": "norm_of", "axes": [0], "name": f"t{number - 1}"}
    return {"name": f"t{number}", "dtype": "float32", "shape": shape, "stream": str(number), "law": law}


def test_a_chain_of_norms_has_a_limit(tmp_path: Path) -> None:
    assert len(read(chain(16, lambda number: norm(number, 16)), tmp_path)) == 17
    for length in (17, 40):
        with pytest.raises(BadInput, match="16"):
            read(chain(length, lambda number, n=length: norm(number, n)), tmp_path)  # type: ignore[misc]


def test_references_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    base = tensor("a", NORMAL)
    tie = {"law": "same_as", "name": "a"}
    bad = [
        [base, tensor("b", tie, stream="8")],
        [base, tensor("b", tie, shape=[4, 3])],
        [base, tensor("b", tie, dtype="float16")],
        [base, tensor("b", tie, seed="1")],
        [{**base, "digest": DIGEST}, tensor("b", tie, digest="sha256:" + "b" * 64)],
        [base, tensor("b", tie), tensor("c", {"law": "same_as", "name": "b"})],
        [tensor("a", {"law": "same_as", "name": "b"}), tensor("b", tie)],
        [base, tensor("b", {"law": "norm_of", "name": "a", "axes": [2]}, shape=[3])],
        [base, tensor("b", {"law": "norm_of", "name": "a", "axes": [1]}, shape=[4])],
        [base, tensor("b", {"law": "norm_of", "name": "a", "axes": [1]}, shape=[3], dtype="int8")],
        [
            tensor("a", {"law": "constant", "value": 1}, dtype="int8"),
            tensor("b", {"law": "norm_of", "name": "a", "axes": [1]}, shape=[3]),
        ],
    ]
    for tensors in bad:
        with pytest.raises(BadInput, match=r"`[abc]`"):
            read(with_tensors(*tensors), tmp_path)
    good = [base, tensor("b", tie), tensor("n", {"law": "norm_of", "name": "b", "axes": [1]}, shape=[3, 1])]
    assert read(with_tensors(*good), tmp_path)["n"].source is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "line 1"),
        (b"{", "not JSON"),
        (b"\xff{}", "UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a":1,"a":2}', "duplicate key `a`"),
        (b'{"a":1,"\\u0061":2}', "duplicate key `a`"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"[1e999]", "not finite"),
        (b"[" + b"9" * 5000 + b"]", "not finite"),
        (b'["\\ud800"]', "surrogate"),
        (b'{"\\udc00":1}', "surrogate"),
        (b'["\x00"]', "not JSON"),
        (b"[1] 2", "not JSON"),
        (b"[01]", "not JSON"),
        (b"[.5]", "not JSON"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64"),
        (b"[" * 2_000_000, "deeper than 64"),
        (b'["\\\\",' + b"[" * 70, "deeper than 64"),
        (b'["\\\\\\"]' + b"[" * 70, "not JSON"),
    ],
)
def test_json_that_is_not_strict_is_refused(text: bytes, words: str) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)  # a process that did this must not crash
    try:
        with pytest.raises(BadInput, match=words):
            parse(text)
    finally:
        sys.setrecursionlimit(limit)


def test_brackets_in_strings_are_no_nesting() -> None:
    value = ["[" * 100, "\\" * 3 + '"' + "{" * 100, "\\"]
    assert parse(json.dumps(value).encode()) == value
    assert parse(b"[" * 64 + b"]" * 64)
    long = ['"[' * 100_000, "]" * 300_000]  # quotes that are escaped across the tiles of the scan
    assert parse(json.dumps(long).encode()) == long


def test_a_hostile_text_of_megabytes_is_refused() -> None:  # in quadratic time, this would take hours
    for text in (b'"' + b'\\"' * 1_000_000, b"[" + b'"\\' * 1_000_000, b'["' + b"\\" * 2_000_001):
        with pytest.raises(BadInput):
            parse(text)


def mutated(rng: random.Random, value: Any) -> Any:
    """A JSON value with one change somewhere."""
    junk: list[Any] = [None, True, -1, 0, 1 << 60, 1e308, -0.0, "", "draw", "7", [], {}, [[]], {"law": "literal"}, "é"]
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        action = rng.randrange(6)
        if action == 0:
            value.pop(key)
        elif action == 1:
            value[rng.choice(("seed", "law", "batch", "layout", "stream", "x"))] = copy.deepcopy(rng.choice(junk))
        else:
            value[key] = mutated(rng, value[key])
        return value
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        action = rng.randrange(6)
        if action == 0:
            value.pop(at)
        elif action == 1:
            value.insert(at, copy.deepcopy(rng.choice([*junk, value[at]])))
        else:
            value[at] = mutated(rng, value[at])
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.5:
        return rng.choice((value * 2, -value, value + 1, value / 3, value * 1e30))
    if isinstance(value, str) and value and rng.random() < 0.5:
        at = rng.randrange(len(value))
        return value[:at] + rng.choice(("", "\0", "9", "Z", "\ud800")) + value[at + 1 :]
    return copy.deepcopy(rng.choice(junk))


def test_a_mutated_manifest_gives_a_valid_recipe_or_bad_input() -> None:
    additions = json.loads((VECTORS / "manifest-additions.json").read_text(encoding="utf-8"))
    additions["tensors"] = [t for t in additions["tensors"] if '"literal"' not in json.dumps(t)]
    additions["tensors"] = [t for t in additions["tensors"] if "name" not in t["law"]]
    rng, read_well = random.Random(11), 0
    for _ in range(1500):
        kept = rng.sample(additions["tensors"], 3) if rng.random() < 0.9 else additions["tensors"]
        document = copy.deepcopy({**additions, "tensors": kept})
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            if rng.random() < 0.1 or not isinstance(document, dict):
                document = mutated(rng, document)
            else:
                document["tensors"] = mutated(rng, document.get("tensors"))
        text = json.dumps(document)
        if rng.random() < 0.2:
            at = rng.randrange(len(text))
            text = text[:at] + rng.choice('{}[]",:0e-\\ ') + text[at + rng.randint(0, 2) :]
        try:
            recipe = Recipe.loads(text)
        except BadInput as error:
            assert len(str(error)) < 1000
            continue
        read_well += 1
        assert Recipe.loads(recipe.dumps()) == recipe  # what was accepted is written in one form
    assert read_well > 50


def test_a_recipe_made_by_hand_is_checked_too() -> None:
    text = law_text(NORMAL)
    good = TensorRecipe("w", (3,), "float32", text, 7, 42)
    assert Recipe(42, [good])["w"] is good
    bad: list[Any] = [
        TensorRecipe("", (3,), "float32", text, 7, 42),
        TensorRecipe("w", (-3,), "float32", text, 7, 42),
        TensorRecipe("w", [3], "float32", text, 7, 42),  # type: ignore[arg-type]
        TensorRecipe("w", (3,), "int32", text, 7, 42),
        TensorRecipe("w", (3,), "float32", text + " ", 7, 42),
        TensorRecipe("w", (3,), "float32", "{", 7, 42),
        TensorRecipe("w", (3,), "float32", "[" * 10**6, 7, 42),
        TensorRecipe("w", (3,), "float32", text, 1 << 64, 42),
        TensorRecipe("w", (3,), "float32", text, 7, -1),
        TensorRecipe("w", (3,), "float32", text, 7, True),
        TensorRecipe("w", (3,), "float32", text, 7, 42, "sha256:"),
        TensorRecipe("w", (3,), "float32", text, 7, 42, None, good),
        TensorRecipe("w", (3,), "float32", law_text({"law": "same_as", "name": "v"}), 7, 42),
        TensorRecipe("t", (3,), "float32", law_text({"law": "same_as", "name": "w"}), 7, 42, None, good),
    ]
    for each in bad:
        with pytest.raises(BadInput):
            Recipe(42, [each])
    for seed in (-1, 1 << 64, "42", 1.0, True):
        with pytest.raises(BadInput, match="seed"):
            Recipe(seed, [good])  # type: ignore[arg-type]
    with pytest.raises(reference.LawError):
        reference.normal(std=float("nan"))
