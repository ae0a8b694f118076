"""The examples in the docstrings of the modules for the frameworks."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from docstring_support import FRAMEWORKS, examples, failures, module_names, without_example


@pytest.mark.parametrize("package", [package for package in FRAMEWORKS if package != "pytest"])
def test_the_examples_of_the_docstrings_give_what_they_say(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)
    count = 0
    for name in module_names(package):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            print(f"{name} is left out: {error}")  # the callbacks need Lightning and transformers
            continue
        for test in examples(name):
            text = failures(test)
            assert not text, text
            count += 1
    assert count > 0


@pytest.mark.parametrize("package", ["torch", "jax"])
def test_every_public_function_has_an_example(package: str) -> None:
    pytest.importorskip(package)
    assert without_example(f"winit.{package}") == []
