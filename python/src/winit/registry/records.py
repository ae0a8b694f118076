"""Runs as they are recorded, read from their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .file import Rows
from .values import Row

_COLUMNS = (
    "id,name,version,seed,stored,tensor_count,parameter_count,byte_count,created_at,tool_version,host,"
    "digest,weights,law_version"
)
_LATER_COLUMNS = ((2, ",uid,origin,experiment,note,parent,git,deleted_at"), (4, ",preset,details"))
_MOST = 100_000  # tags or aliases of a run, as in the command
_MANIFEST_COLUMNS = ("digest", "weights", "law_version")


@dataclass(frozen=True)
class RunRecord:
    """A run as it is recorded. `winit.registry.Run` has the same attributes, and describes them."""

    row: int
    name: str
    version: int
    id: str
    weights: str
    seed: int
    stored: bool
    tensor_count: int
    parameter_count: int
    byte_count: int
    law_version: str
    created_at: str
    tool_version: str
    uid: str = ""
    imported: bool = False
    experiment: str | None = None
    note: str = ""
    parent: str | None = None
    deleted_at: str | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    git: Mapping[str, Any] | None = None
    preset: Mapping[str, Any] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """The reference with the version: `name:v2`."""
        return f"{self.name}:v{self.version}"


def fetch(rows: Rows, path: str, clauses: str, arguments: Sequence[Any] = ()) -> list[RunRecord]:
    """Reads the runs that the rest of a SELECT statement selects.

    Args:
        rows: The transaction.
        path: The path of the registry, for errors.
        clauses: The WHERE clause and what follows; the tables are `runs` and `manifests`.
        arguments: The arguments of the clauses.

    Raises:
        BadInput: If a value cannot be right.
    """
    columns = _COLUMNS + "".join(more for schema, more in _LATER_COLUMNS if rows.schema >= schema)
    selected = ", ".join(
        f"{'manifests' if column in _MANIFEST_COLUMNS else 'runs'}.{column}" for column in columns.split(",")
    )
    found = rows(f"SELECT {selected} FROM runs JOIN manifests ON manifests.id = runs.manifest {clauses}", arguments)
    return [_record(rows, path, Row(path, f"the run in row {values[0]!r}", columns, values)) for values in found]


def limited(rows: Rows, row: Row, sql: str, run: int) -> list[tuple[Any, ...]]:
    """Returns what a run has of a kind: at most 100,000."""
    found = rows(f"{sql} LIMIT ?", [run, _MOST + 1])
    if len(found) > _MOST:
        row.damaged("id")
    return found


def _record(rows: Rows, path: str, row: Row) -> RunRecord:
    number, name = row.integer("id", highest=(1 << 63) - 1), row.name("name")
    row.what = f"{name}:v{row.integer('version', lowest=1)}"
    tags: dict[str, str] = {}
    aliases: list[str] = []
    if rows.schema >= 2:
        for values in limited(rows, row, "SELECT key, value FROM tags WHERE run = ? ORDER BY key", number):
            tag = Row(path, f"a tag of {row.what}", "key,value", values)
            tags[tag.text("key")] = tag.text("value")
        for values in limited(rows, row, "SELECT alias FROM aliases WHERE run = ? ORDER BY alias", number):
            aliases.append(Row(path, f"an alias of {row.what}", "alias", values).name("alias"))
    git, preset = row.object("git"), row.object("preset")
    return RunRecord(
        row=number,
        name=name,
        version=row.integer("version", lowest=1),
        id=row.digest("digest"),
        weights=row.digest("weights"),
        seed=row.uint64("seed"),
        stored=row.integer("stored", highest=1) == 1,
        tensor_count=row.integer("tensor_count"),
        parameter_count=row.integer("parameter_count"),
        byte_count=row.integer("byte_count"),
        law_version=row.name("law_version"),
        created_at=row.name("created_at"),
        tool_version=row.name("tool_version"),
        uid=row.optional_text("uid") or "",
        imported=row.optional_text("origin") == "captured",
        experiment=row.optional_text("experiment"),
        note=row.optional_text("note") or "",
        parent=row.optional_text("parent"),
        deleted_at=row.optional_text("deleted_at"),
        environment=MappingProxyType(row.object("host") or {}),
        git=None if git is None else MappingProxyType(git),
        preset=None if preset is None else MappingProxyType(preset),
        details=MappingProxyType(row.object("details") or {}),
        tags=MappingProxyType(tags),
        aliases=tuple(aliases),
    )
