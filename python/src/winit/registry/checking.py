"""The methods of a registry that verify, identify and compare, by the command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

from ..comparing import mismatch
from ..errors import BadInput
from . import command
from .commands import Commands, absolute, options, reference_text
from .processes import Progress
from .progress import reported
from .run import Run


@dataclass(frozen=True)
class Identified:
    """A run that a checkpoint holds, wholly or in part (docs/json.md, "identify").

    Attributes:
        reference: The reference of the run.
        id: Its id.
        whole: Whether the checkpoint holds all tensors of the run.
        tensor_count: The number of tensors of the run.
        found_count: How many of them the checkpoint holds, under any name.
        renamed_count: How many of these have another name there.
        found: The names of up to 100 tensors that were found under their names.
        absent: The names of up to 100 tensors that the checkpoint lacks.
        renamed: Up to 100 names in the run, each with the name in the checkpoint.
    """

    reference: str
    id: str
    whole: bool
    tensor_count: int
    found_count: int
    renamed_count: int
    found: tuple[str, ...]
    absent: tuple[str, ...]
    renamed: Mapping[str, str]


class Checking(Commands):
    """The methods of `Registry` that verify, identify and compare, by the command."""

    def verify(
        self,
        reference: str | Run,
        *,
        against: str | PathLike[str] | None = None,
        subset: bool = False,
        cast: bool = False,
        strip_prefix: str | None = None,
        stored: bool = True,
        regenerate: bool = True,
        progress: Progress | bool | None = None,
    ) -> dict[str, Any]:
        """Verifies a run, or a checkpoint against it, by the command, and records the result in the history.

        `Run.verify` does the same here, without the command and without an entry in the history.

        Args:
            reference: The run.
            against: A checkpoint to compare with the run.
            subset: Whether the checkpoint may hold a part of the run.
            cast: Whether the checkpoint may hold the values rounded to another dtype.
            strip_prefix: What names in the checkpoint begin with, such as "model.".
            stored: Whether stored bytes are checked.
            regenerate: Whether every chunk is regenerated and checked.
            progress: See `create`.

        Returns:
            The JSON of the run (docs/json.md, "verify").

        Raises:
            Mismatch: If anything does not match; `findings` has each difference.
        """
        if not stored and not regenerate:
            raise BadInput("a verification checks stored bytes, the regeneration, or both; both are switched off")
        words = ["verify", *options(against=None if against is None else absolute(against), strip_prefix=strip_prefix)]
        flags = {
            "--subset": subset,
            "--cast": cast,
            "--stored": stored and not regenerate,
            "--regenerate": regenerate and not stored,
        }
        words += [flag for flag, is_set in flags.items() if is_set]
        with reported(progress, "verifying") as report:
            answer = command.run(words, reference_text(reference), registry=self._file.path, progress=report)
        result: dict[str, Any] = answer["runs"][0]
        if not answer["matches"]:
            raise mismatch(command.findings(result), f"{result['reference']} does not match")
        return result

    def identify(
        self, path: str | PathLike[str], *, limit: int = 20, progress: Progress | bool | None = None
    ) -> list[Identified]:
        """Finds the runs that a checkpoint holds, wholly or in part: whole runs first.

        Args:
            path: The checkpoint: a .safetensors file, the index of a sharded one, or a folder.
            limit: The maximum number of runs; 0 for no limit.
            progress: See `create`.
        """
        with reported(progress, "identifying") as report:
            answer = command.run(
                ["identify", f"--limit={limit}"], absolute(path), registry=self._file.path, progress=report
            )
        return [
            Identified(
                found["reference"],
                found["id"],
                found["whole"],
                found["tensor_count"],
                found["found_count"],
                found["renamed_count"],
                tuple(found["found"]),
                tuple(found["absent"]),
                {renamed["name"]: renamed["found_as"] for renamed in found["renamed"]},
            )
            for found in answer["matches"]
        ]

    def diff(self, first: str | Run, second: str | Run, *, other: str | PathLike[str] | None = None) -> dict[str, Any]:
        """Compares two runs, tensor by tensor.

        Args:
            first: A run of this registry.
            second: Another run.
            other: The registry that holds the second run, if it is not this one.

        Returns:
            The JSON of `winit-registry diff` (docs/json.md); `same_weights` is True if all bits are equal.
        """
        words = ["diff", *options(other=None if other is None else absolute(other))]
        return command.run(words, reference_text(first), reference_text(second), registry=self._file.path)
