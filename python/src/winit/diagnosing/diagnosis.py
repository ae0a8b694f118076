"""A diagnosis: facts of tensors, the signal of layers, and findings."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any

from ..errors import BadInput, Mismatch
from ..globs import matches
from ..quoting import quoted
from .document import (
    CODES,
    SEVERITIES,
    AllowedFinding,
    DeclaredTensor,
    DiagnosisFinding,
    LayerDiagnosis,
    LossDiagnosis,
    NetworkSummary,
    Severity,
    Subject,
    TensorDiagnosis,
)
from .explained import EXPLAINS, ExplainedFinding, unexplained

Allowed = Mapping[str, "str | Sequence[str]"]
"""Findings that are meant: patterns of tensor or layer names, by the code of the finding."""


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What the weights of a model show before training. `print` shows it, and a notebook shows tables.

    Attributes:
        subject: What was diagnosed.
        tensors: The facts of each tensor.
        layers: The signal and the gradient of each layer, in the order of execution.
        network: Where the layers come from, or None without layers.
        loss: The loss at step 0, or None.
        findings: What is wrong, the most severe first.
        allowed: Findings that are allowed.
        declared: Tensors that are declared to be zeros, ones, ties and so on, so that they are no findings.
        notes: Assumptions, and why something is missing.
    """

    subject: Subject
    tensors: Sequence[TensorDiagnosis] = ()
    layers: Sequence[LayerDiagnosis] = ()
    network: NetworkSummary | None = None
    loss: LossDiagnosis | None = None
    findings: Sequence[DiagnosisFinding] = ()
    allowed: Sequence[AllowedFinding] = ()
    declared: Sequence[DeclaredTensor] = ()
    notes: Sequence[str] = ()
    _explained: Sequence[ExplainedFinding] = field(default=(), repr=False)
    """Findings that others explain. They are no part of the document."""

    def worst(self) -> Severity | None:
        """Returns the severity of the worst finding, or None without findings."""
        found = {finding.severity for finding in self.findings}
        return next((severity for severity in SEVERITIES if severity in found), None)

    def counted(self, severity: Severity) -> list[DiagnosisFinding]:
        """Returns the findings of a severity, and worse ones.

        Raises:
            winit.BadInput: If there is no such severity.
        """
        if severity not in SEVERITIES:
            raise BadInput(f"there is no severity {quoted(str(severity))}; it is one of {', '.join(SEVERITIES)}")
        severities = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return [finding for finding in self.findings if finding.severity in severities]

    def allowing(self, allow: Allowed, reason: str = "allowed by the caller") -> Diagnosis:
        """Returns a diagnosis in which the findings that are meant are in `allowed`.

        An allowed finding silences itself alone: what only it explained, such as a signal that vanishes behind a weight
        of zeros, becomes a finding. A diagnosis that was read from a file does not know what that is.

        Args:
            allow: Patterns of tensor or layer names (`*` stands for any text), by code.
            reason: The reason, for the document.

        Raises:
            winit.BadInput: If a code does not exist.
        """
        for code in allow:
            if code not in CODES:
                raise BadInput(f"there is no finding {quoted(code)}. The codes are: {', '.join(CODES)}")
        kept = [finding for finding in self.findings if not _is_allowed(finding, allow)]
        shown = unexplained(self._explained, kept)
        rest = [each for each in self._explained if each.finding not in shown]
        meant = [finding for finding in [*self.findings, *shown] if _is_allowed(finding, allow)]
        kept += [finding for finding in shown if not _is_allowed(finding, allow)]
        return replace(
            self,
            findings=tuple(sorted(kept, key=lambda finding: SEVERITIES.index(finding.severity))),
            allowed=(*self.allowed, *(AllowedFinding(finding, reason) for finding in meant)),
            notes=tuple(note for note in self.notes if rest or note != EXPLAINS),
            _explained=tuple(rest),
        )

    def assert_healthy(self, severity: Severity = "warning", allow: Allowed | None = None) -> Diagnosis:
        """Raises if there are findings of a severity or worse, for a test.

        Args:
            severity: `error`, `warning` or `information`.
            allow: Findings that are meant: patterns of tensor or layer names, by code, such as
                `{"identical-tensors": "encoder.layers.*"}`.

        Returns:
            The diagnosis, without the allowed findings.

        Raises:
            winit.Mismatch: Names each finding; `findings` holds them.
        """
        result = self.allowing(allow or {})
        found = result.counted(severity)
        if found:
            from .display import finding_lines, summary

            raise Mismatch("\n".join([summary(self._short_name, found), *finding_lines(found)]), found)
        return result

    def as_dict(self) -> dict[str, Any]:
        """Returns the document `winit-diagnosis/1`. Numbers that are not finite are None."""
        from .writing import as_dict

        return as_dict(self)

    def json(self, indent: int | None = None) -> str:
        """Returns the document as JSON text."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def save(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Writes the document to a file, which appears whole or not at all.

        `winit-registry report FILE` draws it, and `winit.read_diagnosis` reads it.

        Args:
            path: The file.
            force: Replace a file that exists.
        """
        from ..whole_files import write_whole

        write_whole([(os.fspath(path), [(self.json() + "\n").encode("utf-8")])], force=force)

    @property
    def summary(self) -> str:
        """One line: the model, and how many findings of each severity."""
        from .display import summary

        return summary(self._short_name, self.findings)

    @property
    def _short_name(self) -> str:
        """The name of the subject; of a model the class without its module."""
        name = self.subject.name
        return name.rpartition(".")[2] if self.subject.kind == "model" else name

    def __str__(self) -> str:
        """Returns the diagnosis as text for a terminal."""
        from .display import text

        return text(self)

    def __repr__(self) -> str:
        """Returns one line."""
        return f"<{self.summary}>"

    def _repr_html_(self) -> str:
        """Returns the diagnosis as HTML for a notebook."""
        from .html import tables

        return tables(self)


def _is_allowed(finding: DiagnosisFinding, allow: Allowed) -> bool:
    patterns = allow.get(finding.code, ())
    patterns = (patterns,) if isinstance(patterns, str) else patterns
    return any(matches(pattern, finding.place) for pattern in patterns)
