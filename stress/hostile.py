"""Files made to mislead: the tables of a registry may be anything, and a row may hold anything."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .independent_reader import APPLICATION_ID

Maker = Callable[[Path], None]
"""Changes the registry at a path, with which no program works at the same time."""


class Impossible(Exception):
    """The registry has no such table, or the table cannot hold such a value."""


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def drop_triggers(db: sqlite3.Connection) -> list[str]:
    """Drops all triggers, which protect the rows. Returns their definitions."""
    triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f'DROP TRIGGER "{name}"')
    return [definition for _, definition in triggers]


def restore(db: sqlite3.Connection, triggers: Sequence[str]) -> None:
    """Makes the triggers again whose tables are still there."""
    for definition in triggers:
        with contextlib.suppress(sqlite3.Error):
            db.execute(definition)


def sql(text: str) -> Maker:
    """Runs statements without the triggers and checks that protect the rows."""
    newer = ("names", "aliases", "leases", "history", "parent", "origin", "deleted_at")

    def make(path: Path) -> None:
        db = connect(path)
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
        if any(name in text for name in newer) and "names" not in tables:
            raise Impossible
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA ignore_check_constraints = ON")
        triggers = drop_triggers(db)
        db.executescript(text)
        restore(db, triggers)
        db.close()

    return make


def schema(old: str, new: str) -> Maker:
    """Rewrites definitions, whatever the tables hold."""

    def make(path: Path) -> None:
        db = connect(path)
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET sql = replace(sql, ?, ?)", [old, new])
        next_schema_version(db)
        db.close()

    return make


def next_schema_version(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA schema_version").fetchone()
    db.execute(f"PRAGMA schema_version = {version + 1}")


def file(action: Maker) -> Maker:
    """Replaces the registry and its journal."""

    def make(path: Path) -> None:
        for name in (path, Path(f"{path}-journal")):
            unlink(name)
        action(path)

    return make


def beside(action: Maker) -> Maker:
    """Replaces the journal."""

    def make(path: Path) -> None:
        journal = Path(f"{path}-journal")
        unlink(journal)
        action(journal)

    return make


def unlink(path: Path) -> None:
    if path.exists():
        path.unlink()


def write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def from_scratch(text: str) -> Maker:
    """Makes another database with the marks of a registry."""

    def make(path: Path) -> None:
        path.unlink()
        db = connect(path)
        db.executescript(text)
        db.close()

    return make


def untyped(table: str, column: str, value: str) -> Maker:
    """Stores a value that the definition of the table forbids, while the table has another definition."""

    def make(path: Path) -> None:
        db = connect(path)
        row = db.execute("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", [table]).fetchone()
        if not row or column not in row[0]:
            raise Impossible
        (text,) = row
        if table == "leases":
            db.execute("INSERT INTO leases VALUES (1, '{}', 0)")
        triggers = drop_triggers(db)
        # The same columns and indexes, without types and conditions.
        redefine(db, table, re.sub(r" (TEXT|BLOB|NOT NULL|STRICT)\b| INTEGER\b(?! PRIMARY)", " ", text))
        db.close()
        db = connect(path)
        db.execute("PRAGMA ignore_check_constraints = ON")
        some = f"WHERE id = (SELECT min(id) FROM {table})" if " id " in text else ""
        try:
            db.execute(f"UPDATE {table} SET {column} = {value} {some}")
        except sqlite3.IntegrityError as error:
            raise Impossible from error  # a primary key never holds NULL
        redefine(db, table, text)
        db.close()
        db = connect(path)
        restore(db, triggers)
        db.close()

    return make


def redefine(db: sqlite3.Connection, table: str, text: str) -> None:
    """Replaces the definition of a table."""
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", [text, table])
    next_schema_version(db)


MARKS = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {{}};"
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"


def all_of_them() -> Iterator[tuple[str, Maker]]:
    """Descriptions, and functions that change a good registry at a path."""
    yield "a view in the place of runs", sql("ALTER TABLE runs RENAME TO r; CREATE VIEW runs AS SELECT * FROM r;")
    yield (
        "a view without an end",
        sql(
            f"DROP TABLE tensor_chunks; CREATE VIEW tensor_chunks AS {ENDLESS} "
            "SELECT x AS tensor, x AS position, x AS chunk FROM c;"
        ),
    )
    yield (
        "migrations without an end",
        sql(
            f"DROP TABLE migrations; CREATE VIEW migrations AS {ENDLESS} "
            "SELECT x AS number, '' AS sha256 FROM c WHERE x < 0;"
        ),
    )
    yield (
        "tables of views only",
        from_scratch(
            "".join(
                f"CREATE VIEW {t} AS {ENDLESS} SELECT x AS id FROM c;"
                for t in ("runs", "chunks", "tensors", "migrations")
            )
            + MARKS.format(1)
        ),
    )
    for version in (-1, 0, 1, 2, 3, 99, 2**31 - 1):
        yield f"user_version {version}", sql(f"PRAGMA user_version = {version};")
    yield "another application's id", sql("PRAGMA application_id = 7;")
    yield (
        "an empty database with a registry's marks",
        from_scratch(MARKS.format(1) + "CREATE TABLE x (y); DROP TABLE x;"),
    )
    yield "no marks, and a table", from_scratch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1);")
    for name in ("pragma_application_id", "pragma_user_version"):
        column = name.removeprefix("pragma_")
        yield f"a table {name}", sql(f"CREATE TABLE {name} ({column}); INSERT INTO {name} VALUES (7), (8);")
        yield f"a view {name}", sql(f"CREATE VIEW {name} AS {ENDLESS} SELECT x AS {column} FROM c;")
    yield (
        "a trigger that empties tensors",
        sql("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM tensor_chunks; DELETE FROM tensors; END;"),
    )
    yield (
        "a trigger that ignores chunks",
        sql("CREATE TRIGGER t BEFORE INSERT ON chunks BEGIN SELECT RAISE(IGNORE); END;"),
    )
    yield (
        "a trigger without an end",
        sql(
            "CREATE TRIGGER t BEFORE INSERT ON chunks BEGIN "
            f"INSERT INTO migrations {ENDLESS} SELECT x + 9, x, x, x FROM c; END;"
        ),
    )
    yield "an index on an expression", sql("CREATE INDEX odd ON runs (hex(zeroblob(length(name) * 1000000)));")
    yield "an extra table", sql("CREATE TABLE more (x); INSERT INTO more VALUES (zeroblob(1000000));")
    yield (
        "a generated column",
        schema("json        TEXT NOT NULL", "json        TEXT NOT NULL, g AS (randomblob(100000000))"),
    )
    yield (
        "a check without an end",
        schema("CHECK (length(digest) = 32)", "CHECK (length(digest) = length(hex(zeroblob(500000000))))"),
    )
    yield (
        "a default that is large",
        schema("seed            TEXT NOT NULL", "seed TEXT NOT NULL DEFAULT (hex(zeroblob(400000000)))"),
    )
    yield "columns renamed", schema("chunk_digests", "chunk_digest_")
    yield "a definition that is none", schema("CREATE TABLE runs", "CREATE TABLE runs runs")
    yield (
        "runs at the root of chunks",
        sql(
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema "
            "WHERE name = 'chunks') WHERE name = 'runs';"
        ),
    )
    yield (
        "a virtual table",
        sql("DROP TABLE migrations; CREATE VIRTUAL TABLE migrations USING fts5(number, name, sha256, applied_at);"),
    )
    # Rows that a registry never holds.
    for name, statement in {
        "a name of 1 MB": "UPDATE runs SET name = name || id || hex(zeroblob(500000))",
        "a name with controls": "UPDATE runs SET name = name || id || char(27) || '[2J' || char(10) || 'error: b'",
        "a version that is the largest": "UPDATE runs SET version = 9223372036854775807 - id",
        "tensor_count is the largest": "UPDATE runs SET tensor_count = 9223372036854775807",
        "negative counts": "UPDATE runs SET tensor_count = -1, byte_count = -9223372036854775808, parameter_count = -1",
        "byte_count is the largest": (
            "UPDATE runs SET byte_count = 9223372036854775807, parameter_count = 9223372036854775807"
        ),
        "a seed beyond 64 bits": "UPDATE runs SET seed = '99999999999999999999'",
        "a seed of 10 MB": "UPDATE runs SET seed = hex(zeroblob(5000000))",
        "another seed": "UPDATE runs SET seed = '77'",
        "a stream beyond 64 bits": "UPDATE tensors SET stream = '18446744073709551616'",
        "another stream": "UPDATE tensors SET stream = '1'",
        "another law": 'UPDATE tensors SET law = \'{"law":"constant","value":1}\'',
        "a law of NaN": 'UPDATE tensors SET law = \'{"law":"normal","mean":NaN,"std":1e999}\'',
        "a law without an end": 'UPDATE tensors SET law = \'{"law":"same_as","name":"\' || name || \'"}\'',
        "parts of parts": (
            """UPDATE tensors SET law = replace(hex(zeroblob(30000)), '00', '{"law":"parts","parts":[')"""
        ),
        "a law nested deeply": "UPDATE tensors SET law = replace(hex(zeroblob(200000)), '00', '[')",
        "a host nested deeply": "UPDATE runs SET host = replace(hex(zeroblob(1000000)), '00', '{\"a\":')",
        "a manifest nested deeply": "UPDATE manifests SET json = replace(hex(zeroblob(1000000)), '00', '[')",
        "a manifest of 20 MB": "UPDATE manifests SET json = hex(zeroblob(10000000))",
        "a manifest that is empty": "UPDATE manifests SET json = ''",
        "a shape that overflows": "UPDATE tensors SET shape = '[9223372036854775807,9223372036854775807]'",
        "a shape of 100,000 axes": (
            "UPDATE tensors SET shape = '[1' || replace(hex(zeroblob(100000)), '00', ',1') || ']'"
        ),
        "a large shape": "UPDATE tensors SET shape = '[1099511627776]'",
        "a negative shape": "UPDATE tensors SET shape = '[-100,-300]'",
        "another shape": "UPDATE tensors SET shape = '[300,100]' WHERE name = 'w'",
        "another dtype": "UPDATE tensors SET dtype = 'int32'",
        "no dtype": "UPDATE tensors SET dtype = ''",
        "a tensor's name of 1 MB": "UPDATE tensors SET name = name || hex(zeroblob(500000))",
        "a tensor renamed": "UPDATE tensors SET name = 'v' WHERE name = 'w'",
        "tensors whose names are exchanged": (
            "UPDATE tensors SET name = CASE name WHEN 'w' THEN 'q' WHEN 'b' THEN 'w2' ELSE name END"
        ),
        "digests of 10 MB": "UPDATE tensors SET chunk_digests = zeroblob(10000000 / 32 * 32) WHERE name = 'w'",
        "no digests": "UPDATE tensors SET chunk_digests = x''",
        "a scheme nested deeply": "UPDATE tensors SET scheme = replace(hex(zeroblob(500000)), '00', '[')",
        "no chunks": "DELETE FROM chunks",
        "no tensors": "DELETE FROM tensor_chunks; DELETE FROM tensors",
        "no manifests": "DELETE FROM manifests",
        "chunks of other chunks": "UPDATE tensor_chunks SET chunk = (SELECT max(id) FROM chunks)",
        "chunks exchanged": "UPDATE chunks SET bytes = zeroblob(size)",
        "a chunk of another size": "UPDATE chunks SET bytes = zeroblob(1)",
        "a chunk of 30 MB": "UPDATE chunks SET bytes = zeroblob(30000000) WHERE id = 1",
        "positions far away": "UPDATE tensor_chunks SET position = position + 1000000",
        "a recipe said to be stored": "UPDATE runs SET stored = 1",
        "stored said to be a recipe": "UPDATE runs SET stored = 0",
        "two runs of one row's tensors": "UPDATE tensors SET run = 1, position = id + 100, name = name || id",
        "migrations twice": (
            "INSERT INTO migrations SELECT number + 100, name || 'x', sha256, applied_at FROM migrations"
        ),
        "another migration's hash": "UPDATE migrations SET sha256 = 'abc'",
        "no migrations": "DELETE FROM migrations",
        "a time that is none": "UPDATE runs SET created_at = 'yesterday'",
    }.items():
        yield name, sql(statement + ";")
    # Columns of the wrong type.
    for column in ("name", "version", "manifest", "seed", "stored", "tensor_count", "created_at", "host"):
        for value in ("NULL", "x'00ff'", "'a'", "1.5"):
            yield f"runs.{column} is {value}", untyped("runs", column, value)
    for column in ("name", "dtype", "shape", "scheme", "law", "stream", "digest", "chunk_digests"):
        for value in ("NULL", "x'00ff'", "7"):
            yield f"tensors.{column} is {value}", untyped("tensors", column, value)
    for table, column in (("manifests", "digest"), ("manifests", "json"), ("chunks", "bytes"), ("chunks", "digest")):
        for value in ("NULL", "'ab'", "7"):
            yield f"{table}.{column} is {value}", untyped(table, column, value)
    for column in ("uid", "origin", "experiment", "note", "parent", "git", "deleted_at"):
        for value in ("NULL", "x'00ff'", "7", "'a'"):
            yield f"runs.{column} is {value}", untyped("runs", column, value)
    for column in ("at", "action", "run", "reference", "detail", "actor"):
        for value in ("NULL", "x'00ff'", "'{'"):
            yield f"history.{column} is {value}", untyped("history", column, value)
    for table, column in (
        ("names", "last_version"),
        ("names", "renamed_to"),
        ("aliases", "alias"),
        ("tags", "value"),
        ("run_terms", "term"),
        ("leases", "holder"),
        ("leases", "renewed_at"),
        ("verification_passes", "selection"),
        ("pass_runs", "run"),
    ):
        for value in ("NULL", "x'00ff'", "'{'"):
            yield f"{table}.{column} is {value}", untyped(table, column, value)
    for text in (
        "UPDATE names SET last_version = 9223372036854775807",
        "UPDATE names SET renamed_to = name",
        "DELETE FROM names",
        "UPDATE aliases SET run = 99",
        "INSERT INTO leases VALUES (1, '[', 9223372036854775807)",
        "INSERT INTO leases VALUES (1, '{}', -9223372036854775808)",
        "UPDATE runs SET parent = uid",
        "UPDATE runs SET origin = 'captured'",
        "UPDATE runs SET deleted_at = 'never'",
        "UPDATE history SET detail = replace(hex(zeroblob(1000000)), '00', '[')",
    ):
        yield text, sql(text + ";")
    # The file itself.
    yield "write-ahead log", sql("PRAGMA journal_mode = WAL; UPDATE runs SET seed = '5';")
    yield "UTF-16", from_scratch("PRAGMA encoding = 'UTF-16'; CREATE TABLE runs (x);" + MARKS.format(1))
    yield "small pages", sql("PRAGMA page_size = 512; VACUUM;")
    yield "nothing", file(lambda path: path.touch())
    yield "a text", file(lambda path: write(path, b"tensors: {}\n" * 2000))
    yield "a header alone", file(lambda path: write(path, b"SQLite format 3\0"))
    yield "a folder", file(os.mkdir)
    yield "a pipe", file(os.mkfifo)
    yield "a link to nowhere", file(lambda path: path.symlink_to("nowhere"))
    yield "a link to itself", file(lambda path: path.symlink_to(path.name))
    yield "a journal that is a folder", beside(os.mkdir)
    yield "a journal that is a link", beside(lambda path: path.symlink_to("nowhere"))
