"""Comparison of weights: every difference is found, named to the element, and explained where the values show why."""

from __future__ import annotations

import json
import math
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import winit
from winit import BadInput, Finding, Mismatch, NotFound, Recipe, compare, reference, verify
from winit.comparing.elements import element_text, tiles
from winit.comparing.rounding import rounded
from winit.comparing.words import words_of

State = dict[str, Any]


def model() -> Recipe:
    return Recipe.from_laws(
        42,
        {
            "l1.weight": ("float32", (8, 80), reference.normal(std=0.02)),
            "l1.bias": ("float32", (80,), reference.uniform(-0.1, 0.1)),
            "l2.weight": ("float32", (80, 8), reference.normal(std=0.02)),
            "norm.weight": ("float32", (80,), {"law": "constant", "value": 1}),
            "head.weight": ("float32", (8, 80), {"law": "same_as", "name": "l1.weight"}),
            "steps": ("int64", (), {"law": "constant", "value": 0}),
            "mask": ("bool", (3,), {"law": "constant", "value": 1}),
            "rope": ("float32", (40,), {"law": "expression", "tree": ["/", 1, ["+", 1, ["index", 0]]]}),
            "decay": ("float32", (40,), reference.log_uniform(0.001, 0.1)),
            "wide": ("float64", (50,), reference.normal()),
        },
    )


def state(recipe: Recipe | None = None) -> State:
    return dict((model() if recipe is None else recipe).arrays())


def the_only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def test_right_weights_have_no_finding() -> None:
    assert compare(state(), model()) == []
    verify(state(), model())


def test_the_first_element_that_differs_is_named_with_both_values_and_the_number() -> None:
    weights = state()
    weights["l1.weight"][5, 6:9] = 0.5
    finding = the_only(compare(weights, model()))
    expected = float(state()["l1.weight"][5, 6])
    assert (finding.kind, finding.tensor, finding.index) == ("values", "l1.weight", (5, 6))
    assert (finding.expected, finding.found, finding.differing_elements) == (expected, 0.5, 3)
    assert finding.message == (
        f"3 of 640 elements differ; first at [5, 6] (element 406): {np.float32(expected)!s} expected, 0.5 found"
    )
    assert finding.likely_cause == "most elements match: the weights were damaged, or trained for a few steps"


def test_the_error_names_every_finding() -> None:
    weights = state()
    weights["l1.weight"][5, 6] = 0.5
    weights["mask"][1] = False
    del weights["l1.bias"]
    with pytest.raises(Mismatch, match=r"`l1.weight`: 1 of 640 elements differs; first at \[5, 6\]") as error:
        verify(weights, model())
    found = [finding for finding in error.value.findings if isinstance(finding, Finding)]
    assert [finding.tensor for finding in found] == ["l1.bias", "l1.weight", "mask"]
    assert "true expected, false found" in str(error.value) and error.value.code == 1
    assert isinstance(error.value, AssertionError)
    everything = {name: np.zeros_like(array) for name, array in state().items()}
    many = Recipe.from_laws(1, {f"w{n}": ("float32", (1,), {"law": "constant", "value": 1}) for n in range(30)})
    with pytest.raises(Mismatch, match="… and 10 more findings"):
        verify(dict.fromkeys(many, np.zeros(1, np.float32)), many)
    assert {f.tensor for f in compare(everything, model())} == set(model()) - {"steps"}


def test_bits_are_compared_and_not_values() -> None:
    recipe = Recipe.from_laws(1, {"z": ("float32", (2,), {"law": "constant", "value": 0})})
    finding = the_only(compare({"z": np.array([0.0, -0.0], np.float32)}, recipe))
    assert finding.index == (1,) and "0.0 expected, -0.0 found" in finding.message
    found = the_only(compare({"z": np.array([np.nan, 0.0], np.float32)}, recipe)).found
    assert found is not None and math.isnan(found)


ZERO = "every element sampled is 0.0; the tensor was filled with a constant"

