"""A registry file read with Python's sqlite3 and hashlib alone: is it sound, and what does it say?"""

import dataclasses
import hashlib
import json
import os
import re
import sqlite3

# The chunks that no run needs are invisible, and so is whose they are; passes are notes of verify's own.
INVISIBLE = {"chunks", "leases", "lease_chunks", "passes", "pass_runs", "sqlite_sequence", "sqlite_stat1"}
# What differs from one time to the next.
VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|\b[0-9a-f]{32}\b|\"(?:seconds|process|pid|folder)\":[^,}]*")


@dataclasses.dataclass
class State:
    """What a registry holds: `visible` is the same for two registries that say the same."""

    there: bool = False  # a file with tables in it
    problems: list = dataclasses.field(default_factory=list)
    visible: dict = dataclasses.field(default_factory=dict)
    runs: set = dataclasses.field(default_factory=set)  # (name, version, id)
    orphans: int = 0
    schema: int = 0

    def difference(self, other, without=()):
        """Where two differ, for a person; the tables named are left out."""
        if self.there != other.there:
            return f"{'there' if self.there else 'not there'} instead of {'there' if other.there else 'not there'}"
        for table in sorted((self.visible.keys() | other.visible.keys()) - set(without)):
            mine, theirs = self.visible.get(table), other.visible.get(table)
            if mine is None or theirs is None:
                return f"table {table} is {'missing' if mine is None else 'one more'}"
            if mine != theirs:
                more = [row for row in mine if row not in theirs][:2]
                less = [row for row in theirs if row not in mine][:2]
                return f"table {table}: has {str(more)[:300]}, has not {str(less)[:300]}"
        return ""

    def is_between(self, before, after):
        """Whether this could be on the way from one to the other, by rows: nothing that neither has, and all that both
        have. That each run is whole is looked at on its own."""
        for table in self.visible.keys() | after.visible.keys():
            mine, old, new = (s.visible.get(table, []) for s in (self, before, after))
            if table == "history":
                # An entry tells how much was done, which is less where it was done in two goes.
                old, new, mine = ([row[2:5] for row in rows] for rows in (old, new, mine))
            if any(row not in old and row not in new for row in mine):
                return False
            if any(row in new and row not in mine for row in old):
                return False
        return True


def mask(value, folder):
    if isinstance(value, str):
        return VOLATILE.sub("*", value.replace(folder, "."))
    if isinstance(value, bytes):
        return value.hex() if len(value) <= 32 else hashlib.sha256(value).hexdigest()
    return value


def load(path, deep=True):
    """Reads a registry. Opening it rolls back what a killed writer left in the journal, as any program would.

    `deep` hashes each chunk that a run needs."""
    state, path = State(), os.fspath(path)
    if not os.path.exists(path) or os.path.getsize(path) == 0 and not has_journal(path):
        return state
    try:
        db = sqlite3.connect(path, timeout=30, isolation_level=None)
        try:
            read(db, state, deep, os.path.dirname(os.path.abspath(path)))
        finally:
            db.close()
    except sqlite3.Error as error:
        state.problems.append(f"sqlite: {error}")
        state.there = True
    return state


def has_journal(path):
    return os.path.exists(path + "-journal") and os.path.getsize(path + "-journal") > 0


def read(db, state, deep, folder):
    db.execute("BEGIN")
    tables = [name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    if not tables:
        return
    state.there = True
    for row, in db.execute("PRAGMA integrity_check"):
        if row != "ok":
            state.problems.append(f"integrity_check: {row}")
    for row in db.execute("PRAGMA foreign_key_check"):
        state.problems.append(f"foreign_key_check: {row}")
    if state.problems:
        return
    state.schema, = db.execute("PRAGMA user_version").fetchone()
    application, = db.execute("PRAGMA application_id").fetchone()
    if application != 0x574E4954:
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
            key=repr)
    numbers = [number for number, in db.execute("SELECT number FROM migrations ORDER BY number")]
    if numbers != list(range(1, state.schema + 1)):
        state.problems.append(f"user_version is {state.schema}, and the migrations recorded are {numbers}")
    leased = "AND id NOT IN (SELECT chunk FROM lease_chunks)" if "lease_chunks" in tables else ""
    state.orphans, = db.execute(
        f"SELECT count(*) FROM chunks WHERE id NOT IN (SELECT chunk FROM tensor_chunks) {leased}").fetchone()
    check_runs(db, state, deep)
    db.execute("COMMIT")


def check_runs(db, state, deep):
    """Is each run whole: its manifest, its tensors, and the chunks of those that are kept?"""
    sha256 = lambda data: hashlib.sha256(data).digest()
    good = {}
    for run, name, version, stored, count, digest, weights, text in db.execute(
            """SELECT runs.id, name, version, stored, tensor_count, digest, weights, json
               FROM runs LEFT JOIN manifests ON manifests.id = runs.manifest""").fetchall():
        say = lambda what: state.problems.append(f"{name}:v{version}: {what}")
        if digest is None:
            say("has no manifest")
            continue
        state.runs.add((name, version, digest.hex()))
        if sha256(text.encode()) != digest:
            say("its manifest has another SHA-256 than its id")
            continue
        entries = {entry["name"]: entry for entry in json.loads(text)["tensors"]}
        rows = sorted(([e["name"], e["shape"], e["dtype"], e["digest"]] for e in entries.values()),
                      key=lambda row: row[0].encode())
        if sha256(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()) != weights:
            say("its weights' digest is not that of its tensors")
        tensors = db.execute(
            "SELECT id, name, law, digest, chunk_digests FROM tensors WHERE run = ? ORDER BY position", [run]).fetchall()
        if len(tensors) != count or {t[1] for t in tensors} != entries.keys():
            say(f"has {len(tensors)} of its {count} tensors")
        for tensor, title, law, tensor_digest, chunk_digests in tensors:
            if sha256(chunk_digests) != tensor_digest:
                say(f"tensor {title}: its digest is not that of its chunks' digests")
            if "sha256:" + tensor_digest.hex() != entries.get(title, {}).get("digest"):
                say(f"tensor {title}: its digest is not the manifest's")
            kept = db.execute(
                """SELECT chunks.digest, chunks.id, tensor_chunks.position FROM tensor_chunks
                   LEFT JOIN chunks ON chunks.id = chunk WHERE tensor = ? ORDER BY position""", [tensor]).fetchall()
            expected = [chunk_digests[i : i + 32] for i in range(0, len(chunk_digests), 32)]
            must = stored or json.loads(law).get("law") == "literal"
            if kept and not must:
                say(f"tensor {title}: a recipe's tensor has {len(kept)} chunks kept")
            if must and [(row[0], row[2]) for row in kept] != [(d, i) for i, d in enumerate(expected)]:
                say(f"tensor {title}: has {len(kept)} of its {len(expected)} chunks, or others")
            elif must and deep:
                for digest, chunk, _ in kept:
                    if chunk not in good:
                        data, = db.execute("SELECT bytes FROM chunks WHERE id = ?", [chunk]).fetchone()
                        good[chunk] = sha256(data) == digest
                    if not good[chunk]:
                        say(f"tensor {title}: chunk {chunk} has other bytes than its digest promises")
    if "names" in state.visible:
        for name, version in db.execute(
                """SELECT runs.name, max(version) FROM runs LEFT JOIN names ON names.name = runs.name
                   GROUP BY runs.name HAVING last_version IS NULL OR max(version) > last_version"""):
            state.problems.append(f"{name}: has version {version}, which its name does not count")
