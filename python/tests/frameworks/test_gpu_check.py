"""tools/gpu-check, in Triton's interpreter: it runs, and a difference is found, named, and an exit status of 1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

from checks.gpu import __main__ as gpu_check  # noqa: E402
from checks.gpu import words  # noqa: E402

TOOL = Path(__file__).resolve().parents[3] / "tools" / "gpu-check"


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": sys.executable, **settings}
    return subprocess.run([TOOL, *arguments], env=environment, capture_output=True, text=True, timeout=300)


def test_the_tool_runs_in_the_interpreter_and_writes_its_results(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    result = run("--interpret", "--only", "words", "--json", str(file))
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads(file.read_text())
    assert report["format"] == "winit-gpu-check/1" and report["result"] == "equal"
    assert {"card", "processor", "date", "software"} <= report.keys()
    assert [row["result"] for row in report["checks"]] == ["equal"] * 4
    assert {row["operation"] for row in report["rates"]} >= {"copy", "torch normal_", "uniform", "truncated normal"}
    assert "no figure for a GPU" in result.stdout and "the first 2^14 words" in result.stdout


def test_without_a_gpu_the_tool_says_so() -> None:
    result = run(CUDA_VISIBLE_DEVICES="")
    assert result.returncode == 2 and "sees no CUDA device" in result.stderr


def test_a_file_that_cannot_be_written_is_named_at_the_beginning(tmp_path: Path) -> None:
    result = run("--interpret", "--json", str(tmp_path / "missing" / "results.json"))
    assert result.returncode == 2 and "cannot be written" in result.stderr and result.stdout == ""


def test_a_difference_a_failure_and_missing_libraries_are_told_apart() -> None:
    def different() -> Any:
        yield None
        yield "`w` differs"

    def missing() -> Any:
        yield None
        raise ImportError("no JAX")

    def failing() -> Any:
        yield None
        raise RuntimeError("out of memory")

    rows = {each.__name__: gpu_check.run("x", each, skip=False) for each in (different, missing, failing)}
    assert {name: row["result"] for name, row in rows.items()} == {
        "different": "DIFFERS", "missing": "skipped", "failing": "failed",
    }  # fmt: skip
    assert "`w` differs" in gpu_check.said(rows["different"])
    equal = gpu_check.run("x", lambda: iter([None]), skip=False)
    assert gpu_check.verdict([equal, rows["missing"]]) == "equal"
    assert gpu_check.verdict([equal, rows["failing"]]) == "incomplete"
    assert gpu_check.verdict([rows["failing"], rows["different"]]) == "different"
    assert gpu_check.verdict([rows["missing"]]) == "incomplete" and gpu_check.verdict([]) == "incomplete"
    assert gpu_check.run("x", different, skip=True)["result"] == "failed"


def test_the_digests_of_all_words_are_read_from_the_law() -> None:
    assert words.published("U").startswith("1362af35f4b227d3") and words.published("Q").startswith("ff2d31aa7a9ad698")
    with pytest.raises(ValueError):
        words.published("X")
