"""Changing a registry by the command."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from winit import BadInput, Mismatch, NotFound, Recipe, Registry, Spec, SpecTensor, Unavailable, reference
from winit.recipes import BytesLiteral
from winit.registry import command as commands
from winit.registry import processes

pytestmark = pytest.mark.usefixtures("command")

SMALL = """
tensors:
  w: {shape: [300, 1000], init: {scheme: normal, std: 0.5}}
  b: {shape: [7], init: zeros}
  q: {shape: [64, 64], init: orthogonal}
  tied: {init: {scheme: same_as, of: w}, shape: [300, 1000]}
  mask: {shape: [3], dtype: bool, init: {scheme: literal, values: [1, 0, 1]}}
"""
LARGE = "tensors: {w: {shape: [16384, 8192], init: normal}}"


def command_json(path: str, *words: str) -> dict[str, object]:
    outcome = subprocess.run(
        [os.environ["WINIT_COMMAND"], *words, "--registry", path, "--json"], capture_output=True, check=True
    )
    answer: dict[str, object] = json.loads(outcome.stdout)
    return answer


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "r.sqlite", create=True)


def test_a_created_run_is_what_the_command_records(registry: Registry) -> None:
    run = registry.create(
        "model", SMALL, seed=2**64 - 1, tags={"lr": "1e-3", "k": ""}, note="-n",
        experiment="e",
    )  # fmt: skip
    shown = command_json(registry.path, "show", "model")
    assert run.id == shown["id"] and run.weights == shown["weights"] and run.uid == shown["uid"]
    assert (run.seed, run.note, run.experiment, dict(run.tags)) == (2**64 - 1, "-n", "e", {"lr": "1e-3", "k": ""})
    assert run.environment == shown["host"]
    subprocess.run(
        [os.environ["WINIT_COMMAND"], "get", "model", "--registry", registry.path, "-o", "m.npz"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with np.load("m.npz") as arrays:
        assert sorted(arrays) == sorted(run)
        for name, array in run.arrays():
            assert np.array_equal(array, arrays[name]) and array.dtype == arrays[name].dtype
        assert np.array_equal(run["w"][17:250, 3:900], arrays["w"][17:250, 3:900])
    run.verify()
    again = registry.create("model", SMALL, seed=2**64 - 1, recipe_only=True)
    assert (again.id, again.reference, again.stored) == (run.id, "model:v2", False)
    again.verify()
    assert np.array_equal(again["w"][-1], run["w"][-1])


def test_a_slice_is_that_of_the_command(registry: Registry, tmp_path: Path) -> None:
    run = registry.create("m", "tensors: {w: {shape: [5, 300, 1000], init: {scheme: uniform}}}", seed=1)
    for index, place in (("2:4,17:30,5", np.s_[2:4, 17:30, 5]), ("-1", np.s_[-1]), (":,:,999:", np.s_[:, :, 999:])):
        out = tmp_path / "s.npy"
        words = ["get", "m", "--tensor", "w", f"--slice={index}", "-o", str(out), "--force", "--registry"]
        subprocess.run([os.environ["WINIT_COMMAND"], *words, registry.path], check=True, capture_output=True)
        assert np.array_equal(run["w"][place], np.load(out))


def test_a_spec_is_given_in_every_form(registry: Registry, tmp_path: Path) -> None:
    spec = Spec((SpecTensor("w", (30, 20), "float32", reference.normal(std=0.02)),), model="pkg.Model")
    recipe = spec.recipe(5)
    recipe.compute_id()
    assert registry.create("spec", spec, seed=5).id == recipe.id
    path = tmp_path / "spec.yaml"
    path.write_text("tensors: {w: {shape: [30, 20], init: {scheme: normal, std: 0.02}}}")
    assert registry.create("path", path, seed=5).id == recipe.id
    assert registry.create("text", path.read_text(), seed=5).id == recipe.id
    like: dict[str, np.ndarray[Any, Any]] = {"w": np.zeros((30, 20), np.float32), "s": np.arange(3)}
    rules = (
        "rules:\n- {match: w, init: {scheme: normal, std: 0.02}}\n- {match: '*', init: {scheme: literal, from: like}}"
    )
    run = registry.create("like", rules, like=like, seed=5)
    assert np.array_equal(run["s"][:], like["s"]) and np.array_equal(run["w"][:], recipe["w"][:])
    with pytest.raises(BadInput, match=r"is YAML\. For the file, pass pathlib.Path"):
        registry.create("m", "spec.yaml", seed=1)
    with pytest.raises(BadInput, match="standard input:1: tensor `w`"):
        registry.create("m", "tensors: {w: [3]}", seed=1)
    with pytest.raises(BadInput, match="not a dict"):
        registry.create("m", {"tensors": {}}, seed=1)  # type: ignore[arg-type]
    assert registry.names() == ["like", "path", "spec", "text"]
    assert not [file for file in Path(tempfile.gettempdir()).glob("winit-*") if (file / "spec.yaml").exists()]


def test_a_recipe_is_recorded_and_its_digests_are_checked(registry: Registry) -> None:
    recipe = Spec((SpecTensor("w", (30, 20), "float32", reference.normal(std=0.02)),)).recipe(5)
    recipe.compute_id()
    assert registry.record(recipe, "r", tags={"from": "rank 0"}).id == recipe.id
    run = registry.create("m", SMALL, seed=4)
    assert registry.record(run.recipe(), "copy").id == run.id
    wrong = Recipe.loads(recipe.dumps().replace('"std":0.019999999552965164', '"std":0.5'))
    with pytest.raises((Mismatch, BadInput), match="its recipe gives"):
        registry.record(wrong, "wrong")
    assert "wrong" not in registry


def test_a_bundle_and_a_manifest_are_exported_and_imported(registry: Registry, tmp_path: Path) -> None:
    run = registry.create("m", SMALL, seed=4)
    report = registry.export(run, path=tmp_path / "-m.winit")
    assert report["runs"] == ["m:v1"]
    registry.export("m", path=tmp_path / "m.json", manifest=True)
    other = Registry(tmp_path / "other.sqlite", create=True)
    [imported] = other.import_(tmp_path / "-m.winit")
    assert (imported.uid, imported.id) == (run.uid, run.id)
    assert other.import_(tmp_path / "m.json", "n", recipe_only=True).id == run.id
    assert Recipe.load(tmp_path / "m.json").id == run.id
    with pytest.raises(Unavailable, match="File exists"):
        registry.export("m", path=tmp_path / "m.json", manifest=True)


def test_names_and_metadata_are_changed(registry: Registry) -> None:
    one, two = (registry.create("m", SMALL, seed=seed, recipe_only=True) for seed in (1, 2))
    assert registry.alias(one, "base").aliases == ("base",)
    assert registry["m:base"].uid == one.uid
    registry.remove_alias("m:base")
    assert "m:base" not in registry
    assert dict(registry.tag(one, {"a": "1", "b": "=2"}, experiment="x", parent=two).tags) == {"a": "1", "b": "=2"}
    tagged = registry.tag("m:v1", {"a": None})
    assert (dict(tagged.tags), tagged.experiment, tagged.parent) == ({"b": "=2"}, "x", two.uid)
    assert registry.note(one, "--text\nof two lines").note == "--text\nof two lines"
    assert [run.reference for run in registry.rm(one, "m:v2")] == ["m:v1", "m:v2"]
    assert list(registry) == [] and len(list(registry.runs(deleted=True))) == 2
    assert [run.uid for run in registry.restore("m:v1", two)] == [one.uid, two.uid]
    assert registry.rename("m", "n") == 2
    with pytest.raises(NotFound, match="did you mean `n:v1`"):
        registry["m:v1"]
    assert registry.materialize("n:v1")[0].stored and not registry.strip("n:v1")[0].stored
    assert registry.command("stats")["runs"] == 2


def test_a_checkpoint_is_verified_identified_and_compared(registry: Registry, tmp_path: Path) -> None:
    run = registry.create("m", SMALL, seed=1)
    other = registry.create("m", SMALL, seed=2)
    out = tmp_path / "m.safetensors"
    subprocess.run(
        [os.environ["WINIT_COMMAND"], "get", "m:v1", "--registry", registry.path, "-o", out],
        check=True, capture_output=True,
    )  # fmt: skip
    assert registry.verify(run, against=out)["matches"] is True
    assert registry.verify(run, regenerate=False)["level"] == "stored"
    with pytest.raises(Mismatch) as error:
        registry.verify(other, against=out)
    finding = next(found for found in error.value.findings if getattr(found, "tensor", "") == "w")
    assert getattr(finding, "likely_cause", None) is not None and getattr(finding, "index", None) == (0, 0)
    [found] = [found for found in registry.identify(out) if found.whole]
    assert (found.reference, found.id, found.found_count) == ("m:v1", run.id, 5)
    assert registry.diff(run, other)["same_weights"] is False
    with pytest.raises(NotFound):
        registry.identify(tmp_path / "nowhere.safetensors")


def test_the_registry_of_the_environment_is_not_used_for_another(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINIT_REGISTRY", str(tmp_path / "wrong.sqlite"))
    registry.create("m", SMALL, seed=1, recipe_only=True)
    assert not (tmp_path / "wrong.sqlite").exists()


def test_the_software_and_the_class_of_the_model_are_recorded(registry: Registry) -> None:
    if "schema" not in commands.version():
        pytest.skip("this command does not record the software: it is older than this package")
    spec = Spec(
        (SpecTensor("w", (3,), "float32", reference.normal()),), model="pkg.Model", software={"torch": "2.13.0"}
    )
    run = registry.create("m", spec, seed=5)
    assert run.environment["software"]["numpy"] == np.__version__
    assert run.environment["software"]["torch"] == "2.13.0"
    assert run.environment["model_class"] == "pkg.Model"
    assert "user" not in registry.create("m", spec, seed=5, capture=False).environment


def test_the_progress_is_told(registry: Registry) -> None:
    told = list[tuple[int, int]]()
    registry.create("m", "tensors: {w: {shape: [4096, 4096], init: normal}}", seed=1, recipe_only=True,
                    progress=lambda done, total: told.append((done, total)))  # fmt: skip
    assert told and told == sorted(told) and told[-1] == (4096 * 4096 * 4,) * 2


def test_ctrl_c_leaves_nothing_and_the_lock_is_free(registry: Registry) -> None:
    kept = registry.create("kept", SMALL, seed=1)
    before = registry.command("stats")

    def interrupt(done: int, total: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        registry.create("m", LARGE, seed=1, progress=interrupt)
    assert registry.names() == ["kept"]
    after = registry.command("stats")
    assert [after[key] for key in ("runs", "chunks", "stored_bytes", "leased_bytes", "reclaimable_bytes")] == [
        before[key] for key in ("runs", "chunks", "stored_bytes", "leased_bytes", "reclaimable_bytes")
    ]
    registry.alias(kept, "works")
    kept.verify()


def test_an_error_of_the_progress_function_rolls_back(registry: Registry) -> None:
    def fail(done: int, total: int) -> None:
        raise RuntimeError("full")

    with pytest.raises(RuntimeError, match="full"):
        registry.create("m", LARGE, seed=1, progress=fail)
    assert not Path(registry.path).exists()


def test_ctrl_c_in_a_terminal_reaches_the_command_once(registry: Registry, tmp_path: Path) -> None:
    """A terminal sends SIGINT to the whole foreground group; the second SIGINT would end the command at once."""
    program = tmp_path / "job.py"
    program.write_text(
        textwrap.dedent(f"""
        import winit
        registry = winit.Registry({registry.path!r}, create=True)
        registry.create("m", {LARGE!r}, seed=1, progress=lambda done, total: print(done, flush=True))
    """)
    )
    job = subprocess.Popen(
        [sys.executable, program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )
    assert job.stdout is not None
    job.stdout.readline()
    os.killpg(job.pid, signal.SIGINT)
    _, errors = job.communicate(timeout=60)
    assert b"KeyboardInterrupt" in errors and job.returncode != 0
    assert not list(tmp_path.glob("r.sqlite*"))


def test_a_killed_command_leaves_no_run(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    children = list[subprocess.Popen[bytes]]()
    start = processes._started

    def started(*arguments: Any) -> subprocess.Popen[bytes]:
        children.append(start(*arguments))
        return children[-1]

    monkeypatch.setattr(processes, "_started", started)
    with pytest.raises(Unavailable, match=r"was killed by signal 9\. Nothing is recorded"):
        registry.create("m", LARGE, seed=7, progress=lambda done, total: children[-1].kill())
    try:
        assert registry.names() == []
    except Unavailable as error:  # killed in a commit, which the next writer rolls back
        assert "its journal must be rolled back" in str(error)
    run = registry.create("m", SMALL, seed=7)
    run.verify()
    assert run.reference == "m:v1" and registry.names() == ["m"]


def test_literals_in_boxes_are_read_from_the_registry(registry: Registry) -> None:
    """A literal part is a box of stored bytes, of which any range can be read."""
    given = np.random.default_rng(1).normal(size=(5, 3, 7)).astype(np.float32)
    corner = np.arange(4, dtype=np.float32).reshape(2, 1, 2)
    law = {
        "law": "parts",
        "parts": [
            {"box": [], "law": reference.normal(std=0.5)},
            {"box": [[1, 6], [2, 5]], "law": {"law": "literal"}},
            {"box": [[0, 2], [8, 9], [3, 5]], "law": {"law": "literal"}},
        ],
    }
    literals = (BytesLiteral(given.tobytes()), BytesLiteral(corner.tobytes()))
    recipe = Spec((SpecTensor("p", (8, 9, 7), "float32", law, literals),)).recipe(3)
    recipe.compute_id()
    expected = recipe["p"][:]
    for recipe_only in (False, True):
        run = registry.record(recipe, "p", recipe_only=recipe_only)
        assert run.id == recipe.id
        for tensor in (run["p"], run["p"].plain(), pickle.loads(pickle.dumps(run["p"].plain()))):
            assert np.array_equal(tensor[:], expected)
            assert np.array_equal(tensor[1:3, :4, 2], expected[1:3, :4, 2])
            for literal, data in zip(tensor.literals, (given.tobytes(), corner.tobytes()), strict=True):
                assert literal.byte_count == len(data)
                for start, stop in ((0, len(data)), (0, 0), (3, 5), (4, 4), (100, 333), (len(data) - 1, len(data))):
                    assert literal.read(start, stop) == data[start:stop]
        run.verify()
