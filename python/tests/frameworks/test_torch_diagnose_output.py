"""How a diagnosis is shown: text, HTML, `python -m winit diagnose`, and the fixture of pytest."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import winit
from winit.cli import main

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import winit.torch  # noqa: E402

pytest_plugins = ["pytester"]

SOURCE = """\
import torch
from torch import nn


def build(init=nn.init.kaiming_normal_):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    for layer in model[::2]:
        init(layer.weight)
        nn.init.zeros_(layer.bias)
    print("built")
    return model


def constant():
    return build(lambda weight: nn.init.constant_(weight, 0.1))


def fails():
    raise RuntimeError("no data")


def batch():
    return torch.randn(64, 64), torch.randint(10, (64,))


inputs = torch.randn(64, 64)


def loss(output, batch):
    return nn.functional.cross_entropy(output, batch[1])
"""


def deep() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(*[each for _ in range(30) for each in (nn.Linear(64, 64), nn.ReLU())])


def test_the_text_has_families_layers_and_findings_with_their_fixes() -> None:
    text = str(winit.torch.diagnose(deep, torch.randn(64, 64)))
    lines = text.split("\n")
    assert lines[0] == "diagnosis of Sequential: 2 errors, 1 warning, 2 for information"
    assert any(line.startswith("  {0,2,…,58}.weight × 30") for line in lines)
    assert any(line.startswith("  58.weight  relu") for line in lines)
    assert any(line.startswith("error       vanishing-backward  the norm of the gradient is") for line in lines)
    assert "fix: torch.nn.init.kaiming_normal_(w, nonlinearity='relu') for each of these weights w" in text
    assert max(map(len, lines)) <= 120


def test_a_fix_in_code_runs_and_repairs() -> None:
    torch.manual_seed(0)
    model, batch = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)), torch.randn(64, 64)
    nn.init.constant_(model[0].weight, 0.1)
    for _ in range(3):
        fixes = [finding.fix for finding in winit.torch.diagnose(model, batch).findings]
        for fix in fixes:
            exec(fix or "", {"torch": torch, "model": model})
    assert winit.torch.diagnose(model, batch).findings == ()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "training_of_diagnosis.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "argv", ["python", "diagnose"])
    monkeypatch.delitem(sys.modules, "training_of_diagnosis", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("build --batch BATCH --loss LOSS", 0),
        ("build --batch INPUTS --fail-on information", 0),
        ("constant --batch INPUTS", 0),
        ("constant --batch INPUTS --fail-on error", 1),
        ("constant --batch INPUTS --fail-on error --allow constant-weights=*", 0),
        ("build", 64),
        ("build --batch INPUTS --fail-on fatal", 64),
        ("fails --batch INPUTS", 65),
        ("build --batch BATCH", 65),
        ("build --batch INPUTS --allow constant=*", 65),
        ("built --batch INPUTS", 66),
    ],
)
def test_the_exit_status_says_what_happened(words: str, status: int, project: Path) -> None:
    module = "training_of_diagnosis"
    words = words.replace("BATCH", f"{module}:batch").replace("INPUTS", f"{module}:inputs")
    words = words.replace("LOSS", f"{module}:loss")
    try:
        assert main(["diagnose", *f"{module}:{words}".split()]) == status
    except SystemExit as end:
        assert end.code == status


def test_with_json_standard_output_is_the_document_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = "training_of_diagnosis"
    words = [f"{module}:build", f"--batch={module}:batch", f"--loss={module}:loss", "--json", "--save=d.json"]
    assert main(["diagnose", *words]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["schema"] == "winit-diagnosis/1" and printed["loss"]["classes"] == 10
    assert winit.read_diagnosis("d.json").as_dict() == printed


def test_the_fixture_fails_a_test_with_the_findings(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        training_of_fixture=SOURCE,
        test_it="""
        import training_of_fixture as training

        def test_healthy(winit):
            assert winit.diagnose(training.build, training.batch(), training.loss).loss.classes == 10

        def test_constant(winit):
            winit.diagnose(training.constant, training.inputs)

        def test_allowed(winit):
            winit.diagnose(training.constant, training.inputs, allow={"constant-weights": "*"})
        """,
    )
    result = pytester.runpytest_inprocess("-p", "winit.pytest") if "winit" not in _plugins() else pytester.runpytest()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["Mismatch: diagnosis of *: 2 errors", "error*constant-weights*0.weight: all 4,096 *"])


def _plugins() -> set[str]:
    from importlib.metadata import entry_points

    return {entry.name for entry in entry_points(group="pytest11")}
