"""Reads a row and a blob again and again over one connection, as a program that keeps a registry open does. Like
winit-registry it tries each millisecond while another has the file.

    poller.py REGISTRY

Begins with a line on standard output, ends when standard input does, and prints the seconds each reading took and the
errors met, as JSON.
"""

import json
import sqlite3
import sys
import threading
import time

over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
waits, errors = [], []
db = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
print("reading", flush=True)
while not over.is_set():
    start = time.perf_counter()
    while True:
        try:
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM runs").fetchone()
            db.execute("SELECT bytes FROM chunks ORDER BY id LIMIT 1").fetchone()
            db.execute("COMMIT")
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
