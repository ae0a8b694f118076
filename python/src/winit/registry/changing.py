"""The methods of a registry that change what is recorded of runs."""

from __future__ import annotations

from collections.abc import Mapping

from . import command
from .commands import Commands, options, reference_text
from .run import Run


class Changing(Commands):
    """The methods of `Registry` that change what is recorded of runs."""

    def alias(self, reference: str | Run, alias: str) -> Run:
        """Gives an alias to a run. Another run of the same name loses it."""
        command.run(["alias"], reference_text(reference), alias, registry=self._file.path)
        return self._again(reference)

    def remove_alias(self, reference: str) -> None:
        """Removes an alias, such as `gpt2:baseline`."""
        command.run(["alias", "--remove"], reference, registry=self._file.path)

    def tag(
        self,
        reference: str | Run,
        tags: Mapping[str, str | None] | None = None,
        *,
        experiment: str | None = None,
        parent: str | Run | None = None,
    ) -> Run:
        """Sets or removes tags, the experiment or the parent of a run.

        Args:
            reference: The run.
            tags: The values of tags, by key; None removes the tag.
            experiment: The experiment; "" for none. None leaves it as it is.
            parent: The run that this one is derived from. None leaves it as it is.
        """
        tags = tags or {}
        words = ["tag", *(f"--remove={key}" for key, value in tags.items() if value is None)]
        words += options(experiment=experiment, parent=None if parent is None else reference_text(parent))
        pairs = [f"{key}={value}" for key, value in tags.items() if value is not None]
        command.run(words, reference_text(reference), *pairs, registry=self._file.path)
        return self._again(reference)

    def note(self, reference: str | Run, text: str) -> Run:
        """Sets the note of a run, replacing the old one; "" removes it."""
        command.run(["note"], reference_text(reference), text, registry=self._file.path)
        return self._again(reference)

    def rm(self, *references: str | Run) -> list[Run]:
        """Deletes runs; `restore` brings them back until the grace period has ended. All of them or none."""
        return self._changed("rm", references)

    def restore(self, *references: str | Run) -> list[Run]:
        """Restores deleted runs. All of them or none."""
        return self._changed("restore", references)

    def rename(self, old: str, new: str) -> int:
        """Renames all runs of a name, and returns their number."""
        return int(command.run(["rename"], old, new, registry=self._file.path)["runs"])

    def strip(self, *references: str | Run) -> list[Run]:
        """Deletes the stored bytes of runs and keeps the recipes, once they have been regenerated and compared."""
        return self._changed("strip", references)

    def materialize(self, *references: str | Run) -> list[Run]:
        """Regenerates runs and stores their bytes."""
        return self._changed("materialize", references)

    def _changed(self, verb: str, references: tuple[str | Run, ...]) -> list[Run]:
        if not references:
            return []
        answer = command.run([verb], *map(reference_text, references), registry=self._file.path)
        return [self._by_reference(run["reference"]) for run in answer["runs"]]
