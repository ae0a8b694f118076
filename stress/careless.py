"""Writers that break their promises, each in its own way. The self-test must find them out.

careless.py HOW REGISTRY --json      adds a copy of the run m, and prints a receipt
careless.py liar COMMAND …           winit-registry, but its verify finds nothing and its get changes a byte
careless.py stock COMMAND … REGISTRY a program that opens the registry with SQLite as it is
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys

RECEIPT = json.dumps({"done": True})


def add_run(db: sqlite3.Connection) -> int:
    columns = [row[1] for row in db.execute("PRAGMA table_info(runs)")]
    other = {
        "id": "NULL",
        "version": "(SELECT max(version) + 1 FROM runs WHERE name = 'm')",
        "uid": "lower(hex(randomblob(16)))",
    }
    values = ", ".join(other.get(column, column) for column in columns)
    db.execute(f"INSERT INTO runs ({', '.join(columns)}) SELECT {values} FROM runs WHERE name = 'm' AND version = 1")
    run: int = db.execute("SELECT last_insert_rowid()").fetchone()[0]
    if "uid" in columns:
        db.execute("UPDATE names SET last_version = last_version + 1 WHERE name = 'm'")
        db.execute("INSERT INTO run_terms SELECT kind, term, ? FROM run_terms WHERE run = 1", [run])
    return run


def add_tensors(db: sqlite3.Connection, run: int) -> None:
    columns = ", ".join(row[1] for row in db.execute("PRAGMA table_info(tensors)") if row[1] not in ("id", "run"))
    for (tensor,) in db.execute("SELECT id FROM tensors WHERE run = 1").fetchall():
        db.execute(f"INSERT INTO tensors (run, {columns}) SELECT ?, {columns} FROM tensors WHERE id = ?", [run, tensor])
        db.execute(
            """INSERT INTO tensor_chunks SELECT last_insert_rowid(), position, chunk
               FROM tensor_chunks WHERE tensor = ?""",
            [tensor],
        )


def write_run(how: str, path: str) -> None:
    db = sqlite3.connect(path, isolation_level=None, timeout=10)
    db.execute("PRAGMA journal_mode = TRUNCATE")
    db.execute(f"PRAGMA synchronous = {'OFF' if how == 'unsynced' else 'EXTRA'}")
    db.execute("BEGIN IMMEDIATE")
    run = add_run(db)
    if how == "halves":
        db.execute("COMMIT")
        db.execute("BEGIN IMMEDIATE")
    add_tensors(db, run)
    if how == "early":
        print(RECEIPT, flush=True)
    db.execute("COMMIT")
    if how != "early":
        print(RECEIPT, flush=True)


def write_file(how: str) -> None:
    descriptor = os.open(".out.tmp" if how == "unsynced-file" else "out", os.O_WRONLY | os.O_CREAT, 0o666)
    for piece in range(20):
        os.write(descriptor, bytes([piece]) * 1000)
    if how == "unsynced-file":
        os.close(descriptor)
        os.rename(".out.tmp", "out")
    else:
        os.fsync(descriptor)
        folder = os.open(".", os.O_RDONLY)
        os.fsync(folder)
    print(RECEIPT, flush=True)


def lie() -> None:
    if "verify" in sys.argv:
        print(json.dumps({"matches": True, "runs": []}))
        return
    status = subprocess.run(sys.argv[2:]).returncode
    if "get" in sys.argv and status == 0:
        with open("out", "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"?")
    sys.exit(status)


def main() -> None:
    how, path = sys.argv[1:3]
    if how == "liar":
        lie()
        return
    if how == "stock":
        sqlite3.connect(sys.argv[-1]).execute("SELECT count(*) FROM runs").fetchone()
        return
    try:
        if how in ("unsynced-file", "grows-in-place"):
            write_file(how)
        else:
            write_run(how, path)
    except (sqlite3.Error, OSError) as error:
        if how == "silent":
            print(RECEIPT)
            return
        print(f"error: {path}: {error}", file=sys.stderr)
        sys.exit(74)


if __name__ == "__main__":
    main()
