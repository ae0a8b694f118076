"""How an audit is shown: text, HTML, JSON, the exception, and `python -m winit audit`."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import winit
from winit.cli import main

pytest.importorskip("torch")

import torch
from torch import nn

from winit.torch import audit

NASTY = "<script>alert(1)</script>\x1b[31m\n"


def bad() -> Any:
    """A model with a parameter without values and a padding row that was drawn."""
    model = nn.Embedding(10, 4, padding_idx=0)
    nn.init.normal_(model.weight)
    model.scale = nn.Parameter(torch.empty(300))
    return model


def test_the_exception_names_each_finding_and_holds_them() -> None:
    result = audit(bad)
    with pytest.raises(winit.Mismatch, match="scale") as caught:
        result.raise_for_findings()
    assert caught.value.findings == result.findings and caught.value.code == 1
    assert "weight: row 0" in str(caught.value)
    good = audit(lambda: nn.Linear(2, 2))
    assert good.raise_for_findings() is good


def test_the_text_has_findings_counts_and_what_was_not_checked() -> None:
    def build() -> Any:
        model = bad()
        for name in "ab":
            model.register_buffer(name, torch.eye(2).to_sparse())
        return model

    lines = str(audit(build)).split("\n")
    assert lines[0] == "audit of Embedding: 1 padding_row, 1 never_written"
    assert "  never_written         scale (parameter of Embedding): all 300 elements were never written;" in "\n".join(
        lines
    )
    assert max(len(line) for line in lines) <= 120
    assert "2 parameters and 0 buffers, 340 elements (340 of them were compared with sentinels)" in lines
    assert lines[-1].startswith("    a and 1 more: its layout is sparse_coo")


def test_json_is_strict_and_complete() -> None:
    result = audit(bad, accept={"padding_row": "*"})
    value = json.loads(result.to_json(), parse_constant=lambda word: pytest.fail(word))
    assert value == result.as_dict()
    assert (value["ok"], value["parameter_count"], value["element_count"]) == (False, 2, 340)
    (finding,) = value["findings"]
    assert finding["kind"] == "never_written" and finding["indices"] == [[place] for place in range(100)]
    assert finding["count"] == 300 and value["accepted"][0]["indices"][0] == [0, 0]
    assert value["software"]["torch"] == torch.__version__


def test_names_with_control_characters_and_html_are_shown_as_text() -> None:
    def build() -> Any:
        model = nn.Module()
        model._buffers[NASTY] = torch.empty(3)
        model._buffers["sparse" + NASTY] = torch.eye(2).to_sparse()
        return model

    result = audit(build)
    assert all(line.isprintable() for line in str(result).split("\n"))
    assert sum("alert" in line for line in str(result).split("\n")) == 2
    tags = set[str]()

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attributes: Any) -> None:
            tags.add(tag)

    Tags().feed(result._repr_html_())
    assert tags <= {"p", "b", "table", "tr", "th", "td", "code"} and "table" in tags
    assert NASTY in json.loads(result.to_json())["findings"][0]["tensor"]


def test_long_lists_are_cut_in_the_text_and_whole_in_json() -> None:
    def build() -> Any:
        return nn.ParameterList(torch.empty(2) for _ in range(200))

    result = audit(build)
    assert "… and 150 more" in str(result) and str(result).count("  never_written ") == 50
    assert len(json.loads(result.to_json())["findings"]) == 200


SOURCE = """
import sys
import torch
print("building", sys.argv[1:])
def good():
    return torch.nn.Linear(2, 2)
def bad():
    model = torch.nn.Embedding(10, 4, padding_idx=0)
    torch.nn.init.normal_(model.weight)
    return model
def unsure():
    model = good()
    model.register_buffer("sparse", torch.eye(2).to_sparse())
    return model
def fails():
    raise ValueError("no data")
def exits():
    sys.exit(3)
instance = good()
class Model(torch.nn.Linear):
    def __init__(self):
        super().__init__(32, 32)
class Factory:
    @staticmethod
    def build():
        return good()
class NoModel:
    pass
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "training_of_audit.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "argv", ["python", "audit", "--json"])
    monkeypatch.delitem(sys.modules, "training_of_audit", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("training_of_audit:good", 0),
        ("training_of_audit.py:good", 0),
        ("training_of_audit:Model", 0),
        ("training_of_audit:Factory.build", 0),
        ("training_of_audit:bad", 1),
        ("training_of_audit:bad --accept padding_row=weight", 0),
        ("training_of_audit:Model --scheme weight=0.5", 1),
        ("training_of_audit:Model --scheme weight=0.102", 0),
        ("training_of_audit:unsure", 0),
        ("training_of_audit:unsure --strict", 1),
        ("training_of_audit:good --builds 2", 0),
        ("training_of_audit:good --builds 3", 64),
        ("training_of_audit:good --unknown", 64),
        ("", 64),
        ("training_of_audit", 65),
        ("training_of_audit:instance", 65),
        ("training_of_audit:NoModel", 65),
        ("training_of_audit:fails", 65),
        ("training_of_audit:exits", 65),
        ("training_of_audit:good --accept nonsense=*", 65),
        ("training_of_audit:good --scheme weight=much", 65),
        ("training_of_audit:good --scheme wight=1", 65),
        ("training_of_audit:god", 66),
        ("training_of_audits:good", 66),
        ("no/such/file.py:good", 66),
    ],
)
def test_the_exit_status_is_that_of_the_command(project: Path, words: str, status: int) -> None:
    try:
        assert main(["audit", *words.split()]) == status
    except SystemExit as error:
        assert error.code == status == 64


def test_with_json_standard_output_is_the_audit_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "training_of_audit:bad", "--json"]) == 1
    output = capsys.readouterr()
    assert json.loads(output.out)["findings"][0]["kind"] == "padding_row"
    assert output.err == "building []\n"
    assert main(["audit", "training_of_audit:god", "--json"]) == 66
    error = json.loads(capsys.readouterr().err)
    assert error == {"error": "training_of_audit has no `god`; did you mean `good`?", "code": 66}


def test_an_error_of_the_build_is_told_with_its_place(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["audit", "training_of_audit:fails"])
    output = capsys.readouterr().err
    assert "Traceback" in output and "training_of_audit.py:16: ValueError: no data" in output


def test_the_command_runs_as_a_module(project: Path) -> None:
    source = str(Path(winit.__file__).parent.parent)
    command = [sys.executable, "-m", "winit", "audit", "training_of_audit:bad"]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": source, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 1 and "padding_row" in done.stdout, done.stderr


def test_the_command_names_the_backend(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backend"]) == 0
    assert capsys.readouterr().out in ("native\n", "numpy\n")
    assert main(["backend", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"backend": winit.backend(), "version": winit.__version__}
