"""References to runs: the reader finds what the command finds, and says what it says."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path

import pytest

from winit import BadInput, Error, Registry
from winit.registry.references import Reference, is_alias, is_reference, parse

VALID = {
    "gpt2": Reference("gpt2", "gpt2"),
    "gpt2:latest": Reference("gpt2:latest", "gpt2"),
    "a/b-c_d.e:v12": Reference("a/b-c_d.e:v12", "a/b-c_d.e", version=12),
    "m:best": Reference("m:best", "m", alias="best"),
    "m:v1x": Reference("m:v1x", "m", alias="v1x"),
    "sha256:E6": Reference("sha256:E6", digits="e6"),
    "m@sha256:" + "0" * 64: Reference("m@sha256:" + "0" * 64, "m", digits="0" * 64),
    "sha256": Reference("sha256", "sha256"),
    "sha256:v2": Reference("sha256:v2", "sha256", version=2),
    "sha256:latest": Reference("sha256:latest", "sha256"),
}
INVALID = (
    "", " ", "ü", "a b", "m:", ":v1", "m:v0", "m:v01", "m:v", "m:1", "m:V1", "m:v1:v2", "m:a/b", "m@v1", "m@sha256:",
    "sha256:", "sha256:xyz", "sha256:" + "0" * 65, "@sha256:00", "a@b@sha256:00", "m:v99999999999999999999", "x" * 256,
    "m\n", "m:best\n", "sha256:00\n", "m\0",
)  # fmt: skip


@pytest.mark.parametrize("text", VALID)
def test_a_reference_is_parsed(text: str) -> None:
    assert parse(text) == VALID[text] and is_reference(text)


@pytest.mark.parametrize("text", INVALID)
def test_what_is_no_reference_is_refused_and_is_in_no_registry(text: str, path: Path) -> None:
    with pytest.raises(BadInput, match="is not a reference"):
        parse(text)
    assert text not in Registry(path)
    assert 3 not in Registry(path)


def test_an_alias_does_not_look_like_a_version() -> None:
    assert all(is_alias(text) for text in ("best", "v1.0", "1e-3", "vx", "V2b"))
    assert not any(is_alias(text) for text in ("latest", "v1", "V1", "vv12", "12", "v", "", "a/b", "ä"))


@pytest.fixture
def many(tmp_path: Path, command: str) -> Registry:
    """Runs with aliases, deleted and renamed ones, and two runs of one id."""
    registry = Registry(tmp_path / "many.sqlite", create=True)
    for name, seed in (("gpt2", 1), ("gpt2", 2), ("gpt2-xl", 1), ("bert", 3), ("gone", 4), ("old", 5), ("only", 6)):
        registry.create(name, "tensors: {w: {shape: [3], init: normal}}", seed=seed, recipe_only=True)
    registry.alias("gpt2:v1", "baseline")
    registry.rename("old", "new")
    registry.rm("gone", "only")
    registry.create("gone", "tensors: {w: {shape: [3], init: normal}}", seed=7, recipe_only=True)
    registry.rm("gpt2:v2")
    return registry


def test_the_reader_finds_and_says_what_the_command_does(many: Registry, command: str) -> None:
    ids = {run.reference: str(run.id) for run in [*many.runs(), *many.runs(deleted=True)]}
    references = [
        *ids, "gpt2", "gpt2:latest", "gpt2:baseline", "gpt2-xl:v1", "gone", "only", "only:v1",
        *(reference for run in ids.values() for reference in (run, run[:20], f"gpt2@{run}", f"gpt2@{run[:16]}")),
        # errors
        "gpt", "GPT2", "gtp2", "gpt2:v9", "gpt2:v2", "gpt2:basline", "gpt2:best", "old", "old:v1", "old:v7", "old:x",
        "gone:v1", "bert:v2", "nothing", "nothing:v1", "sha256:", "sha256:0", "sha256:1", "sha256:2", "sha256:3",
        "sha256:4", "sha256:5", "sha256:6", "sha256:7", "sha256:8", "sha256:9", "sha256:a", "sha256:b", "sha256:c",
        "sha256:d", "sha256:e", "sha256:f", "bert@sha256:00000", "brt@sha256:00000", "old@sha256:00000", "a:b:c", "",
        "xl-gpt2", "only:baseline",
    ]  # fmt: skip
    outcomes = set[int]()
    for reference in references:
        outcome = subprocess.run(
            [command, "show", "--json", "--registry", many.path, "--", reference], capture_output=True, check=False
        )
        outcomes.add(outcome.returncode)
        if outcome.returncode == 0:
            assert many[reference].uid == json.loads(outcome.stdout)["uid"], reference
            assert reference in many
            continue
        expected = json.loads(outcome.stderr)
        with pytest.raises(Error) as error:
            many[reference]
        assert error.value.code == expected["code"], reference
        # The remedies differ: one is a command, the other is Python. The list of ambiguous ids names runs here too.
        said, meant = (text.split(". `")[0] for text in (str(error.value), expected["error"]))
        if "different runs begin" in meant:
            said, meant = said.split(":")[0], meant.split(":")[0]
        assert said == meant, reference
    assert outcomes == {0, 64, 66}


def test_ambiguous_digits_name_the_runs(many: Registry) -> None:
    ids = sorted({str(run.id) for run in [*many.runs(), *many.runs(deleted=True)]})
    [first, *_] = [a for a, b in itertools.pairwise(ids) if a[:8] == b[:8]]  # the ids are always the same
    with pytest.raises(BadInput, match=r"the ids of \d different runs begin with .*v\d.*Give more digits"):
        many[first[:8]]
