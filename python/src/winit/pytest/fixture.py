"""What the fixture `winit` does."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import pytest

from ..errors import Error
from ..recipes import Recipe
from . import snapshots


class WinitFixture:
    """The value of the fixture `winit`, for one test. A failed check fails the test with every finding."""

    def __init__(self, request: pytest.FixtureRequest, written: list[str]) -> None:
        """Makes the fixture for the test of a request. `written` collects the snapshots that are written."""
        self._request = request
        self._written = written
        self._used = set[Path]()

    def check(
        self,
        model_or_state: Any,
        reference: Recipe | str | PathLike[str] | None = None,
        *,
        recipe: Recipe | None = None,
        name: str = "",
        subset: bool = False,
        cast: bool = False,
        rename: Callable[[str], str] | None = None,
    ) -> None:
        """Fails the test unless weights are bit for bit those of a run, of a recipe, or of a snapshot.

        Args:
            model_or_state: A torch module, arrays by name (NumPy, torch, JAX), or the path of a safetensors file.
            reference: A run, a recipe, a reference such as "gpt2@sha256:e6dc", or the path of a recipe file, relative
                to the test's folder. By default the snapshot of this test, `__winit__/MODULE__TEST.json` beside it,
                which `pytest --winit-update` writes.
            recipe: The recipe of the model, as `winit.torch.init_` returns it, where there is one. A snapshot then
                holds laws, and a failure names the element. Without it, a snapshot holds digests, and a failure names
                the tensor.
            name: Distinguishes the snapshots of one test.
            subset: Whether the weights may lack tensors.
            cast: Whether the weights may hold the values rounded to another dtype. Not for snapshots of digests.
            rename: Gives the name that a tensor of the weights has in the run.
        """
        __tracebackhide__ = True
        options: dict[str, Any] = {"subset": subset, "cast": cast, "rename": rename}
        if reference is not None:
            self._failing(lambda: _verify(model_or_state, self._opened(reference), options))
            return
        path = self._snapshot(name)
        if self._request.config.getoption("--winit-update"):
            self._failing(lambda: self._update(path, model_or_state, recipe, options))
            return
        if not path.exists():
            pytest.fail(
                f"there is no snapshot {self._shown(path)}. Run pytest --winit-update, review the file, and commit it",
                pytrace=False,
            )
        self._failing(lambda: snapshots.check(path, model_or_state, options))

    def audit(self, build: Callable[[], Any], **options: Any) -> Any:
        """Fails the test unless an audit finds nothing: see `winit.torch.audit`.

        Args:
            build: Makes and initializes the torch module: a function or a class.
            options: Options of `winit.torch.audit`.

        Returns:
            The audit.
        """
        __tracebackhide__ = True
        from ..torch import audit

        result = audit(build, **options)
        self._failing(result.raise_for_findings)
        return result

    def diagnose(
        self,
        model_or_build: Any,
        batch: Any,
        loss: Callable[[Any, Any], Any] | None = None,
        *,
        severity: Literal["error", "warning", "information"] = "warning",
        **options: Any,
    ) -> Any:
        """Fails the test if a diagnosis has findings of a severity or worse: see `winit.torch.diagnose`.

        Args:
            model_or_build: A torch module, or a function that builds one.
            batch: What the model takes.
            loss: A function of output and batch.
            severity: `error`, `warning` or `information`.
            options: Options of `winit.torch.diagnose`, such as `allow={"identical-tensors": "layers.*"}`.

        Returns:
            The diagnosis.
        """
        __tracebackhide__ = True
        from ..torch import diagnose

        result = diagnose(model_or_build, batch, loss, **options)
        self._failing(lambda: result.assert_healthy(severity))
        return result

    def _update(self, path: Path, model_or_state: Any, recipe: Recipe | None, options: Mapping[str, Any]) -> None:
        if snapshots.write(path, model_or_state, recipe, options):
            self._written.append(self._shown(path))

    def _opened(self, reference: Recipe | str | PathLike[str]) -> Recipe:
        if isinstance(reference, Recipe):
            return reference
        from ..opening import open

        text = os.fspath(reference)
        if text.endswith(".json") and "://" not in text:
            return Recipe.load(self._request.path.parent / text)
        named = self._request.config.getini("winit_registry")
        return open(reference, self._request.config.rootpath / named if named else None)

    def _snapshot(self, name: str) -> Path:
        path = snapshots.path_of(self._request.path, self._request.node.name, name)
        if path in self._used:
            pytest.fail(
                f"the test compares with {self._shown(path)} twice. Give each check a name of its own: name=…",
                pytrace=False,
            )
        self._used.add(path)
        return path

    def _shown(self, path: Path) -> str:
        try:
            return str(path.relative_to(self._request.config.rootpath))
        except ValueError:
            return str(path)

    def _failing(self, action: Callable[[], object]) -> None:
        """Turns an error of winit into a failure of the test, without the traceback through winit."""
        __tracebackhide__ = True
        text = ""
        try:
            action()
        except Error as error:
            text = f"{type(error).__name__}: {error}"
        if text:  # outside the handler, or pytest prints the error a second time as the cause
            pytest.fail(text, pytrace=False)


def _verify(model_or_state: Any, recipe: Recipe, options: Mapping[str, Any]) -> None:
    if snapshots.is_module(model_or_state):
        from ..torch import verify

        verify(model_or_state, recipe, **options)
    else:
        from ..comparing import verify as verify_state

        verify_state(model_or_state, recipe, **options)
