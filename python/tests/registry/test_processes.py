"""Registries in threads, in forked and spawned workers, and beside writers."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np
import pytest

from winit import Registry, Run, RunTensor
from winit.registry.file import Rows


def digest_of(tensor: RunTensor) -> str:
    return hashlib.sha256(tensor.box((0,) * len(tensor.shape), tensor.shape).tobytes()).hexdigest()


def digests_of(run: Run) -> dict[str, str]:
    return {name: digest_of(run[name]) for name in run}


class Batches:
    """What a data loader's worker does: it indexes an object that it got from the main process."""

    def __init__(self, tensor: RunTensor) -> None:
        self.tensor = tensor

    def __call__(self, index: int) -> bytes:
        return bytes(self.tensor[index].tobytes())


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_workers_read_what_the_parent_reads(method: str, path: Path) -> None:
    run = Registry(path)["m:v1"]
    expected = digests_of(run)
    rows = [run["w"][index].tobytes() for index in range(3)]
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert isinstance(pool, Pool)
        assert pool.map(digests_of, [run] * 4) == [expected] * 4
        assert pool.map(digest_of, [run["q"]] * 4) == [expected["q"]] * 4
        assert pool.map(Batches(run["w"]), range(3)) == rows
    assert digests_of(run) == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_reads_through_the_objects_of_its_parent_while_a_thread_reads(path: Path) -> None:
    """The child gets the objects without pickling, at a moment when another thread is in a transaction."""
    registry = Registry(path)
    run = registry["m:v1"]
    expected = digests_of(run)
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            assert digests_of(run) == expected

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    inside = registry["m:v1"]
                    status = 0 if digests_of(run) == expected == digests_of(inside) else 2
                finally:
                    os._exit(status)
            deadline = time.monotonic() + 60
            while True:
                ended, status = os.waitpid(child, os.WNOHANG)
                if ended:
                    break
                if time.monotonic() > deadline:
                    os.kill(child, 9)
                    os.waitpid(child, 0)
                    pytest.fail("the child hangs")
                time.sleep(0.005)
            assert status == 0
    finally:
        is_over.set()
        thread.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_waits_for_transactions_and_the_child_leaves_the_connection_alone(path: Path) -> None:
    """Otherwise a child could wait for ever for a lock of SQLite, or end the locks of its parent."""
    registry = Registry(path)
    inside, ended = threading.Event(), list[int]()

    def body(rows: Rows) -> None:
        inside.set()
        time.sleep(0.2)
        ended.append(1)

    thread = threading.Thread(target=registry._file.read, args=[body])
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        os._exit(0 if registry._file._connection is None and registry["m"].version == 2 else 1)
    assert ended == [1]
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
    assert registry._file._connection is not None


def test_threads_share_a_registry(path: Path) -> None:
    registry = Registry(path)
    expected = digests_of(registry["m:v1"])
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: digests_of(registry["m:v1"]), range(40))) == [expected] * 40


WRITER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
other.execute("PRAGMA journal_mode = TRUNCATE")
for number in range(100):
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE tags SET value = ? WHERE key = 'k'", [str(number)])
    other.execute("UPDATE tags SET value = ? WHERE key = 'twin'", [str(number)])
    other.execute("COMMIT")
"""


def test_a_reader_beside_a_writer_sees_whole_states(path: Path) -> None:
    """Another process changes two tags together; no reader sees one of them changed alone, and the writer comes on."""

    def twins(rows: Rows) -> tuple[str, str]:
        [(first,)] = rows("SELECT value FROM tags WHERE key = 'k'")
        time.sleep(0.001)
        [(second,)] = rows("SELECT value FROM tags WHERE key = 'twin'")
        return first, second

    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO tags VALUES (1, 'twin', 'v')")
    registry = Registry(path)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)])
    seen = set[str]()
    while writer.poll() is None:
        first, second = registry._file.read(twins)
        assert first == second
        seen.add(first)
    assert writer.returncode == 0
    assert registry["m:v1"].tags["twin"] == "99"
    assert len(seen) > 1


def test_what_is_read_in_one_transaction_belongs_together(path: Path) -> None:
    """A writer that wants to commit between two reads of one transaction has to wait."""

    def body(rows: Rows) -> tuple[object, object]:
        first = rows("SELECT value FROM tags")
        writer = sqlite3.connect(path, timeout=0, isolation_level=None)
        with contextlib.suppress(sqlite3.OperationalError):
            writer.execute("UPDATE tags SET value = 'changed'")
        writer.close()
        return first, rows("SELECT value FROM tags")

    first, second = Registry(path)._file.read(body)
    assert first == second == [("v",)]


def test_a_file_that_takes_the_place_of_the_registry_is_read(path: Path, registry_of: Callable[[int], Path]) -> None:
    """As a repair does, which salvages into a new file."""
    registry = Registry(path)
    run = registry["m:v1"]
    expected = digests_of(run)
    new = path.with_name("new.sqlite")
    shutil.copy(path, new)
    with contextlib.closing(sqlite3.connect(new)) as database, database:
        database.execute("UPDATE tags SET value = 'new'")
    os.replace(new, path)
    assert registry["m:v1"].tags == {"k": "new"}
    assert digests_of(run) == expected


def test_a_migration_under_an_open_registry_is_seen(
    registry_of: Callable[[int], Path], migrate: Callable[[sqlite3.Connection, int, int], None]
) -> None:
    path = registry_of(1)
    registry = Registry(path)
    run = registry["other:v1"]
    assert run.uid == ""
    expected = digests_of(run)
    database = sqlite3.connect(path)
    migrate(database, 2, 4)
    database.close()
    assert len(registry["other:v1"].uid) == 32
    assert digests_of(run) == expected
    assert np.array_equal(registry["old/model:v2"]["w"][:], registry["old/model:v2"].recipe()["w"][:])


def test_a_run_that_was_collected_meanwhile_is_an_error(path: Path) -> None:
    from winit import NotFound

    run = Registry(path)["m:v2"]
    tensor = run["w"]
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("DELETE FROM tensor_chunks WHERE tensor IN (SELECT id FROM tensors WHERE run = 2)")
        for table in ("tensors", "run_terms", "tags", "aliases"):
            database.execute(f"DELETE FROM {table} WHERE run = 2")
        database.execute("DELETE FROM runs WHERE id = 2")
    with pytest.raises(NotFound, match="was collected meanwhile"):
        tensor[0]
