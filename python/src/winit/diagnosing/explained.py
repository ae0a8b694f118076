"""Findings that another finding explains, so that one cause is one finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .document import DiagnosisFinding
from .families import pattern

EXPLAINS = "what the faulty tensors do to signals and gradients is in the layers, and no finding of its own"
"""The note of a diagnosis in which a finding about a tensor explains what the pass shows."""

Cause = tuple[str, str]
"""The code of a finding, and the tensor with `#` for each number, as folded findings have it."""


@dataclass(frozen=True)
class ExplainedFinding:
    """A finding that others explain.

    Attributes:
        finding: The finding.
        causes: The findings that explain it, each by itself.
    """

    finding: DiagnosisFinding
    causes: frozenset[Cause]


def cause(finding: DiagnosisFinding) -> Cause:
    """Returns a finding as a cause of others."""
    return finding.code, pattern(finding.tensor or "")


def unexplained(explained: Sequence[ExplainedFinding], kept: Iterable[DiagnosisFinding]) -> list[DiagnosisFinding]:
    """Returns the findings that nothing explains any more.

    Args:
        explained: The findings with their causes.
        kept: The findings that are not allowed: an allowed finding explains no other one.
    """
    remaining = {cause(finding) for finding in kept}
    return [each.finding for each in explained if not each.causes & remaining]
