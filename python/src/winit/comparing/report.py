"""Findings as an error that names each of them."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import Finding, Mismatch
from ..quoting import counted, quoted

_SHOWN = 20


def finding_text(finding: Finding) -> str:
    """Returns a finding on one line: tensor, message, likely cause.

    Example:
        >>> finding_text(Finding("missing", "the weights lack this tensor", "l1.weight"))
        '`l1.weight`: the weights lack this tensor'
    """
    tensor = f"{quoted(finding.tensor)}: " if finding.tensor is not None else ""
    cause = f". Likely cause: {finding.likely_cause}" if finding.likely_cause is not None else ""
    return f"{tensor}{finding.message}{cause}"


def mismatch(findings: Sequence[Finding], headline: str) -> Mismatch:
    """Makes the error of a comparison.

    Args:
        findings: What differs, at least one finding.
        headline: The first line of the text, without a full stop.

    Returns:
        The error, whose text names the first 20 findings, and whose `findings` are all of them.
    """
    lines = [finding_text(finding) for finding in findings[:_SHOWN]]
    if len(findings) > _SHOWN:
        lines.append(f"… and {counted(len(findings) - _SHOWN, 'more finding')}")
    return Mismatch("\n  ".join([f"{headline}:", *lines]), findings)