CAUSES: list[tuple[str, str, Callable[[State], None]]] = [
    ("l1.weight", "the values of seed 43", lambda s: s.update({"l1.weight": other("l1.weight", seed=43)})),
    ("decay", "the values of seed 7", lambda s: s.update({"decay": other("decay", seed=7)})),
    ("l1.weight", "transposed", lambda s: s.update({"l1.weight": s["l1.weight"].T.copy()})),
    ("l1.weight", "one flipped bit: the weights were damaged", lambda s: flip(s["l1.weight"])),
    ("l1.bias", ZERO, lambda s: s["l1.bias"].fill(0)),
    ("norm.weight", ZERO, lambda s: s["norm.weight"].fill(0)),
    ("wide", "the same initialization, rounded to float16 on the way", lambda s: narrow(s, "wide", np.float16)),
    ("l1.weight", "the values of tensor `l2.weight`", lambda s: s.update({"l1.weight": s["l2.weight"].reshape(8, 80)})),
    (
        "l1.bias",
        "the values this tensor would have under the name `wide`",
        lambda s: s.update({"l1.bias": other("l1.bias", stream=reference.name_stream("wide"))}),
    ),
    ("l1.weight", "the same initialization saved as float64", lambda s: cast(s, "l1.weight", np.float64)),
    ("l1.weight", "the same initialization saved as float16", lambda s: cast(s, "l1.weight", np.float16)),
]  # fmt: skip


def other(name: str, seed: int = 42, stream: int | None = None) -> Any:
    """The values of another seed or stream, by the reference alone."""
    tensor = model()[name]
    own = reference.Tensor(name, tensor.dtype, tensor.shape, dict(tensor.law), stream, seed)  # type: ignore[arg-type]
    return np.frombuffer(reference.canonical_bytes(seed, own), np.float32).reshape(tensor.shape).copy()


def flip(array: np.ndarray[Any, Any]) -> None:
    array.view(np.uint32)[3, 3] ^= 1 << 22


def cast(weights: State, name: str, dtype: Any) -> None:
    weights[name] = weights[name].astype(dtype)


def narrow(weights: State, name: str, dtype: Any) -> None:
    weights[name] = weights[name].astype(dtype).astype(weights[name].dtype)


@pytest.mark.parametrize("number", range(len(CAUSES)))
def test_the_likely_cause_is_what_was_done(number: int) -> None:
    name, cause, change = CAUSES[number]
    recipe = model().select("l1.weight", "l2.weight", "l1.bias", "norm.weight", "decay", "wide")
    weights = state(recipe)
    change(weights)
    finding = the_only(compare(weights, recipe))
    assert (finding.tensor, finding.likely_cause) == (name, cause)


def test_rows_in_another_order_have_no_cause_that_is_not_so() -> None:
    weights = state()
    weights["l1.weight"] = weights["l1.weight"][::-1].copy()
    assert the_only(compare(weights, model())).likely_cause is None


def test_seeds_of_the_caller_are_tried() -> None:
    weights = {"l1.bias": other("l1.bias", seed=987654321)}
    recipe = model().select("l1.bias")
    assert the_only(compare(weights, recipe)).likely_cause is None
    assert the_only(compare(weights, recipe, seeds=[987654321])).likely_cause == "the values of seed 987654321"


def test_missing_and_unexpected_tensors_are_found_and_a_subset_allows_missing_ones() -> None:
    weights = state()
    del weights["l1.bias"]
    finding = the_only(compare(weights, model()))
    assert (finding.kind, finding.tensor) == ("missing", "l1.bias")
    assert "subset=True" in str(finding.likely_cause)
    assert compare(weights, model(), subset=True) == []
    weights = {**state(), "extra": np.zeros(3)}
    finding = the_only(compare(weights, model()))
    assert (finding.kind, finding.tensor) == ("unexpected", "extra")
    assert [finding.kind for finding in compare({}, model(), subset=True)] == ["missing"]


def test_a_tied_tensor_may_be_absent_if_the_other_is_there() -> None:
    for name in ("l1.weight", "head.weight"):
        weights = state()
        del weights[name]
        assert compare(weights, model()) == []
    del weights["l1.weight"]
    assert [finding.tensor for finding in compare(weights, model())] == ["head.weight", "l1.weight"]


def test_names_with_a_prefix_are_explained_and_renamed() -> None:
    weights = {f"module.{name}": array for name, array in state().items()}
    findings = compare(weights, model())
    assert len(findings) == 2 * len(weights)
    assert "begin with `module.`" in str(findings[0].likely_cause)
    assert compare(weights, model(), rename=lambda name: name.removeprefix("module.")) == []
    with pytest.raises(BadInput, match="both renamed"):
        compare(weights, model(), rename=lambda name: "w")
    recipe = model().rename(lambda name: f"model.{name}")
    assert "begin with `model.`" in str(compare(state(), recipe)[0].likely_cause)
    assert compare(state(), recipe, rename=lambda name: f"model.{name}") == []


