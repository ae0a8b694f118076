"""How recipes and specs are shown: a line, and a table for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..quoting import counted

if TYPE_CHECKING:
    from .recipe import Recipe

_ROWS = 100


def recipe_text(recipe: Recipe, tensors: str) -> str:
    """Returns a recipe on one line."""
    known = f", id={recipe.id[:19]}…" if recipe.id is not None else ""
    return (
        f"{type(recipe).__name__}(seed={recipe.seed}, {tensors}, {counted(recipe.parameter_count, 'element')}{known})"
    )


def recipe_html(recipe: Recipe) -> str:
    """Returns a recipe as a table in HTML, at most 100 tensors long."""
    rows = ((t.name, str(list(t.shape)), t.dtype, law_summary(t.law)) for t in recipe.values())
    title = f"{type(recipe).__name__} of seed {recipe.seed}, id {recipe.id or 'not computed'}"
    return html_table(title, ("tensor", "shape", "dtype", "law"), rows, len(recipe))


def law_summary(law: Mapping[str, Any]) -> str:
    """Returns a law on one line, with numbers of at most six digits.

    Example:
        >>> law_summary({"law": "normal", "mean": 0, "std": 0.019999999552965164})
        'normal(mean=0, std=0.02)'
    """
    name = law["law"]
    if name == "parts":
        return "parts(" + "; ".join(f"{part['box']}: {law_summary(part['law'])}" for part in law["parts"][:4]) + ")"
    if name == "expression":
        return "expression" + (f" of {law_summary(law['draw'])}" if "draw" in law else "")
    hidden = {"uniform": ("half", "mid"), "truncated_normal": ("alpha", "beta")}.get(name, ())
    shown = [f"{key}={_value(law[key])}" for key in sorted(law) if key != "law" and key not in hidden]
    return f"{name}({', '.join(shown)})" if shown else str(name)


def _value(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def html_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], count: int) -> str:
    """Returns a table in HTML; every text is escaped.

    Args:
        title: The text above the table.
        head: The titles of the columns.
        rows: The cells, row by row; 100 rows are shown.
        count: The number of all rows.
    """
    from html import escape

    lines = [f"<div><p>{escape(title)}</p><table><thead><tr>"]
    lines += [f"<th>{escape(text)}</th>" for text in head] + ["</tr></thead><tbody>"]
    for row, _ in zip(rows, range(_ROWS), strict=False):
        lines.append("<tr>" + "".join(f"<td><code>{escape(cell[:200])}</code></td>" for cell in row) + "</tr>")
    lines.append("</tbody></table>")
    if count > _ROWS:
        lines.append(f"<p>… and {count - _ROWS} more</p>")
    return "".join(lines) + "</div>"
