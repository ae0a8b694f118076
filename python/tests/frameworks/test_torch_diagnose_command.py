"""Diagnoses of real models and the command: it draws them, and keeps them with a run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

import winit

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import winit.torch  # noqa: E402


@pytest.fixture
def reporting(command: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The command, if it is new enough to draw diagnoses."""
    if "report" not in subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout:
        pytest.skip(f"{command} is too old: it has no `report`")
    monkeypatch.setenv("WINIT_COMMAND", command)
    return command


def build() -> Any:
    return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))


def test_the_command_draws_a_diagnosis_also_with_hostile_names_and_values(reporting: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    layers = [each for _ in range(10) for each in (nn.Linear(16, 16), nn.ReLU())]
    model = nn.ModuleDict({"</script>\x1b\n": nn.Sequential(*layers)})
    for layer in layers[::2]:
        nn.init.normal_(layer.weight, std=1e9)  # overflows
    diagnosis = winit.torch.diagnose(
        model, torch.randn(64, 16), forward=lambda model, batch: next(iter(model.values()))(batch)
    )
    assert diagnosis.worst() == "error"
    diagnosis.save(tmp_path / "d.json")
    words = [reporting, "report", str(tmp_path / "d.json"), "-o", str(tmp_path / "report.html")]
    outcome = subprocess.run(words, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "exploding-forward" in page and "</script>\x1b" not in page


def test_a_diagnosis_is_kept_with_the_run_of_its_weights_only(reporting: str, tmp_path: Path) -> None:
    registry = winit.Registry(tmp_path / "r.sqlite", create=True)
    model, recipe = winit.torch.init_(build, 42)
    run = registry.record(recipe, "m")
    winit.torch.diagnose(model, torch.randn(64, 16), keep=run)
    kept = registry.command("show", run.reference)["diagnoses"]
    assert len(kept) == 1
    assert registry[run.reference].id == run.id
    nn.init.zeros_(model[0].weight)
    with pytest.raises(winit.Mismatch, match=r"0\.weight"):
        winit.torch.diagnose(model, torch.randn(64, 16), keep=run)
    assert registry.command("show", run.reference)["diagnoses"] == kept