def test_other_shapes_and_dtypes_are_findings_of_their_own() -> None:
    weights = state()
    weights["l1.weight"] = weights["l1.weight"].T
    weights["l1.bias"] = weights["l1.bias"].astype(np.float16)[:3]
    weights["steps"] = np.zeros((), np.int32)
    findings = {(finding.tensor, finding.kind): finding for finding in compare(weights, model())}
    assert set(findings) == {("l1.weight", "shape"), ("l1.bias", "dtype"), ("l1.bias", "shape"), ("steps", "dtype")}
    assert findings["l1.weight", "shape"].likely_cause == "transposed"
    assert "cast=True" in findings["l1.bias", "dtype"].message and "cast" not in findings["steps", "dtype"].message
    assert compare({"x": np.zeros((), np.complex128)}, model(), subset=True)[0].kind == "unexpected"


def test_rounded_values_match_with_cast_and_one_bit_more_does_not() -> None:
    recipe = model().select("l1.weight", "wide")
    for dtype in (np.float16, np.float64, np.float32):
        weights = {name: array.astype(dtype) for name, array in state(recipe).items()}
        assert compare(weights, recipe, cast=True) == []
    weights["wide"].view(np.uint32)[7] ^= 1
    finding = the_only(compare(weights, recipe, cast=True))
    assert finding.index == (7,) and finding.message.endswith(", rounded from float64 to float32")


def test_a_value_is_rounded_to_bfloat16_once() -> None:
    # By exact arithmetic: the nearest bfloat16 number of 1 + 2^-8 + 2^-40 is above; rounding to float32 first, and then
    # to even, would give the one below.
    values = np.array([1 + 2.0**-8, 1 + 2.0**-8 + 2.0**-40, 1 + 3 * 2.0**-8, -(1 + 2.0**-8 + 2.0**-40), 1e300, -0.0])
    bits = [0x3F80, 0x3F81, 0x3F82, 0xBF81, 0x7F80, 0x8000]
    assert np.asarray(rounded(values, "float64", "bfloat16")).view(np.uint16).tolist() == bits
    with np.errstate(over="ignore"):
        singles = values.astype(np.float32)
    expected = [0x3F80, 0x3F80, 0x3F82, 0xBF80, 0x7F80, 0x8000]
    assert np.asarray(rounded(singles, "float32", "bfloat16")).view(np.uint16).tolist() == expected


def test_files_and_folders_are_compared_as_arrays_are(tmp_path: Path) -> None:
    weights = state()
    safetensors.numpy.save_file(weights, tmp_path / "model.safetensors")
    assert compare(tmp_path / "model.safetensors", model()) == compare(str(tmp_path), model()) == []
    weights["l1.weight"][7, 79] = 1
    safetensors.numpy.save_file(weights, tmp_path / "model.safetensors")
    finding = the_only(compare(tmp_path, model()))
    assert finding.index == (7, 79) and finding.found == 1
    halves = [dict(list(weights.items())[::2]), dict(list(weights.items())[1::2])]
    places = dict[str, str]()
    for number, half in enumerate(halves):
        safetensors.numpy.save_file(half, tmp_path / f"part-{number}.safetensors")
        places |= dict.fromkeys(half, f"part-{number}.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": places}))
    assert the_only(compare(index, model())) == finding == the_only(compare(tmp_path, model()))
    for name, place in (
        ("l1.bias", "part-9.safetensors"),
        ("gone", "part-0.safetensors"),
        ("l1.bias", "../x.safetensors"),
    ):
        index.write_text(json.dumps({"weight_map": {**places, name: place}}))
        with pytest.raises((BadInput, NotFound)):
            compare(index, model())
    with pytest.raises(BadInput, match="weight_map"):
        (tmp_path / "x.json").write_text("{}")
        compare(tmp_path / "x.json", model())


def test_large_weights_are_compared_in_tiles(tmp_path: Path) -> None:
    recipe = Recipe.from_laws(1, {"w": ("float32", (3, 1 << 21), reference.uniform(-1, 1))})
    weights = {"w": recipe["w"][...]}
    weights["w"][0, 5] += 1
    weights["w"][2, -1] += 1
    safetensors.numpy.save_file(weights, tmp_path / "w.safetensors")
    for given in (weights, tmp_path / "w.safetensors"):
        tracemalloc.start()
        finding = the_only(compare(given, recipe))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert finding.index == (0, 5) and finding.differing_elements == 2
        assert peak < 100 << 20, peak  # tiles of 4 MiB and their copies; the tensor has 24 MiB, a NumPy fill some more


