"""An audit as text for a terminal and as HTML for a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .findings import Audit, AuditFinding, NotChecked

LIMIT = 50
"""How many findings, and how many tensors that were not checked, are shown."""


def printable(text: str) -> str:
    """Returns a text on one line without control characters, which a tensor's name may hold."""
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)


def text(audit: Audit) -> str:
    """Returns an audit as text."""
    lines = [printable(audit.summary)]
    lines += _finding_lines(audit.findings)
    lines.append(_counts(audit))
    if audit.accepted:
        lines.append(f"accepted: {_plural(len(audit.accepted), 'finding')}")
        lines += _finding_lines(audit.accepted)
    if audit.not_checked:
        lines.append(f"not checked: {_plural(len(audit.not_checked), 'tensor')}")
        for names, reason in _by_reason(audit.not_checked):
            lines += _wrapped(f"    {printable(names)}: {printable(reason)}", 4)
    return "\n".join(lines)


def html_table(audit: Audit) -> str:
    """Returns an audit as HTML without scripts and without colors, for light and dark notebooks."""
    rows = "".join(
        f"<tr><td>{escape(printable(finding.kind))}</td><td><code>{escape(printable(finding.tensor))}</code></td>"
        f"<td style='text-align:left'>{escape(printable(finding.message))}</td></tr>"
        for finding in audit.findings[:LIMIT]
    )
    parts = [f"<p><b>{escape(printable(audit.summary))}</b></p>"]
    if rows:
        parts.append(f"<table><tr><th>kind</th><th>tensor</th><th>finding</th></tr>{rows}</table>")
        parts.append(f"<p>{_left_out(audit.findings)}</p>" if len(audit.findings) > LIMIT else "")
    parts.append(f"<p>{escape(_counts(audit))}</p>")
    if audit.accepted:
        parts.append(f"<p>accepted: {_plural(len(audit.accepted), 'finding')}</p>")
    for names, reason in _by_reason(audit.not_checked):
        parts.append(f"<p>not checked: <code>{escape(printable(names))}</code>: {escape(printable(reason))}</p>")
    return "".join(parts)


def _finding_lines(findings: Iterable[AuditFinding]) -> list[str]:
    findings = list(findings)
    lines = list[str]()
    for finding in findings[:LIMIT]:
        lines += _wrapped(f"  {finding.kind:<21} {printable(finding.message)}", 24)
    return lines + ([f"  {_left_out(findings)}"] if len(findings) > LIMIT else [])


def _wrapped(line: str, indent: int) -> list[str]:
    """Breaks a line between words at 120 characters."""
    from textwrap import wrap

    start = line[:indent]
    width = 120 - indent
    rest = wrap(line[indent:], width, break_long_words=False, break_on_hyphens=False) or [""]
    return [start + rest[0], *(" " * indent + piece for piece in rest[1:])]


def _left_out(findings: Iterable[AuditFinding]) -> str:
    return f"… and {len(list(findings)) - LIMIT} more"


def _counts(audit: Audit) -> str:
    builds = "" if audit.builds == 1 else f"; built {audit.builds} times"
    tensors = f"{_plural(audit.parameter_count, 'parameter')} and {_plural(audit.buffer_count, 'buffer')}"
    if audit.ranks:
        return f"{tensors}, {_plural(audit.element_count, 'element')}, on {_plural(audit.ranks, 'rank')}"
    watched = f"{audit.watched_count:,} of them were compared with sentinels"
    return f"{tensors}, {_plural(audit.element_count, 'element')} ({watched}){builds}"


def _by_reason(left: Iterable[NotChecked]) -> list[tuple[str, str]]:
    """Returns the tensors that were not checked, grouped by the reason."""
    groups = dict[str, list[str]]()
    for entry in left:
        groups.setdefault(entry.reason, []).append(entry.tensor)
    return [
        (names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more", reason)
        for reason, names in list(groups.items())[:LIMIT]
    ]


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
