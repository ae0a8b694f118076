"""The options of the command that say how a new run is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..specs import Spec
from . import command
from .commands import options, reference_text
from .run import Run
from .software import software_options


@dataclass(frozen=True)
class NewRun:
    """How a new run is recorded.

    Attributes:
        recipe_only: Whether to record recipe and digests, and not to store the bytes.
        tags: The tags, by key.
        experiment: The experiment.
        note: The note.
        parent: The run that it is derived from.
        capture: Whether to record the environment; None for runs that have one of their own.
        threads: How many threads to use; all cores by default.
    """

    recipe_only: bool
    tags: Mapping[str, str] | None
    experiment: str | None
    note: str | None
    parent: str | Run | None
    capture: bool | None
    threads: int | None

    def words(self, spec: object = None) -> list[str]:
        """Returns the options.

        Args:
            spec: The spec of the run, whose model and software are recorded if it is a captured one.
        """
        parent = None if self.parent is None else reference_text(self.parent)
        words = options(threads=self.threads) + ["--recipe-only"] * self.recipe_only
        words += [f"--tag={key}={value}" for key, value in (self.tags or {}).items()]
        words += options(experiment=self.experiment, note=self.note, parent=parent)
        return words + ([] if self.capture is None else _environment(self.capture, spec))


def _environment(capture: bool, spec: object) -> list[str]:
    """Returns the options that record the software, if the command has them: version 0.2 had not at first."""
    if not capture:
        return ["--no-capture"]
    if "schema" not in command.version():
        return []
    return software_options(spec.model, spec.software) if isinstance(spec, Spec) else software_options(None, {})
