"""Recipe files: what `Recipe` reads and writes is what the command exports and imports, bit for bit."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recipe_support import COMMAND, REPOSITORY, VECTORS, needs_command, random_tensors
from winit import BadInput, Mismatch, NotFound, Recipe, Spec, TensorRecipe, Unavailable, reference
from winit.recipes import BytesLiteral, law_text


def command(*arguments: object, folder: Path) -> dict[str, Any]:
    words = [str(COMMAND), *map(str, arguments), "--json", f"--registry={folder / 'winit.sqlite'}"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def small() -> Recipe:
    """A recipe of a few laws, with a tie, a norm and a seed of its own."""
    weight = reference.normal(std=0.02)
    recipe = Recipe.from_laws(
        42,
        {
            "w": ("float32", (300, 10), weight),
            "b": ("bfloat16", (7,), reference.uniform(-1, 1)),
            "steps": ("int64", (), {"law": "constant", "value": 3}),
            "tied": ("float32", (300, 10), {"law": "same_as", "name": "w"}),
            "g": ("float32", (300,), {"law": "norm_of", "name": "w", "axes": [1]}),
            "empty": ("float16", (0, 3), weight),
        },
    )
    own = replace(recipe["b"], name="own", seed=7)
    return Recipe(42, [*recipe.values(), own])


@needs_command
@pytest.mark.parametrize("name", ["gpt2", "resnet50"])
def test_an_exported_manifest_is_read_and_written_back_byte_for_byte(tmp_path: Path, name: str) -> None:
    spec = REPOSITORY / "specs" / f"{name}.yaml"
    made = command("create", name, f"--spec={spec}", "--seed=42", "--recipe-only", folder=tmp_path)
    path = tmp_path / "exported.json"
    command("export", name, "--manifest", f"--output={path}", folder=tmp_path)
    recipe = Recipe.load(path)
    assert (recipe.id, recipe.weights) == (made["id"], made["weights"])
    recipe.save(tmp_path / "saved.json")
    assert (tmp_path / "saved.json").read_bytes() == path.read_bytes()
    assert recipe == Spec.load(spec).recipe(42)


@needs_command
@pytest.mark.parametrize("start", range(3))
def test_the_id_of_every_law_is_the_one_that_the_command_computes(tmp_path: Path, start: int) -> None:
    recipe = Spec(tuple(random_tensors(random.Random(100 + start), 40))).recipe(start)
    assert recipe.id is None and recipe.weights is None
    seen = list[tuple[int, int]]()
    recipe.compute_id(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] and [done for done, _ in seen] == sorted(done for done, _ in seen)
    recipe.save(tmp_path / "recipe.json")
    made = command("import", tmp_path / "recipe.json", "--as=m", "--recipe-only", folder=tmp_path)
    assert (recipe.id, recipe.weights) == (made["id"], made["weights"])


def test_a_manifest_with_every_form_has_its_id_and_its_weights() -> None:
    values, literals = dict[str, str](), dict[str, list[bytes]]()
    for line in (VECTORS / "manifest-additions.txt").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[0] == "literal":
            literals.setdefault(words[1], []).append(bytes.fromhex(words[3] if len(words) > 3 else ""))
        elif words[0] != "#":
            values[words[0]] = words[1]
    text = (VECTORS / "manifest-additions.json").read_text(encoding="utf-8")
    recipe = Recipe.loads(text, literals)
    assert (str(recipe.seed), recipe.id, recipe.weights) == (values["seed"], values["id"], values["weights"])
    assert recipe.to_manifest() == text
    bare = Recipe(recipe.seed, [stripped(tensor) for tensor in recipe.values()])
    assert bare.id is None and bare == recipe
    assert bare.compute_id(threads=1) == values["id"]


def stripped(tensor: TensorRecipe) -> TensorRecipe:
    source = None if tensor.source is None else stripped(tensor.source)
    return replace(tensor, digest=None, source=source)


def test_the_digests_are_the_sha256_of_the_bytes_in_chunks() -> None:
    # 1 MiB + 4 bytes of float32: two chunks, the last of one element.
    recipe = Recipe.from_laws(5, {"w": ("float32", ((1 << 18) + 1,), reference.uniform(-1, 1))})
    data = recipe["w"][...].tobytes()
    chunks = [hashlib.sha256(data[: 1 << 20]).hexdigest(), hashlib.sha256(data[1 << 20 :]).hexdigest()]
    assert recipe.chunk_digests("w") == [f"sha256:{digest}" for digest in chunks]
    assert recipe["w"].digest is None
    expected = "sha256:" + hashlib.sha256(bytes.fromhex("".join(chunks))).hexdigest()
    assert recipe.digests() == {"w": expected}
    assert recipe["w"].digest == expected
    assert recipe.id == "sha256:" + hashlib.sha256(recipe.to_manifest().encode()).hexdigest()


def test_a_digest_that_the_bytes_do_not_have_is_a_mismatch_and_changes_nothing() -> None:
    recipe = small()
    recipe.compute_id()
    claim = "sha256:" + "0" * 64
    text = recipe.dumps().replace(str(recipe["w"].digest), claim)
    false = Recipe.loads(text)
    before = false.id
    assert before not in (None, recipe.id)
    for attempt in (false.compute_id, false.verify_digests, lambda: false.chunk_digests("w")):
        with pytest.raises(Mismatch, match=r"`w`: the recipe claims the digest sha256:0000") as error:
            attempt()
        assert {getattr(finding, "tensor", None) for finding in error.value.findings} <= {"tied", "w"}
    assert false.id == before and false["w"].digest == claim


def test_a_recipe_without_digests_has_no_id_and_survives_a_file(tmp_path: Path) -> None:
    recipe = small()
    assert recipe.id is None
    with pytest.raises(BadInput, match="compute_id"):
        recipe.to_manifest()
    recipe.save(tmp_path / "r.json")
    again = Recipe.load(tmp_path / "r.json")
    assert again == recipe and hash(again) == hash(recipe)
    assert again.compute_id() == recipe.compute_id()
    assert "digest" in recipe.dumps() and list(again) == sorted(again, key=lambda name: name.encode())


def test_any_layout_of_the_json_is_read() -> None:
    recipe = small()
    recipe.compute_id()
    document = json.loads(recipe.dumps())
    document["tensors"].reverse()
    shuffled = json.dumps(dict(reversed(document.items())), indent=3, ensure_ascii=True).replace(": 0,", ": -0.0,")
    assert Recipe.loads(shuffled) == recipe and Recipe.loads(shuffled).id == recipe.id


def literal_recipe() -> Recipe:
    values = np.arange(6, dtype="<i4").reshape(2, 3)
    parts = {
        "law": "parts",
        "parts": [{"box": [], "law": reference.normal()}, {"box": [[0, 2], [1, 3]], "law": {"law": "literal"}}],
    }
    tensors = [
        TensorRecipe(
            "a", (2, 3), "int32", law_text({"law": "literal"}), 1, 42, literals=(BytesLiteral(values.tobytes()),)
        ),
        TensorRecipe("p", (2, 4), "float32", law_text(parts), 2, 42, literals=(BytesLiteral(bytes(range(16))),)),
        TensorRecipe("f8", (3,), "float8_e5m2", law_text({"law": "literal"}), 3, 42, literals=(BytesLiteral(b"abc"),)),
        TensorRecipe(
            "f4", (4,), "float4_e2m1fn", law_text({"law": "literal"}), 4, 42, literals=(BytesLiteral(b"\x12\x34"),)
        ),
    ]
    return Recipe(42, tensors)


@needs_command
def test_literals_are_written_beside_the_recipe_as_the_command_writes_them(tmp_path: Path) -> None:
    recipe = literal_recipe()
    recipe.compute_id()
    recipe.save(tmp_path / "r.json")
    made = command("import", tmp_path / "r.json", "--as=m", folder=tmp_path)
    assert made["id"] == recipe.id
    command("export", "m", "--manifest", f"--output={tmp_path / 'e.json'}", folder=tmp_path)
    assert (tmp_path / "e.json").read_bytes() == (tmp_path / "r.json").read_bytes()
    literals = [tmp_path / f"{name}.literals.safetensors" for name in "re"]
    assert literals[0].read_bytes() == literals[1].read_bytes()
    again = Recipe.load(tmp_path / "r.json")
    assert again == recipe
    assert np.array_equal(again["a"][...], [[0, 1, 2], [3, 4, 5]])
    assert again["p"][0:2, 1:3].tobytes() == bytes(range(16))
    assert again.compute_id() == recipe.id


@pytest.mark.parametrize("damage", ["flip", "cut", "swap dtype", "remove", "folder", "pipe"])
def test_a_damaged_file_of_literals_is_an_error_and_never_other_values(tmp_path: Path, damage: str) -> None:
    recipe = literal_recipe()
    recipe.compute_id()
    recipe.save(tmp_path / "r.json")
    path = tmp_path / "r.literals.safetensors"
    data = bytearray(path.read_bytes())
    path.unlink()
    if damage == "flip":
        data[-1] ^= 1
        path.write_bytes(data)
    elif damage == "cut":
        path.write_bytes(data[:-1])
    elif damage == "swap dtype":
        path.write_bytes(data.replace(b"I32", b"U32"))
    elif damage == "folder":
        path.mkdir()
    elif damage == "pipe":
        os.mkfifo(path)
    with pytest.raises(NotFound if damage == "remove" else BadInput, match="literals"):
        for tensor in Recipe.load(tmp_path / "r.json").values():
            tensor.literals[0].read(0, 1)


def test_a_file_of_literals_that_changes_after_the_first_read_is_an_error(tmp_path: Path) -> None:
    recipe = literal_recipe()  # no digests: nothing but the first read says what the bytes were
    recipe.save(tmp_path / "r.json")
    loaded = Recipe.load(tmp_path / "r.json")
    assert loaded["a"][0, 0] == 0
    path = tmp_path / "r.literals.safetensors"
    data = bytearray(path.read_bytes())
    data[data.index(bytes([1, 0, 0, 0, 2, 0, 0, 0]))] = 9
    path.write_bytes(data)
    with pytest.raises(BadInput, match="changed"):
        loaded["a"][...]


def test_nothing_is_replaced_or_left_behind_unless_asked(tmp_path: Path) -> None:
    recipe = literal_recipe()
    path, beside = tmp_path / "r.json", tmp_path / "r.literals.safetensors"
    beside.write_text("mine")
    with pytest.raises(BadInput, match="force"):
        recipe.save(path)
    assert os.listdir(tmp_path) == [beside.name] and beside.read_text() == "mine"
    recipe.save(path, force=True)
    before = path.read_bytes()
    with pytest.raises(BadInput, match="exists"):
        recipe.save(path)
    assert path.read_bytes() == before and sorted(os.listdir(tmp_path)) == [path.name, beside.name]
    with pytest.raises(BadInput, match=r"\.json"):
        recipe.save(tmp_path / "r.yaml")
    with pytest.raises(NotFound, match="folder"):
        recipe.save(tmp_path / "none" / "r.json")
    with pytest.raises((Unavailable, BadInput)):
        recipe.save(tmp_path, force=True)
    (tmp_path / "d.json").mkdir()
    with pytest.raises(BadInput):
        small().save(tmp_path / "d.json", force=True)
    (tmp_path / "link.json").symlink_to(path)
    small().save(tmp_path / "link.json", force=True)
    assert (tmp_path / "link.json").is_symlink() and Recipe.load(path) == small()


def test_a_file_that_another_process_makes_in_the_meantime_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, calls = os.link, list[str]()

    def raced(source: str, place: str) -> None:
        calls.append(place)
        if len(calls) == 2:
            Path(place).write_text("theirs")
        link(source, place)

    monkeypatch.setattr(os, "link", raced)
    with pytest.raises(BadInput, match="exists"):
        literal_recipe().save(tmp_path / "r.json")
    assert os.listdir(tmp_path) == ["r.json"] and (tmp_path / "r.json").read_text() == "theirs"


def test_a_failure_while_literals_are_written_leaves_no_file(tmp_path: Path) -> None:
    class Broken:
        byte_count = 24

        def read(self, start: int, stop: int) -> bytes:
            raise BadInput("the disk is gone")

    law = law_text({"law": "literal"})
    recipe = Recipe(1, [TensorRecipe("a", (2, 3), "int32", law, 1, 1, literals=(Broken(),))])
    with pytest.raises(BadInput, match="gone"):
        recipe.save(tmp_path / "r.json")
    assert os.listdir(tmp_path) == []


def test_another_seed_changes_what_draws_and_keeps_seeds_of_their_own() -> None:
    recipe = small()
    recipe.compute_id()
    other = recipe.with_seed(43)
    assert other["w"].seed == 43 and other["own"].seed == 7 and other["tied"].source == other["w"]
    assert other["steps"].digest == recipe["steps"].digest and other["own"].digest == recipe["own"].digest
    assert other["w"].digest is None and other["g"].digest is None and other.id is None
    words = reference.words(43, reference.name_stream("w"), 0, 10)
    assert np.array_equal(other["w"][0], reference.law_values(reference.normal(std=0.02), words))
    assert other.with_seed(42).compute_id() == recipe.id


def test_renamed_tensors_keep_their_bits() -> None:
    recipe = small()
    recipe.compute_id()
    renamed = recipe.rename(lambda name: f"model.{name}")
    assert renamed["model.tied"].tied_to == "model.w" and renamed["model.g"].law["name"] == "model.w"
    for name, array in recipe.arrays():
        assert renamed[f"model.{name}"][...].tobytes() == array.tobytes()
    assert renamed.id != recipe.id
    renamed.verify_digests()
    with pytest.raises(BadInput, match="two tensors"):
        recipe.rename(lambda name: "w")


def test_a_selection_keeps_the_bits_and_what_they_depend_on() -> None:
    recipe = small()
    recipe.compute_id()
    tied = recipe.select("tie?")
    assert list(tied) == ["tied"] and tied["tied"].tied_to is None
    assert tied["tied"][...].tobytes() == recipe["w"][...].tobytes()
    tied.verify_digests()
    assert list(recipe.select("g")) == ["g", "w"]
    assert recipe.select("*") == recipe
    with pytest.raises(NotFound, match="`x"):
        recipe.select("x*")


def test_equal_recipes_are_equal_whatever_is_known_of_their_digests() -> None:
    known = small()
    known.compute_id()
    assert known == small() and hash(known) == hash(small()) and len({known, small()}) == 1
    assert small() != small().with_seed(1) and small()["w"] != small()["tied"]
    one, other = literal_recipe(), literal_recipe()
    assert one == other
    changed = replace(other["a"], literals=(BytesLiteral(bytes(24)),))
    assert changed != one["a"] and hash(changed) == hash(one["a"])
    assert Recipe(42, [changed]) != Recipe(42, [one["a"]])
    assert one != "recipe" and one["a"] != 1
    one.compute_id()
    assert one == other and one["a"] != replace(one["a"], digest="sha256:" + "0" * 64)


def test_a_recipe_pickles_into_a_process_that_has_no_files_open(tmp_path: Path) -> None:
    literal_recipe().save(tmp_path / "r.json")
    for recipe in (small(), literal_recipe(), Recipe.load(tmp_path / "r.json")):
        expected = recipe.compute_id(threads=1)
        code = "import pickle, sys; print(pickle.load(sys.stdin.buffer).compute_id(threads=1))"
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "python" / "src")}
        done = subprocess.run(
            [sys.executable, "-c", code], input=pickle.dumps(recipe), capture_output=True, env=environment
        )
        assert done.stdout.decode().strip() == expected, done.stderr.decode()


@needs_command
def test_a_recipe_without_digests_is_recorded_by_the_command(tmp_path: Path) -> None:
    recipe = small()
    recipe.save(tmp_path / "r.json")
    words = [str(COMMAND), "import", str(tmp_path / "r.json"), "--as=m", "--json"]
    done = subprocess.run([*words, f"--registry={tmp_path / 'w.sqlite'}"], capture_output=True, text=True)
    if "digest is missing" in done.stderr:
        pytest.skip("this command does not import a manifest without digests")
    assert json.loads(done.stdout)["id"] == recipe.compute_id()


def test_a_seed_of_numpy_is_a_seed() -> None:
    assert small().with_seed(int(np.uint64(7))) == small().with_seed(np.uint64(7))  # type: ignore[arg-type]
    for seed in (-1, 1 << 64, True, 1.0, "7", None):
        with pytest.raises(BadInput, match="seed"):
            small().with_seed(seed)  # type: ignore[arg-type]


def test_an_id_that_the_manifest_does_not_have_is_refused() -> None:
    recipe = small()
    recipe.compute_id()
    assert Recipe(42, recipe.values(), recipe.id).id == recipe.id
    with pytest.raises(BadInput, match="id"):
        Recipe(42, recipe.values(), "sha256:" + "0" * 64)
    with pytest.raises(BadInput, match="id"):
        Recipe(42, small().values(), recipe.id)


def test_a_recipe_shows_itself_on_a_line_and_as_an_escaped_table() -> None:
    recipe = Recipe.from_laws(1, {"<script>": ("float32", (3,), reference.normal(std=0.02))})
    assert repr(recipe) == "Recipe(seed=1, 1 tensor, 3 elements)"
    html = recipe._repr_html_()
    assert "&lt;script&gt;" in html and "<script>" not in html and "normal(mean=0, std=0.02)" in html


def test_a_name_that_is_not_there_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(NotFound, match="did you mean `steps`"):
        small()["step"]
    assert "step" not in small() and small().get("step") is None


def test_values_that_no_law_gives_in_a_dtype_stop_the_computation() -> None:
    recipe = Recipe.from_laws(1, {"e": ("float16", (9,), {"law": "expression", "tree": ["*", ["index", 0], 1e4]})})
    with pytest.raises((BadInput, ValueError), match="e"):
        recipe.compute_id()
    assert recipe.id is None
