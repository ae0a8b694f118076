"""A diagnosis as HTML for a notebook, without scripts and without colors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from . import display

if TYPE_CHECKING:
    from .diagnosis import Diagnosis


def tables(diagnosis: Diagnosis) -> str:
    """Returns the findings, the tensors by family, the layers and the notes as tables. Every text is escaped."""
    parts = [f"<p><b>{_text(diagnosis.summary)}</b></p>"]
    if diagnosis.findings:
        found = [(each.severity, each.code, each.place, each.message, each.fix or "") for each in diagnosis.findings]
        parts.append(_table(("severity", "code", "where", "finding", "fix"), found, len(found)))
    if diagnosis.layers:
        head = ("layer", "activation", "signal", "gradient", "cosine", "dead")
        unit = display.gradient_unit(diagnosis.layers)
        rows = (display._layer_row(layer, unit) for layer in diagnosis.layers)
        parts.append(_table(head, rows, len(diagnosis.layers)) + f"<p>{display.COLUMNS}</p>")
    if diagnosis.tensors:
        families = display.folded(diagnosis.tensors)
        cells = map(display._tensor_row, families)
        parts.append(_table(("tensor", "shape", "mean", "std", "histogram"), cells, len(families)))
    return "".join(parts) + "".join(f"<p>{_text(note)}</p>" for note in diagnosis.notes)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], count: int) -> str:
    limit = display.LIMIT
    lines = ["<table><tr>" + "".join(f"<th>{title}</th>" for title in head) + "</tr>"]
    for row, _ in zip(rows, range(limit), strict=False):
        cells = "".join(f"<td style='text-align:left'>{_text(cell)}</td>" for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    return "".join(lines) + "</table>" + (f"<p>… and {count - limit} more</p>" if count > limit else "")


def _text(text: str) -> str:
    return escape(display.printable(text))
