"""Specs as YAML: what `Spec.save` writes, the command resolves to exactly the same laws."""

from __future__ import annotations

import dataclasses
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from recipe_support import COMMAND, REPOSITORY, needs_command, random_tensors, random_truncated, random_uniform
from winit import BadInput, NotFound, Recipe, Spec, SpecTensor, reference
from winit.globs import matches
from winit.recipes import BytesLiteral
from winit.specs.numbers import cut, uniform_bounds


def resolved(path: Path, seed: int) -> dict[str, object]:
    """The manifest that the command makes of a spec, without the digests."""
    registry = path.with_suffix(".sqlite")
    for arguments in (
        ["create", "m", f"--spec={path}", f"--seed={seed}", "--recipe-only"],
        ["export", "m", "--manifest", f"--output={path.with_suffix('.json')}", "--force"],
    ):
        done = subprocess.run([str(COMMAND), *arguments, f"--registry={registry}"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    for tensor in manifest["tensors"]:
        del tensor["digest"]
    return dict(manifest)


@needs_command
@pytest.mark.parametrize("start", range(4))
def test_the_command_resolves_a_saved_spec_to_exactly_its_laws(tmp_path: Path, start: int) -> None:
    rng = random.Random(start)  # four models of 60 tensors, of every law
    spec = Spec(tuple(random_tensors(rng, 60)), assumptions=("a\nb",), model="m.Model", software={"torch": "2.13.0"})
    spec.save(tmp_path / "spec.yaml")
    assert resolved(tmp_path / "spec.yaml", 42) == json.loads(spec.recipe(42).dumps())


@needs_command
def test_a_spec_that_was_loaded_and_saved_gives_the_run_of_the_first() -> None:
    spec = Spec.load(REPOSITORY / "specs" / "gpt2.yaml")
    text = spec.to_yaml()
    assert Spec.from_yaml(text).recipe(7) == spec.recipe(7)
    # Twelve layers share their rules: the 148 tensors of GPT-2 have 12 rules.
    assert text.count("match:") == 12


@needs_command
def test_a_tensor_takes_nothing_from_a_rule_that_it_does_not_follow(tmp_path: Path) -> None:
    def orthogonal(rows: int) -> dict[str, object]:
        return {"law": "orthogonal", "gain": 1.0, "rows": rows}

    laws: dict[str, Any] = {
        "h.0.w": orthogonal(12),
        "h.1.w": orthogonal(12),
        "h.2.w": orthogonal(3),
        "h.3.w": reference.normal(),
    }
    parts = [{"box": [], "law": orthogonal(12)}, {"box": [[0, 2]], "law": orthogonal(2)}]
    laws["parts"] = {"law": "parts", "parts": parts}
    spec = Spec(tuple(SpecTensor(name, (3, 4, 5), "float32", law) for name, law in laws.items()))
    text = spec.to_yaml()
    assert '{match: "h.*.w", init: {scheme: orthogonal, gain: 1}, layout: keras}' in text
    spec.save(tmp_path / "spec.yaml")
    assert resolved(tmp_path / "spec.yaml", 1) == json.loads(spec.recipe(1).dumps())


@needs_command
def test_names_that_yaml_would_read_otherwise_come_back(tmp_path: Path) -> None:
    names = [
        "x" * 3000, "a: b", "- a", "#", "a #b", "*a", "&a", "!a", "{a}", "[0]", "'", '"', "\\", "null", "~", "1e3",
        "yes", " a ", "\t", "\n", "\r\n", "\x7f", "\x85", "\xa0", "\u2028", "\ufeff", "é", "e\u0301", "😀", "?",
        "a\x1b[0m", "=", "<<",
    ]  # fmt: skip
    spec = Spec(tuple(SpecTensor(name, (1,), "float32", reference.normal()) for name in names))
    spec.save(tmp_path / "spec.yaml")
    assert resolved(tmp_path / "spec.yaml", 1) == json.loads(spec.recipe(1).dumps())


def test_a_spec_that_no_recipe_follows_from_is_not_saved(tmp_path: Path) -> None:
    tensor = SpecTensor("w", (1,), "float32", reference.normal())
    for tensors in ((tensor, tensor), (dataclasses.replace(tensor, dtype="int8"),)):
        with pytest.raises(BadInput, match="`w`"):
            Spec(tensors).save(tmp_path / "spec.yaml")
    assert list(tmp_path.iterdir()) == []


@needs_command
def test_literals_are_saved_beside_the_spec_and_come_back(tmp_path: Path) -> None:
    rows = np.arange(12, dtype="<f4")
    parts = {
        "law": "parts",
        "parts": [
            {"box": [], "law": reference.constant(0.5)},
            {"box": [[0, 1]], "law": {"law": "literal"}},
            {"box": [[2, 3], [0, 2]], "law": {"law": "literal"}},
        ],
    }
    given = (BytesLiteral(rows[:4].tobytes()), BytesLiteral(rows[4:6].tobytes()))
    spec = Spec(
        (
            SpecTensor("whole", (3, 4), "float32", {"law": "literal"}, (BytesLiteral(rows.tobytes()),)),
            SpecTensor("small", (2,), "float8_e4m3fn", {"law": "literal"}, (BytesLiteral(b"\x01\x02"),)),
            SpecTensor("parts", (3, 4), "float32", parts, given),
        )
    )
    spec.save(tmp_path / "spec.yaml")
    assert resolved(tmp_path / "spec.yaml", 1) == json.loads(spec.recipe(1).dumps())
    recorded = Recipe.load(tmp_path / "spec.json")
    assert np.array_equal(recorded["whole"][...].reshape(-1), rows)
    assert recorded["parts"][...].tolist() == [[0, 1, 2, 3], [0.5] * 4, [4, 5, 0.5, 0.5]]
    assert Spec.load(tmp_path / "spec.yaml").recipe(1) == spec.recipe(1)
    with pytest.raises(BadInput, match="3 literals"):
        dataclasses.replace(spec, tensors=(spec.tensors[0], spec.tensors[2])).to_yaml()


@needs_command
def test_streams_of_parts_are_saved_by_their_names() -> None:
    text = """
    tensors: {w: [4, 6]}
    rules:
    - match: w
      init:
        scheme: parts
        base: zeros
        parts: [{box: [[0, 2]], init: {scheme: normal}, repeat: {axis: 0, stream: "gate.{n}"}}]
    """
    spec = Spec.from_yaml(text)
    assert Spec.from_yaml(spec.to_yaml()).recipe(3) == spec.recipe(3)
    with pytest.raises(BadInput, match=r"tensor `w`: a part has the stream"):
        Spec(tuple(dataclasses.replace(tensor, stream_names=()) for tensor in spec.tensors)).to_yaml()


@needs_command
def test_a_preset_is_a_spec_that_says_what_it_assumes(tmp_path: Path) -> None:
    block = "transformer.h.0"
    shapes = {
        "transformer.wte.weight": (20, 8), "transformer.wpe.weight": (4, 8), f"{block}.ln_1.weight": (8,),
        f"{block}.ln_1.bias": (8,), f"{block}.attn.c_attn.weight": (8, 24), f"{block}.attn.c_attn.bias": (24,),
        f"{block}.attn.c_proj.weight": (8, 8), f"{block}.attn.c_proj.bias": (8,), f"{block}.ln_2.weight": (8,),
        f"{block}.ln_2.bias": (8,), f"{block}.mlp.c_fc.weight": (8, 32), f"{block}.mlp.c_fc.bias": (32,),
        f"{block}.mlp.c_proj.weight": (32, 8), f"{block}.mlp.c_proj.bias": (8,), "transformer.ln_f.weight": (8,),
        "transformer.ln_f.bias": (8,),
    }  # fmt: skip
    like = tmp_path / "like.safetensors"
    safetensors.numpy.save_file({name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, like)
    spec = Spec.from_preset("gpt2", like)
    assert {tensor.name: tensor.shape for tensor in spec.tensors} == shapes
    laws = {tensor.name: tensor.law for tensor in spec.tensors}
    assert laws["transformer.wte.weight"] == reference.normal(std=0.02)
    assert laws[f"{block}.mlp.c_proj.weight"] == reference.normal(std=0.02 / np.sqrt(2))
    assert any("option tied" in text for text in spec.assumptions), spec.assumptions
    assert Spec.from_yaml(spec.to_yaml()).recipe(5) == spec.recipe(5)
    with pytest.raises(NotFound, match="gpt3"):
        Spec.from_preset("gpt3", like)


def test_the_bounds_of_every_uniform_law_are_found() -> None:
    rng = random.Random(5)
    for _ in range(400):
        law = random_uniform(rng)
        low, high = uniform_bounds(law["half"], law["mid"], law["low"], law["high"])
        assert reference.uniform(float(low), float(high)) == law
    with pytest.raises(BadInput):
        uniform_bounds(0.25, 0.5, 0.0, 1.0)


def test_the_cuts_of_every_truncated_normal_law_are_found() -> None:
    rng = random.Random(6)
    for _ in range(60):
        law = random_truncated(rng)
        for bound, probability in (("low", "alpha"), ("high", "beta")):
            text = cut(law[bound], law[probability])
            assert reference.phi(float(text)) == law[probability]
            assert reference.binary32(float(text)) == law[bound]
    with pytest.raises(BadInput):
        cut(1.0, 0.5)


def test_a_comment_cannot_end_its_line() -> None:
    tensor = SpecTensor("w", (1,), "float32", reference.constant(1.0), origin="a\nb: c\u2028d\x85e")
    text = Spec((tensor,), model="x\ny", assumptions=("p\rq",)).to_yaml()
    assert len(text.splitlines()) == 7
    assert all(line.startswith(("#", "dtype:", "layout:", "tensors:", "  w:")) for line in text.splitlines())


def test_unresolved_tensors_are_named_and_nothing_is_saved(tmp_path: Path) -> None:
    spec = Spec((), unresolved={"dt_bias": "a function of a draw"})
    for attempt in (lambda: spec.recipe(1), lambda: spec.save(tmp_path / "a.yaml"), spec.to_yaml):
        with pytest.raises(BadInput, match="dt_bias"):
            attempt()
    assert list(tmp_path.iterdir()) == []


@needs_command
def test_an_invalid_spec_is_an_error_that_names_line_and_tensor() -> None:
    with pytest.raises(BadInput, match=r"line 2|:2") as error:
        Spec.from_yaml("tensors:\n  w: {shape: [-1], init: zeros}\n")
    assert "`w`" in str(error.value)
    with pytest.raises(NotFound):
        Spec.load("there/is/no.yaml")


def test_a_spec_shows_its_tensors_as_an_escaped_table() -> None:
    spec = Spec((SpecTensor("<b>", (1,), "float32", reference.normal()),), model="m.Model")
    assert repr(spec) == "Spec(m.Model, 1 tensor)"
    assert "&lt;b&gt;" in spec._repr_html_() and "<b>" not in spec._repr_html_()


def test_a_pattern_matches_what_fnmatch_matches() -> None:
    import fnmatch

    rng = random.Random(8)
    for _ in range(3000):
        name = "".join(rng.choice("ab.") for _ in range(rng.randint(0, 8)))
        pattern = "".join(rng.choice("ab.*?") for _ in range(rng.randint(0, 6)))
        assert matches(pattern, name) == fnmatch.fnmatchcase(name, pattern), (pattern, name)
