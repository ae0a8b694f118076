"""Lists of runs, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .file import RegistryFile, Rows
from .records import RunRecord, fetch

PAGE = 100
"""How many runs are read in one transaction."""


@dataclass(frozen=True)
class Selection:
    """Which runs a list has. In texts, `*` matches any characters and `?` one, as in `winit-registry list`.

    Attributes:
        name: A pattern for the name.
        experiment: A pattern for the experiment.
        tags: A pattern for the value of each of these tags; None for any value.
        deleted: Whether the deleted runs are listed instead of the others.
    """

    name: str | None = None
    experiment: str | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    deleted: bool = False

    def conditions(self, schema: int) -> tuple[str, list[Any]]:
        """Returns the condition in SQL, and its arguments."""
        conditions, arguments = list[str](), list[Any]()
        if schema >= 2:
            conditions.append(f"deleted_at IS {'NOT ' if self.deleted else ''}NULL")
        elif self.deleted or self.experiment is not None or self.tags:
            return "0", []  # schema 1 has none of these
        for column, pattern in (("name", self.name), ("experiment", self.experiment)):
            if pattern is not None:
                conditions.append(f"{column} GLOB ?")
                arguments.append(_glob(pattern))
        for key, value in self.tags.items():
            conditions.append("EXISTS (SELECT 1 FROM tags WHERE run = runs.id AND key = ? AND value GLOB ?)")
            arguments += [key, "*" if value is None else _glob(value)]
        return " AND ".join(conditions) or "1", arguments


def _glob(pattern: str) -> str:
    r"""Returns the pattern of SQLite's GLOB: `[` is no character of ours, and `\*` and `\?` are the characters."""
    result, escaped = "", False
    for character in pattern:
        if escaped or character == "[":
            result += f"[{character}]" if character in "*?[" else character
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            result += character
    return result + ("\\" if escaped else "")


def pages(file: RegistryFile, selection: Selection, limit: int | None) -> Iterator[RunRecord]:
    """Gives the selected runs, newest first. Runs that are recorded meanwhile are left out."""
    after: tuple[str, int] | None = None
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = file.read(lambda rows, after=after, size=size: _page(rows, file.shown, selection, after, size))  # type: ignore[misc]
        yield from page
        if len(page) < size:
            return
        after = (page[-1].created_at, page[-1].row)
        left = None if left is None else left - len(page)


def _page(rows: Rows, path: str, selection: Selection, after: tuple[str, int] | None, size: int) -> list[RunRecord]:
    condition, arguments = selection.conditions(rows.schema)
    if after is not None:
        condition += " AND (created_at, runs.id) < (?, ?)"
        arguments += after
    order = "ORDER BY created_at DESC, runs.id DESC"
    # The subquery finds the page, so that only the rows of the page are read in full.
    return fetch(
        rows,
        path,
        f"WHERE runs.id IN (SELECT runs.id FROM runs WHERE {condition} {order} LIMIT ?) {order}",
        [*arguments, size],
    )
