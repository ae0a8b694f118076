"""Reads a row and a blob again and again over one connection, as a program that keeps a registry open does.

    poller.py REGISTRY

Like winit-registry it retries each millisecond while another process has the file locked. It prints a line when it
begins, and ends when standard input does. Then it prints, as JSON, the seconds that each reading took and the errors.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time


def read(db: sqlite3.Connection) -> None:
    """Reads once, in one transaction."""
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM runs").fetchone()
    db.execute("SELECT bytes FROM chunks ORDER BY id LIMIT 1").fetchone()
    db.execute("COMMIT")


def main() -> None:
    over = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    waits: list[float] = []
    errors: list[str] = []
    db = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
    print("reading", flush=True)
    while not over.is_set():
        start = time.perf_counter()
        while True:
            try:
                read(db)
                break
            except sqlite3.Error as error:
                if db.in_transaction:
                    db.rollback()
                if "locked" not in str(error) or time.perf_counter() - start > 60:
                    errors.append(str(error))
                    break
                time.sleep(0.001)
        waits.append(time.perf_counter() - start)
        time.sleep(0.001)
    print(json.dumps([waits, errors]))


if __name__ == "__main__":
    main()
