"""The examples in the docstrings of the modules that need only NumPy."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from docstring_support import examples, failures, module_names, without_example


@pytest.mark.parametrize("name", module_names())
def test_the_examples_of_the_docstrings_give_what_they_say(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for test in examples(name):
        text = failures(test)
        assert not text, text


@pytest.mark.parametrize("name", ["winit", "winit.dist"])
def test_every_public_function_has_an_example(name: str) -> None:
    assert without_example(name) == []


def test_an_example_that_gives_something_else_is_found() -> None:
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "example", None, None)
    assert "Expected" in failures(test)
