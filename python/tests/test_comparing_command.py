"""`winit.compare` finds what the command's `verify --against` finds, in the same words."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import winit
from recipe_support import COMMAND, needs_command

SPEC = """
tensors:
  a.weight: [20, 40]
  a.bias: [64]
  b.weight: [40, 20]
  tied: {shape: [20, 40], init: {scheme: same_as, of: a.weight}}
  ones: {shape: [30], init: ones}
  wide: {shape: [50], dtype: float64}
  q: {shape: [8, 8], init: orthogonal}
  steps: {shape: [], dtype: int64, init: zeros}
  mask: {shape: [6], dtype: bool, init: ones}
  ex: {shape: [40], init: {scheme: log_uniform, low: 0.001, high: 0.1}}
rules: [{match: "*", init: {scheme: normal, std: 0.02}}]
"""

State = dict[str, np.ndarray[Any, Any]]


def swap(state: State, name: str, value: Any) -> None:
    state[name] = np.ascontiguousarray(value)


def bits(state: State, name: str, index: int, mask: int) -> None:
    array = state[name]
    array.reshape(-1).view(f"u{array.itemsize}")[index] ^= mask


CHANGES: dict[str, Callable[[State, State], object]] = {
    "nothing": lambda s, o: None,
    "a flipped bit": lambda s, o: bits(s, "a.weight", 777, 1 << 30),
    "two flipped bits": lambda s, o: bits(s, "a.bias", 3, 3),
    "zeros": lambda s, o: s["a.bias"].fill(0),
    "a constant": lambda s, o: s["ones"].fill(0.5),
    "another seed": lambda s, o: s.update(o),
    "another seed of one": lambda s, o: swap(s, "ex", o["ex"]),
    "transposed": lambda s, o: swap(s, "b.weight", s["b.weight"].T),
    "a square transposed": lambda s, o: swap(s, "q", s["q"].T),
    "rounded": lambda s, o: swap(s, "wide", s["wide"].astype(np.float16).astype(np.float64)),
    "another dtype": lambda s, o: swap(s, "wide", s["wide"].astype(np.float32)),
    "a half": lambda s, o: swap(s, "a.bias", s["a.bias"].astype(np.float16)),
    "an integer dtype": lambda s, o: swap(s, "steps", s["steps"].astype(np.int32)),
    "another shape": lambda s, o: swap(s, "a.bias", s["a.bias"].reshape(8, 8)),
    "another tensor": lambda s, o: swap(s, "b.weight", s["a.weight"].reshape(40, 20)),
    "a row": lambda s, o: s["a.weight"][7].fill(3),
    "nan": lambda s, o: s["a.bias"].fill(np.nan),
    "minus zero": lambda s, o: bits(s, "steps", 0, 1 << 63),
    "a boolean": lambda s, o: s["mask"].__setitem__(slice(1, 3), False),
    "missing": lambda s, o: s.pop("ones"),
    "missing tied": lambda s, o: s.pop("tied"),
    "missing target": lambda s, o: s.pop("a.weight"),
    "both missing": lambda s, o: (s.pop("a.weight"), s.pop("tied")),
    "unexpected": lambda s, o: swap(s, "zz", np.ones(3, np.float32)),
    "orthogonal of zeros": lambda s, o: s["q"].fill(0),
    "everything missing": lambda s, o: s.clear(),
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry")
    (folder / "spec.yaml").write_text(SPEC)
    for name, seed in (("m", 42), ("other", 4711)):
        path = folder / "winit.sqlite"
        words = ["create", name, f"--spec={folder / 'spec.yaml'}", f"--seed={seed}", f"--registry={path}"]
        subprocess.run([str(COMMAND), *words], check=True, capture_output=True)
    return path


@needs_command
@pytest.mark.parametrize("change", CHANGES)
def test_the_findings_are_those_of_the_command(registry: Path, tmp_path: Path, change: str) -> None:
    run, other = (winit.open(name, registry) for name in ("m", "other"))
    state, others = ({name: array.copy() for name, array in each.arrays()} for each in (run, other))
    CHANGES[change](state, others)
    file = tmp_path / "file.safetensors"
    safetensors.numpy.save_file(state, file)
    words = ["verify", "m", f"--against={file}", "--json", f"--registry={registry}"]
    done = subprocess.run([str(COMMAND), *words], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    expected = json.loads(done.stdout)["runs"][0]["findings"]
    found = winit.compare(file, run, seeds=[4711])

    ours = [(f.kind, f.tensor, f.message, f.index, f.differing_elements, f.likely_cause) for f in found]
    theirs = [
        (
            finding["kind"],
            finding.get("tensor"),
            finding["message"].replace("--cast", "cast=True"),
            tuple(finding["index"]) if "index" in finding else None,
            finding.get("differing_elements"),
            finding["likely_cause"].replace("--subset", "subset=True") if "likely_cause" in finding else None,
        )
        for finding in expected
    ]
    assert sorted(ours, key=str) == sorted(theirs, key=str)
    assert bool(found) == (done.returncode == 1) == (change not in ("nothing", "missing tied", "missing target"))
