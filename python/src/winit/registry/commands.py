"""What all methods that run the command share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from os import PathLike
from typing import Any

from . import command
from .file import RegistryFile
from .lookup import find, find_uid
from .processes import Progress
from .progress import reported
from .run import Run


class Commands:
    """A registry on which the command runs, as a child process: every command does all of its work or nothing."""

    _file: RegistryFile

    def command(self, *words: str, progress: Progress | bool | None = False) -> dict[str, Any]:
        """Runs any command on this registry, such as `registry.command("stats")` or `command("gc", "--yes")`.

        Args:
            words: The subcommand and its arguments, without `--json` and `--registry`.
            progress: See `create`.

        Returns:
            The JSON that the command prints (docs/json.md). A mismatch (exit status 1) is no error.
        """
        with reported(progress, words[0] if words else "") as report:
            return command.run(words, registry=self._file.path, progress=report)

    def _run(self, answer: Mapping[str, Any]) -> Run:
        return Run(self._file, find_uid(self._file, answer["uid"]))

    def _again(self, reference: str | Run) -> Run:
        if isinstance(reference, Run) and reference.uid:
            return Run(self._file, find_uid(self._file, reference.uid))
        return self[reference_text(reference)]

    def _by_reference(self, reference: str) -> Run:
        return Run(self._file, find(self._file, reference, including_deleted=True))

    def __getitem__(self, reference: str) -> Run:
        """Returns the run that a reference names."""
        raise NotImplementedError


def reference_text(run: str | Run) -> str:
    """Returns the reference of a run with its version, or the text that the user wrote."""
    return run.reference if isinstance(run, Run) else str(run)


def absolute(path: str | PathLike[str]) -> str:
    """Returns the absolute path, which cannot be taken for an option or for standard input."""
    return os.path.abspath(os.fspath(path))


def options(**values: object) -> list[str]:
    """Returns options with their values; those that are None are left out."""
    return [f"--{name.replace('_', '-')}={option_text(value)}" for name, value in values.items() if value is not None]


def option_text(value: object) -> str:
    """Returns a value as the command reads it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
