"""Reads a registry file with Python's sqlite3 and hashlib alone: whether it is sound, and what it holds."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Tables that a user cannot see: unreferenced chunks, their leases, and the notes of resumable verifications.
INVISIBLE = {"chunks", "leases", "lease_chunks", "verification_passes", "pass_runs", "sqlite_sequence", "sqlite_stat1"}
# What differs from one run to the next.
VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|\b[0-9a-f]{32}\b|\"(?:seconds|process|pid|folder)\":[^,}]*"
)
APPLICATION_ID = 0x574E4954


@dataclasses.dataclass
class State:
    """What a registry holds.

    Attributes:
        there: Whether there is a file with tables in it.
        problems: What is wrong with it.
        visible: The rows of each visible table, equal for two registries with equal contents.
        runs: The name, version and id of each run.
        orphans: The number of chunks that neither a run nor a lease references.
        schema: The number of the last migration.
    """

    there: bool = False
    problems: list[str] = dataclasses.field(default_factory=list)
    visible: dict[str, list[Any]] = dataclasses.field(default_factory=dict)
    runs: set[tuple[str, int, str]] = dataclasses.field(default_factory=set)
    orphans: int = 0
    schema: int = 0

    def difference(self, other: State, without: Sequence[str] = ()) -> str:
        """Describes the first difference between two registries; "" if there is none. Skips the tables `without`."""
        if self.there != other.there:
            return f"{'there' if self.there else 'not there'} instead of {'there' if other.there else 'not there'}"
        for table in sorted((self.visible.keys() | other.visible.keys()) - set(without)):
            mine, theirs = self.visible.get(table), other.visible.get(table)
            if mine is None or theirs is None:
                return f"table {table} is {'missing' if mine is None else 'unexpected'}"
            if mine != theirs:
                more = [row for row in mine if row not in theirs][:2]
                less = [row for row in theirs if row not in mine][:2]
                return f"table {table}: unexpected {str(more)[:300]}, missing {str(less)[:300]}"
        return ""

    def is_between(self, before: State, after: State) -> bool:
        """Whether this state can occur on the way from one state to another.

        It may hold no row that neither has, and must hold every row that both have. It does not check that each run is
        complete.
        """
        for table in self.visible.keys() | after.visible.keys():
            mine, old, new = (s.visible.get(table, []) for s in (self, before, after))
            if table == "history":
                # An entry tells how much was done, which is less if it was done in two steps.
                old, new, mine = ([row[2:5] for row in rows] for rows in (old, new, mine))
            if any(row not in old and row not in new for row in mine):
                return False
            if any(row in new and row not in mine for row in old):
                return False
        return True


def mask(value: Any, folder: str) -> Any:
    """A value without what differs from one run to the next; long blobs become their digest."""
    if isinstance(value, str):
        return VOLATILE.sub("*", value.replace(folder, "."))
    if isinstance(value, bytes):
        return value.hex() if len(value) <= 32 else hashlib.sha256(value).hexdigest()
    return value


def load(path: Path, deep: bool = True) -> State:
    """Reads a registry. Opening it rolls back what a killed writer left in the journal, as any program would.

    Args:
        path: The registry file, which need not be there.
        deep: Whether to hash every chunk that a run references.
    """
    state = State()
    if not path.exists() or (path.stat().st_size == 0 and not has_journal(path)):
        return state
    try:
        db = sqlite3.connect(path, timeout=30, isolation_level=None)
        try:
            read(db, state, deep, os.path.dirname(os.path.abspath(path)))
        finally:
            db.close()
    except (sqlite3.Error, ValueError) as error:  # a text that is not UTF-8 or not JSON
        state.problems.append(f"sqlite: {error}")
        state.there = True
    return state


def has_journal(path: Path) -> bool:
    journal = f"{path}-journal"
    return os.path.exists(journal) and os.path.getsize(journal) > 0


def read(db: sqlite3.Connection, state: State, deep: bool, folder: str) -> None:
    """Fills `state` from an open registry."""
    db.execute("BEGIN")
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    if not tables:
        return
    state.there = True
    for (row,) in db.execute("PRAGMA integrity_check"):
        if row != "ok":
            state.problems.append(f"integrity_check: {row}")
    for row in db.execute("PRAGMA foreign_key_check"):
        state.problems.append(f"foreign_key_check: {row}")
    if state.problems:
        return
    (state.schema,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        state.problems.append(f"application_id is {application}")
    state.visible["user_version"] = [state.schema]
    for table in tables:
        if table in INVISIBLE:
            continue
        columns = f'"{table}".*'
        rows = f'"{table}"'
        if table == "tensor_chunks":
            columns, rows = "tensor, position, digest", "tensor_chunks LEFT JOIN chunks ON chunks.id = chunk"
        state.visible[table] = sorted(
            (tuple(mask(value, folder) for value in row) for row in db.execute(f"SELECT {columns} FROM {rows}")),
            key=repr,
        )
    numbers = [number for (number,) in db.execute("SELECT number FROM migrations ORDER BY number")]
    if numbers != list(range(1, state.schema + 1)):
        state.problems.append(f"user_version is {state.schema}, but the recorded migrations are {numbers}")
    leased = "AND id NOT IN (SELECT chunk FROM lease_chunks)" if "lease_chunks" in tables else ""
    (state.orphans,) = db.execute(
        f"SELECT count(*) FROM chunks WHERE id NOT IN (SELECT chunk FROM tensor_chunks) {leased}"
    ).fetchone()
    check_runs(db, state, deep)
    db.execute("COMMIT")


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def check_runs(db: sqlite3.Connection, state: State, deep: bool) -> None:
    """Checks that each run is complete: its manifest, its tensors, and the chunks of the stored ones."""
    good: dict[int, bool] = {}
    for run, name, version, stored, count, digest, weights, text in db.execute(
        """SELECT runs.id, name, version, stored, tensor_count, digest, weights, json
           FROM runs LEFT JOIN manifests ON manifests.id = runs.manifest"""
    ).fetchall():
        reference = f"{name}:v{version}"
        if digest is None:
            state.problems.append(f"{reference}: has no manifest")
            continue
        state.runs.add((name, version, digest.hex()))
        if sha256(text.encode()) != digest:
            state.problems.append(f"{reference}: its id is not the SHA-256 of its manifest")
            continue
        entries = {entry["name"]: entry for entry in json.loads(text)["tensors"]}
        rows = sorted(
            ([e["name"], e["shape"], e["dtype"], e["digest"]] for e in entries.values()),
            key=lambda row: str(row[0]).encode(),
        )
        if sha256(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()) != weights:
            state.problems.append(f"{reference}: its weights digest is not that of its tensors")
        tensors = db.execute(
            "SELECT id, name, law, digest, chunk_digests FROM tensors WHERE run = ? ORDER BY position", [run]
        ).fetchall()
        if len(tensors) != count or {t[1] for t in tensors} != entries.keys():
            state.problems.append(f"{reference}: has {len(tensors)} of its {count} tensors")
        for tensor, title, law, tensor_digest, chunk_digests in tensors:
            label = f"{reference}: tensor {title}"
            if sha256(chunk_digests) != tensor_digest:
                state.problems.append(f"{label}: its digest is not that of its chunk digests")
            if "sha256:" + tensor_digest.hex() != entries.get(title, {}).get("digest"):
                state.problems.append(f"{label}: its digest is not the manifest's")
            must_be_stored = stored or json.loads(law).get("law") == "literal"
            check_chunks(db, state, label, tensor, chunk_digests, must_be_stored, good if deep else None)
    if "names" in state.visible:
        for name, version in db.execute(
            """SELECT runs.name, max(version) FROM runs LEFT JOIN names ON names.name = runs.name
               GROUP BY runs.name HAVING last_version IS NULL OR max(version) > last_version"""
        ):
            state.problems.append(f"{name}: has version {version}, which the table of names does not count")


def check_chunks(
    db: sqlite3.Connection,
    state: State,
    label: str,
    tensor: int,
    chunk_digests: bytes,
    must_be_stored: bool,
    good: dict[int, bool] | None,
) -> None:
    """Checks the stored chunks of one tensor. `good` remembers which chunks were hashed; None hashes none."""
    stored = db.execute(
        """SELECT chunks.digest, chunks.id, tensor_chunks.position FROM tensor_chunks
           LEFT JOIN chunks ON chunks.id = chunk WHERE tensor = ? ORDER BY position""",
        [tensor],
    ).fetchall()
    expected = [chunk_digests[i : i + 32] for i in range(0, len(chunk_digests), 32)]
    if stored and not must_be_stored:
        state.problems.append(f"{label}: has {len(stored)} stored chunks, though it is a recipe's")
    if must_be_stored and [(row[0], row[2]) for row in stored] != [(d, i) for i, d in enumerate(expected)]:
        state.problems.append(f"{label}: its {len(stored)} stored chunks are not the {len(expected)} expected ones")
    elif must_be_stored and good is not None:
        for digest, chunk, _ in stored:
            if chunk not in good:
                (data,) = db.execute("SELECT bytes FROM chunks WHERE id = ?", [chunk]).fetchone()
                good[chunk] = sha256(data) == digest
            if not good[chunk]:
                state.problems.append(f"{label}: the bytes of chunk {chunk} do not match its digest")
