"""The methods of a registry that record runs, and write them to files."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, overload

from ..recipes import Recipe
from ..specs import Spec
from . import command
from .commands import Commands, absolute, option_text, options, reference_text
from .inputs import like_options, spec_options
from .new_run import NewRun
from .processes import Progress
from .progress import reported
from .run import Run


class Creating(Commands):
    """The methods of `Registry` that record runs, and write them to files."""

    def create(
        self,
        name: str,
        spec: Spec | PathLike[str] | str | None = None,
        *,
        seed: int,
        preset: str | None = None,
        preset_options: Mapping[str, object] | None = None,
        like: str | PathLike[str] | Mapping[str, Any] | None = None,
        dtype: str | None = None,
        recipe_only: bool = False,
        tags: Mapping[str, str] | None = None,
        experiment: str | None = None,
        note: str | None = None,
        parent: str | Run | None = None,
        capture: bool = True,
        threads: int | None = None,
        progress: Progress | bool | None = None,
    ) -> Run:
        """Initializes a model and records it as the next version of a name. All or nothing.

        Ctrl-C stops the command, which rolls back what it has added; KeyboardInterrupt is raised when that is done. A
        second Ctrl-C ends the command at once: what it has added is then invisible, and `gc` frees it.

        Args:
            name: The name of the run.
            spec: A captured `Spec`; the path of a YAML file (`pathlib.Path`); or YAML as a str.
            seed: The seed, 0 ..< 2^64.
            preset: A preset to use instead of a spec; it needs `like`.
            preset_options: The options of the preset.
            like: The checkpoint to take names, shapes and dtypes from: a path, or arrays by name, such as a state dict.
            dtype: The dtype of floating-point tensors.
            recipe_only: Whether to record recipe and digests, and not to store the bytes.
            tags: The tags, by key.
            experiment: The experiment that the run belongs to.
            note: A note.
            parent: The run that the new one is derived from.
            capture: Whether to record the environment: machine, user, folder, git checkout, the versions of the
                frameworks that this process has imported, and the class of the model if the spec has it.
            threads: How many threads to use; all cores by default.
            progress: Is called with the bytes that are done and those of the whole run. True is a bar of tqdm, False
                no progress; by default there is a bar if tqdm is installed and there is a terminal or a notebook.

        Returns:
            The run.

        Raises:
            BadInput: If the spec or an argument is not valid.
            Unavailable: If there is no command, or the file cannot be written.
        """
        words = ["create", f"--seed={operator.index(seed)}", *options(preset=preset, dtype=dtype)]
        words += [f"--preset-option={key}={option_text(value)}" for key, value in (preset_options or {}).items()]
        words += NewRun(recipe_only, tags, experiment, note, parent, capture, threads).words(spec)
        label = "hashing" if recipe_only else "filling"
        with (
            spec_options(spec) as (of_spec, input),
            like_options(like) as of_like,
            reported(progress, label) as report,
        ):
            words += of_spec + of_like
            answer = command.run(words, name, registry=self._file.path, input=input, progress=report)
        return self._run(answer)

    def record(
        self,
        recipe: Recipe,
        name: str,
        *,
        recipe_only: bool = False,
        tags: Mapping[str, str] | None = None,
        experiment: str | None = None,
        note: str | None = None,
        parent: str | Run | None = None,
        capture: bool = True,
        threads: int | None = None,
        progress: Progress | bool | None = None,
    ) -> Run:
        """Records a recipe as the next version of a name: the command fills it and checks the digests that it has.

        Args:
            recipe: The recipe, such as that of a spec, or of a rank without the command.
            name: The name of the run.
            recipe_only: Whether to record recipe and digests, and not to store the bytes.
            tags: See `create`, as the other arguments.
            experiment: See `create`.
            note: See `create`.
            parent: See `create`.
            capture: See `create`.
            threads: See `create`.
            progress: See `create`.

        Raises:
            Mismatch: If the recipe does not give its digests.
        """
        import tempfile

        with tempfile.TemporaryDirectory(prefix="winit-") as folder:
            path = Path(folder, "recipe.json")
            recipe.save(path)
            return self.import_(
                path,
                name,
                recipe_only=recipe_only,
                tags=tags,
                experiment=experiment,
                note=note,
                parent=parent,
                capture=capture,
                threads=threads,
                progress=progress,
            )

    @overload
    def import_(
        self, path: str | PathLike[str], name: None = None, *, progress: Progress | bool | None = None
    ) -> list[Run]: ...
    @overload
    def import_(
        self,
        path: str | PathLike[str],
        name: str,
        *,
        recipe_only: bool = False,
        tags: Mapping[str, str] | None = None,
        experiment: str | None = None,
        note: str | None = None,
        parent: str | Run | None = None,
        capture: bool = True,
        threads: int | None = None,
        progress: Progress | bool | None = None,
    ) -> Run: ...
    def import_(
        self,
        path: str | PathLike[str],
        name: str | None = None,
        *,
        recipe_only: bool = False,
        tags: Mapping[str, str] | None = None,
        experiment: str | None = None,
        note: str | None = None,
        parent: str | Run | None = None,
        capture: bool = True,
        threads: int | None = None,
        progress: Progress | bool | None = None,
    ) -> Run | list[Run]:
        """Imports the runs of a bundle; with a name, a recipe (.json) or a checkpoint as the next version of the name.

        Args:
            path: The file.
            name: The name of the run; None for a bundle.
            recipe_only: Of a recipe, whether to record recipe and digests, and not to store the bytes.
            tags: See `create`, as the other arguments.
            experiment: See `create`.
            note: See `create`.
            parent: See `create`.
            capture: See `create`.
            threads: See `create`.
            progress: See `create`.

        Returns:
            The run; for a bundle its runs, also those that the registry had already.
        """
        # The runs of a bundle have an environment of their own.
        new = NewRun(recipe_only, tags, experiment, note, parent, None if name is None else capture, threads)
        words = ["import", *options(**{"as": name}), *new.words()]
        with reported(progress, "importing") as report:
            answer = command.run(words, absolute(path), registry=self._file.path, progress=report)
        if name is not None:
            return self._run(answer)
        return [self[run["reference"]] for run in answer["runs"] if run["outcome"] != "deleted"]

    def export(
        self,
        *references: str | Run,
        path: str | PathLike[str],
        manifest: bool = False,
        with_host: bool = False,
        force: bool = False,
        progress: Progress | bool | None = None,
    ) -> dict[str, Any]:
        """Writes runs to a bundle, or with `manifest` one run to a .json file that `Recipe.load` reads.

        Args:
            references: The runs.
            path: The file to write.
            manifest: Whether to write the manifest of one run.
            with_host: Whether to include machine and user.
            force: Whether to replace the file.
            progress: See `create`.

        Returns:
            The JSON of `winit-registry export` (docs/json.md).
        """
        words = ["export", f"--output={absolute(path)}"]
        flags = {"--manifest": manifest, "--with-host": with_host, "--force": force}
        words += [flag for flag, is_set in flags.items() if is_set]
        with reported(progress, "exporting") as report:
            return command.run(words, *map(reference_text, references), registry=self._file.path, progress=report)
