"""The check that a file is a registry, before anything else is read from it."""

from __future__ import annotations

import hashlib

from ..errors import BadInput
from .definitions import APPLICATION_ID, NEWEST_SCHEMA, definitions
from .paths import shown
from .sqlite import Connection

_LARGEST_DEFINITION = 1 << 16


def check_schema(connection: Connection, path: str) -> int:
    """Compares every table, index and trigger with those that the migrations make (docs/store.md, "Threat model").

    A file from elsewhere could have a view in place of a table, or a generated column.

    Args:
        connection: The connection, in a transaction.
        path: The path of the file, for errors.

    Returns:
        The number of the schema, 1 or more.

    Raises:
        BadInput: If the file is not a registry, is from a newer version, or has other definitions.
    """
    [(application,)] = connection.rows("PRAGMA application_id")
    [(schema,)] = connection.rows("PRAGMA user_version")
    if application != APPLICATION_ID:
        raise BadInput(
            f"{shown(path)} is not a registry: it is a database of another program (application_id {application})"
        )
    if schema > NEWEST_SCHEMA:
        raise BadInput(
            f"{shown(path)} was written by a newer version of winit-registry (schema {schema}; this version reads "
            f"schemas up to {NEWEST_SCHEMA}). Update the package: `pip install --upgrade winit-registry`"
        )
    if schema < 1:
        raise BadInput(f"{shown(path)} is not a registry: its user_version {schema} is not the number of a schema")
    if difference := _difference(connection, definitions(schema)):
        raise BadInput(
            f"{shown(path)} does not have the schema of a registry: {difference}. Nothing was read from the file"
        )
    return int(schema)


def _difference(connection: Connection, expected: dict[str, str]) -> str | None:
    [(largest,)] = connection.rows("SELECT max(length(sql) + length(name)) FROM sqlite_schema")
    if largest is not None and largest > _LARGEST_DEFINITION:
        return "a definition is too long"
    rows = connection.rows(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_stat[0-9]' LIMIT ?", [len(expected) + 1]
    )
    found = {f"{kind} {name}": hashlib.sha256(str(sql or "").encode()).hexdigest()[:32] for kind, name, sql in rows}
    # Tables first: if a table is missing, its indices and triggers are missing too.
    for name, digest in sorted(expected.items(), key=lambda item: (not item[0].startswith("table"), item)):
        if name not in found:
            return f"{name} is missing"
        if found[name] != digest:
            return f"{name} has an unexpected definition"
    unexpected = sorted(found.keys() - expected.keys())
    return f"{unexpected[0]} is unexpected" if unexpected else None