def test_tiles_cover_a_tensor_in_order() -> None:
    for shape in ((), (0,), (7,), (5, 3), (3, 4, 5), (2, 1, 9), (2, 0, 3)):
        for limit in (1, 2, 4, 7, 100):
            seen = list[int]()
            numbers = np.arange(math.prod(shape)).reshape(shape)
            for offset, size in tiles(shape, limit):
                assert math.prod(size) <= limit
                box = tuple(slice(at, at + n) for at, n in zip(offset, size, strict=True))
                seen += numbers[box].reshape(-1).tolist()
            assert seen == list(range(math.prod(shape)))


def test_any_layout_in_memory_is_compared_by_its_elements() -> None:
    weights = state()
    weights["l1.weight"] = np.asfortranarray(weights["l1.weight"])
    weights["l1.bias"] = weights["l1.bias"].astype(">f4")
    weights["l2.weight"] = np.repeat(weights["l2.weight"], 2, axis=0)[::2]
    assert compare(weights, model()) == []


def test_what_is_no_tensor_is_bad_input() -> None:
    for value in (object(), "text", None, [1.0], np.array(["a"]), np.array([object()])):
        with pytest.raises(BadInput, match=r"`l1\.bias`"):
            compare({"l1.bias": value}, model())
    with pytest.raises(BadInput, match="state_dict"):
        compare([1], model())  # type: ignore[arg-type]


def test_a_recipe_file_is_opened_by_its_path(tmp_path: Path) -> None:
    model().save(tmp_path / "r.json")
    assert compare(state(), tmp_path / "r.json") == [] == compare(state(), str(tmp_path / "r.json"))
    assert winit.open(tmp_path / "r.json") == model()
    with pytest.raises(BadInput, match=r"winit://"):
        winit.open("https://example.org/r.json")
    with pytest.raises(NotFound):
        winit.open(tmp_path / "none.json")


def test_a_link_with_a_relative_path_is_refused_with_the_form_of_a_link_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model().save("r.json")
    for link in ("winit://r.json", "winit://./r.json", "winit://folder/r.json"):
        with pytest.raises(BadInput, match=r"relative\. Write winit:///path/to/NAME\.json"):
            winit.open(link)
    assert winit.open("r.json") == model() == winit.open(f"winit://{tmp_path}/r.json")


def test_packed_literals_are_compared_element_by_element(tmp_path: Path) -> None:
    from winit import TensorRecipe
    from winit.recipes import BytesLiteral
    from winit.safetensors import header_bytes

    data = bytes([0x21, 0x43])
    recipe = Recipe(
        1, [TensorRecipe("q", (4,), "float4_e2m1fn", '{"law":"literal"}', 1, 1, literals=(BytesLiteral(data),))]
    )
    head, _ = header_bytes([("q", "float4_e2m1fn", (4,))])
    (tmp_path / "q.safetensors").write_bytes(head + data)
    assert compare(tmp_path / "q.safetensors", recipe) == []
    (tmp_path / "q.safetensors").write_bytes(head + bytes([0x21, 0x45]))
    finding = the_only(compare(tmp_path / "q.safetensors", recipe))
    assert (finding.index, finding.differing_elements) == ((2,), 1)


def test_values_are_shown_as_their_shortest_texts() -> None:
    cases = [
        (0x3DCCCCCD, "float32", "0.1"), (0x3FB999999999999A, "float64", "0.1"), (0x3C00, "float16", "1.0"),
        (0x3DCD, "bfloat16", "0.100097656"), (0xFF, "int8", "-1"), (0xFF, "uint8", "255"), (0, "bool", "false"),
        (7, "bool", "byte 7"), (0x7FFFFFFFFFFFFFFF, "int64", "9223372036854775807"),
        (0x3F80000040000000, "complex64", "(2.0, 1.0)"),
        (0, "complex64", "(0.0, 0.0)"), (0x7FC00000, "float32", "nan"), (1 << 63, "int64", "-9223372036854775808"),
    ]  # fmt: skip
    for bits, dtype, text in cases:
        assert element_text(bits, dtype) == text


def test_the_first_words_are_those_of_the_law() -> None:
    pairs = [(0, 0), (42, 1234567891234), ((1 << 64) - 59, (1 << 64) - 1)]
    assert words_of(pairs).tolist() == [int(reference.words(seed, stream, 0, 1)[0]) for seed, stream in pairs]
