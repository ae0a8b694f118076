"""Registry files from elsewhere: they can do nothing but be read, and what is wrong with them is said."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from winit import BadInput, Error, NotFound, Registry, Unavailable
from winit.registry import definitions, file, sqlite


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_definitions_are_those_of_the_migrations(
    migrate: Callable[[sqlite3.Connection, int, int], None],
) -> None:
    """The list of what a schema holds is compared with what SQLite makes of migrations/*.sql."""
    import hashlib

    newest = len(list((Path(__file__).parents[3] / "migrations").glob("v*.sql")))
    assert newest == definitions.NEWEST_SCHEMA
    for schema in range(1, newest + 1):
        database = sqlite3.connect(":memory:")
        migrate(database, 1, schema)
        found = database.execute("SELECT type || ' ' || name, sql FROM sqlite_schema").fetchall()
        made = {name: hashlib.sha256((sql or "").encode()).hexdigest()[:32] for name, sql in found}
        assert definitions.definitions(schema) == made
        database.close()


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda path: None, NotFound, "there is no registry"),
        (lambda path: path.mkdir(), BadInput, "it is a folder"),
        (lambda path: path.touch(), BadInput, "it is empty"),
        (lambda path: path.write_bytes(b"x" * 4096), BadInput, "not a SQLite database"),
        (lambda path: path.write_bytes(b"SQLite format 3\0" + b"\1" * 4080), BadInput, "not a registry|damaged"),
        (lambda path: os.mkfifo(path), BadInput, "a pipe or a device"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE runs (id)").connection.close(), BadInput, "another"),
    ],
)
def test_what_is_no_registry_is_refused(
    make: Callable[[Path], object], kind: type[Error], message: str, tmp_path: Path
) -> None:
    make(tmp_path / "r.sqlite")
    with pytest.raises(kind, match=message):
        Registry(tmp_path / "r.sqlite")


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_a_path_that_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(BadInput, match="is empty or holds a NUL"):
        Registry(path)


def test_a_newer_schema_says_what_to_do(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(f"PRAGMA user_version = {definitions.NEWEST_SCHEMA + 1}")
    with pytest.raises(
        BadInput, match=rf"newer version .*schema {definitions.NEWEST_SCHEMA + 1}.*pip install --upgrade"
    ):
        Registry(path)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("DROP TABLE tags; CREATE VIEW tags AS SELECT 1 AS run, 'k' AS key, 'v' AS value", "table tags is missing"),
        ("CREATE VIEW extra AS SELECT 1", "view extra is unexpected"),
        ("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END", "trigger t is unexpected"),
        ("ALTER TABLE runs ADD COLUMN g TEXT AS (name)", "table runs has an unexpected definition"),
        ("ALTER TABLE chunks RENAME COLUMN size TO length_", "has an unexpected definition"),
        ("CREATE TABLE other (x)", "table other is unexpected"),
        ("CREATE INDEX i ON runs (upper(name))", "index i is unexpected"),
        ("CREATE VIRTUAL TABLE f USING fts5(x)", "is unexpected"),
        ("DROP INDEX runs_by_uid", "index runs_by_uid is missing"),
        ("CREATE TABLE long (x DEFAULT '" + "x" * 100_000 + "')", "a definition is too long"),
    ],
)
def test_other_tables_views_and_triggers_are_refused(path: Path, sql: str, message: str) -> None:
    database = sqlite3.connect(path)
    database.executescript(sql)
    database.close()
    before = files(path.parent)
    with pytest.raises(BadInput, match=message):
        Registry(path)
    assert files(path.parent) == before


def test_statistics_of_analyze_are_no_change_of_the_schema(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("ANALYZE")
    assert Registry(path)["m"].version == 2


HOSTILE_VALUES = (None, -1, 1 << 62, "x\0y", "[" * 100_000, b"\xff", "\x1b[2J")


@pytest.mark.parametrize("table", ["runs", "manifests", "tensors", "tensor_chunks", "chunks", "tags", "aliases"])
def test_any_value_in_any_column_is_an_error_or_harmless(path: Path, table: str) -> None:
    """Only errors of winit leave the reader, whatever the rows hold: STRICT and CHECK bind SQL, not files."""
    original = path.read_bytes()
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    tried = 0
    for column in columns:
        for value in HOSTILE_VALUES:
            path.write_bytes(original)
            weaken(path, table)
            database = sqlite3.connect(path, isolation_level=None)
            try:
                changed = database.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", [value]).rowcount
            except sqlite3.Error:
                continue  # not even SQLite's storage takes it there
            finally:
                database.close()
            if changed < 1:
                continue
            tried += 1
            restore(path, original)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    registry = Registry(path)
                    for run in [*registry.runs(), registry["m:best"]]:
                        run.verify(regenerate=False, stored=run.stored)
                        list(run.arrays())
                except Error as error:
                    assert "\x1b" not in str(error)
    assert tried > 3 * len(columns)


def weaken(path: Path, table: str) -> None:
    """Takes STRICT, CHECK and triggers out of the schema, so that any value can be written."""
    import re

    database = sqlite3.connect(path)
    database.execute("PRAGMA writable_schema = ON")
    [(sql,)] = database.execute("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", [table]).fetchall()
    weak = re.sub(r" CHECK \((?:[^()]|\([^()]*\)|\((?:[^()]|\([^()]*\))*\))*\)", "", sql)
    weak = re.sub(r"\) STRICT(, )?", ") ", weak).replace(" NOT NULL", "").replace(" REFERENCES", " --REFERENCES", 0)
    database.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", [weak, table])
    database.execute("DELETE FROM sqlite_schema WHERE type = 'trigger'")
    database.commit()
    database.close()


def restore(path: Path, original: bytes) -> None:
    """Puts the definitions back that `weaken` has changed."""
    before = path.with_suffix(".before")
    before.write_bytes(original)
    source = sqlite3.connect(before)
    rows = source.execute("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema").fetchall()
    source.close()
    before.unlink()
    database = sqlite3.connect(path)
    database.execute("PRAGMA writable_schema = ON")
    for kind, name, table, root, sql in rows:
        if kind == "trigger":
            database.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", [kind, name, table, root, sql])
        else:
            database.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", [sql, name])
    database.commit()
    database.close()


def test_random_damage_of_the_file_gives_errors_of_winit_or_right_bytes(path: Path) -> None:
    original = path.read_bytes()
    with Registry(path) as registry:
        expected = {(run.id, name): array.tobytes() for run in registry for name, array in run.arrays()}
    generator = random.Random(14)
    for _ in range(150):
        data = bytearray(original)
        for _ in range(generator.choice((1, 3, 30))):
            data[generator.randrange(100, len(data))] = generator.randrange(256)
        path.write_bytes(data if generator.random() < 0.8 else data[: generator.randrange(1, len(data))])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with Registry(path) as registry:
                    for run in registry.runs():
                        for name, array in run.arrays():
                            assert expected.get((run.id, name), array.tobytes()) == array.tobytes()
            except Error:
                continue


def test_a_blob_that_is_too_long_is_not_read(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA ignore_check_constraints = ON")
    database.execute("UPDATE chunks SET bytes = zeroblob(50000000) WHERE id = 2")
    database.commit()
    [(tensor,)] = database.execute("SELECT name FROM tensors JOIN tensor_chunks ON id = tensor WHERE chunk = 2 LIMIT 1")
    database.close()
    run = Registry(path)["m:v1"]
    expected = run.recipe()[tensor].box((0, 0), run[tensor].shape)
    tracemalloc.start()
    with pytest.warns(UserWarning, match="is damaged"):
        found = run[tensor].box((0, 0), run[tensor].shape)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.tobytes() == expected.tobytes()
    assert peak < 20_000_000  # Python's sqlite3 would make a bytes object of 50 MB


PAGE = 16384


def inner_page(child: int, record: bytes) -> bytes:
    """Returns an inner page of an index, all of whose 200 children are one page."""
    cell = child.to_bytes(4, "big") + record
    starts = [PAGE - (index + 1) * len(cell) for index in range(200)]
    head = b"\2\0\0" + (200).to_bytes(2, "big") + starts[-1].to_bytes(2, "big") + b"\0" + child.to_bytes(4, "big")
    page = head + b"".join(start.to_bytes(2, "big") for start in starts)
    return page + bytes(starts[-1] - len(page)) + cell * 200


@pytest.mark.parametrize("index", ["sqlite_autoindex_tensors_1", "tags", "aliases", "runs_by_time", "runs_by_uid"])
def test_pages_that_lead_to_the_same_rows_again_and_again_end(
    path: Path, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row of the index occurs 200 × 200 × 200 times and more, so a plain search would fill the memory."""
    monkeypatch.setattr(sqlite, "LONGEST_STATEMENT", 100)
    database = sqlite3.connect(path)
    [(root,)] = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [index])
    database.close()
    data = bytearray(path.read_bytes())
    place = slice((root - 1) * PAGE, root * PAGE)
    leaf = bytes(data[place])
    assert leaf[0] == 10
    cell = int.from_bytes(leaf[8:10], "big")
    record = leaf[cell : cell + 1 + leaf[cell]]
    count = len(data) // PAGE
    data[place] = inner_page(count + 3, record)
    data += leaf + inner_page(count + 1, record) + inner_page(count + 2, record)
    data[28:32] = (count + 3).to_bytes(4, "big")
    path.write_bytes(data)
    registry = Registry(path)
    for use in (
        lambda: list(registry.runs(limit=200)),
        lambda: list(registry.runs(tags={"k": None})),
        lambda: registry["m:v1"].verify(),
        lambda: list(registry["m:v2"].arrays()),
        lambda: registry["m:best"],
        registry.names,
        registry.log,
    ):
        tracemalloc.start()
        with contextlib.suppress(Error):
            use()
        assert tracemalloc.get_traced_memory()[1] < 300_000_000
        tracemalloc.stop()


def killed_while_writing(path: Path) -> None:
    """Lets a process die in the middle of a transaction, so that its journal must be rolled back."""
    program = (
        "import sqlite3, os, signal, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "d.execute('PRAGMA journal_mode = TRUNCATE'); d.execute('PRAGMA cache_spill = 1'); "
        "d.execute('PRAGMA cache_size = 1'); d.execute('BEGIN EXCLUSIVE'); "
        "d.execute('DELETE FROM tensor_chunks'); d.execute('UPDATE chunks SET bytes = zeroblob(length(bytes))'); "
        "d.execute('DELETE FROM tags'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == -signal.SIGKILL
    assert path.with_name(f"{path.name}-journal").stat().st_size > 0


def test_a_hot_journal_is_left_alone_and_the_remedy_is_said(path: Path) -> None:
    killed_while_writing(path)
    before = files(path.parent)
    with pytest.raises(Unavailable, match=r"must be rolled back first.*winit-registry doctor --registry"):
        Registry(path)
    assert files(path.parent) == before


def test_the_command_rolls_back_what_the_reader_refuses(path: Path, command: str) -> None:
    registry = Registry(path)
    killed_while_writing(path)
    with pytest.raises(Unavailable, match="must be rolled back first"):
        registry["m"]
    subprocess.run([command, "doctor", "--registry", path], check=True, stdout=subprocess.DEVNULL)
    registry["m:v1"].verify()


def test_a_write_ahead_log_is_refused_and_not_touched(path: Path) -> None:
    log = path.with_name(f"{path.name}-wal")
    registry = Registry(path)
    log.write_bytes(b"log")
    for use in (lambda: Registry(path), lambda: registry["m"]):
        with pytest.raises(Unavailable, match=r"write-ahead log.*doctor --repair"):
            use()
    assert log.read_bytes() == b"log"
    log.unlink()
    assert registry["m"].version == 2
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.close()
    before = files(path.parent)
    with pytest.raises(Unavailable, match="its header says so"):
        Registry(path)
    assert files(path.parent) == before


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/etc/passwd", path)])
def test_a_journal_that_is_no_file_is_refused(path: Path, make: Callable[[str], None]) -> None:
    make(f"{path}-journal")
    with pytest.raises(BadInput, match="not a regular file"):
        Registry(path)


def test_a_file_without_permission_is_unavailable(path: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("root can read every file")
    path.chmod(0)
    with pytest.raises(Unavailable, match="cannot open"):
        Registry(path)


def test_a_path_that_is_not_utf_8_and_has_special_characters_is_read(path: Path) -> None:
    odd = os.fsdecode(os.fsencode(path.parent) + b"/-a?b#c%20\xff 'd.sqlite")
    os.rename(path, odd)
    registry = Registry(odd)
    assert registry["m"].version == 2
    with pytest.raises(NotFound) as error:
        registry["n"]
    str(error.value).encode("utf-8")


def test_old_sqlite_uses_apsw_or_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.31.1")
    monkeypatch.setitem(sys.modules, "apsw", None)
    with pytest.raises(Unavailable, match=r"3\.31\.1.*need 3\.37.*pip install apsw"):
        Registry(path)


def test_apsw_reads_what_sqlite3_reads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("apsw", reason="apsw is not installed, which reads registries where SQLite is too old")
    expected = [(run.id, run["w"][:].tobytes()) for run in Registry(path)]
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    registry = Registry(path)
    assert [(run.id, run["w"][:].tobytes()) for run in registry] == expected
    assert type(registry._file._connection).__name__ == "_APSWConnection"
    for change, kind in (("PRAGMA user_version = 9", BadInput), ("PRAGMA journal_mode = WAL", Unavailable)):
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute(change)
        with pytest.raises(kind):
            registry["m"] if kind is BadInput else Registry(path)
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute(f"PRAGMA user_version = {definitions.NEWEST_SCHEMA}")
    registry.close()


def test_a_locked_file_is_waited_for_and_then_unavailable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LOCK_TIMEOUT", 0.2)
    registry = Registry(path)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable, match="is locked by another process"):
        registry["m"]
    database.execute("ROLLBACK")
    database.close()
    assert registry["m"].version == 2
