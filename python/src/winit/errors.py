"""The errors of winit, and what a comparison found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class Error(Exception):
    """An error of winit. The text says what happened, where, and what to do.

    Attributes:
        code: The exit status that the command `winit-registry` has for this kind of error (docs/commands.md).
    """

    code = 65


class NotFound(Error, LookupError):
    """A run, tensor, alias or file does not exist."""

    code = 66

    def __str__(self) -> str:
        """Returns the text. A `KeyError` among the bases would put it into quotes."""
        return str(self.args[0]) if self.args else ""


class BadInput(Error, ValueError):
    """A recipe, spec, file or argument is not valid. Nothing was changed."""

    code = 65


class Unavailable(Error, OSError):
    """A file or program cannot be reached: no permission, a full disk, no command to write a registry with."""

    code = 74


@dataclass(frozen=True)
class Finding:
    """A difference between weights and what a run or recipe says of them (docs/json.md, "verify").

    Attributes:
        kind: What differs: `record`, `stored`, `regenerated`, `missing`, `unexpected`, `shape`, `dtype` or `values`.
        message: A sentence for people.
        tensor: The name of the tensor, if the finding is about one.
        index: The coordinates of the first element that differs.
        expected: The expected value of that element.
        found: The value that was found there.
        differing_elements: How many elements differ.
        likely_cause: What probably happened, such as "the values of seed 43", if the values show it.
    """

    kind: str
    message: str
    tensor: str | None = None
    index: tuple[int, ...] | None = None
    expected: float | None = None
    found: float | None = None
    differing_elements: int | None = None
    likely_cause: str | None = None


class Mismatch(Error, AssertionError):
    """Weights are not those of a run or recipe.

    Attributes:
        findings: What differs, in the order of the tensors.
    """

    code = 1

    def __init__(self, message: str, findings: Sequence[object] = ()) -> None:
        """Makes the error.

        Args:
            message: The text, which names each finding.
            findings: `Finding`s of a comparison, or the findings of an audit.
        """
        super().__init__(message)
        self.findings = tuple(findings)
