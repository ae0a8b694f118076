"""The documents for Python, run as they stand: their files, cells and sessions, and what they print.

WINIT_RECORD=1 writes what they print into the documents.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from document_support import REPOSITORY, Replay, blocks, described, environment, replaced

torch = pytest.importorskip("torch")

DOCUMENTS = [
    "README.md",
    "python/README.md",
    "docs/audits.md",
    "docs/captures.md",
    "docs/many-workers.md",
    "docs/python.md",
    "docs/sharded.md",
    "docs/walkthrough.md",
    *sorted(str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "docs" / "guides").glob("*.md")),
]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_code_of_the_document_prints_what_the_document_says(
    name: str, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    document = REPOSITORY / name
    if not document.exists():
        pytest.skip(f"{document} is not there: the tests run outside the repository")
    text = document.read_text(encoding="utf-8")
    if "from transformers import" in text:
        request.getfixturevalue("transformers")
    for library in ("jax", "flax"):
        if f"import {library}" in text:
            pytest.importorskip(library)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a file that is written twice in a second is read twice
    monkeypatch.delenv("WINIT_REGISTRY", raising=False)
    replay = Replay(folder, environment(tmp_path / "bin", command))
    assert replay.run(text) > 0, f"{name} has no code that is run"
    if os.environ.get("WINIT_RECORD") and replay.differences:
        document.write_text(replaced(text, replay.differences), encoding="utf-8")
    else:
        assert not replay.differences, f"{name}\n{described(replay.differences)}"


def test_an_output_that_is_not_the_documented_one_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "```python\nprint(1)\nx = 2\n```\n\n```text\n2\n```\n\n```shellsession\n$ echo a\na\n$ echo b\nc\n```\n"
    replay = Replay(tmp_path, dict(os.environ))
    assert replay.run(text) == 3
    assert [each.printed for each in replay.differences] == [["1"], ["b"]]
    assert replaced(text, replay.differences) == text.replace("text\n2", "text\n1").replace("\nc\n", "\nb\n")


def test_a_block_of_text_belongs_to_the_cell_only_if_nothing_is_between() -> None:
    text = "```python\nx = 2\n```\n\nwords\n\n```text\n2\n```\n"
    assert [block.is_output for block in blocks(text)] == [False, False]
