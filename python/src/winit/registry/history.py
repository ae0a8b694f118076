"""The history of a registry: what was done, when and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .file import RegistryFile, Rows
from .values import Row

_PAGE = 1000


@dataclass(frozen=True)
class HistoryEntry:
    """An entry of the history (docs/json.md, "log").

    Attributes:
        number: The number of the entry.
        at: The time, UTC, ISO 8601.
        action: What was done: `create`, `capture`, `import`, `verify`, `alias`, `delete`, …
        run: The uid of the run, or None.
        reference: The reference of the run at that time, or None.
        detail: What depends on the action.
        actor: User, host, folder and version; empty if they were not recorded.
    """

    number: int
    at: str
    action: str
    run: str | None
    reference: str | None
    detail: Mapping[str, Any]
    actor: Mapping[str, Any]


def history(file: RegistryFile, uid: str | None, limit: int | None) -> list[HistoryEntry]:
    """Reads entries, newest first.

    Args:
        file: The registry.
        uid: The run that the entries are about; None for all entries.
        limit: The maximum number of entries; None for all.
    """
    entries = list[HistoryEntry]()
    while limit is None or len(entries) < limit:
        before = entries[-1].number if entries else (1 << 63) - 1
        page = _page(file, uid, before, _PAGE if limit is None else min(_PAGE, limit - len(entries)))
        entries += page
        if not page:
            break
    return entries


def _page(file: RegistryFile, uid: str | None, before: int, limit: int) -> list[HistoryEntry]:
    """Reads entries with lower numbers, newest first."""
    columns = "id,at,action,run,reference,detail,actor"

    def body(rows: Rows) -> list[tuple[Any, ...]]:
        if rows.schema < 2:
            return []
        condition = "id < ?" + (" AND run = ?" if uid is not None else "")
        arguments = [before, *([uid] if uid is not None else []), limit]
        return rows(f"SELECT {columns} FROM history WHERE {condition} ORDER BY id DESC LIMIT ?", arguments)

    found = [Row(file.shown, "an entry of the history", columns, values) for values in file.read(body)]
    return [
        HistoryEntry(
            row.integer("id", highest=before - 1),
            row.text("at"),
            row.text("action"),
            row.optional_text("run"),
            row.optional_text("reference"),
            row.object("detail") or {},
            row.object("actor") or {},
        )
        for row in found
    ]
