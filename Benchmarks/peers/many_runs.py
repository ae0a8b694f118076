"""Makes a registry of many runs from one with a single run.

    many_runs.py REGISTRY RUNS

A process of its own does it, because SQLite's cache would count as memory of the commands that are measured afterwards.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

SPEC = """\
tensors: {w: [64, 64], b: [64]}
rules:
  - {match: b, init: zeros}
  - {match: w, init: {scheme: normal, std: 0}}  # many.sql says why
"""
"""The spec of the single run."""

SEED = 1


def sha256(value: str | bytes) -> bytes:
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).digest()


def statements(script: str) -> Iterator[str]:
    """The statements of an SQL script, in which each ends at the end of a line."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def multiply(registry: Path, runs: int) -> None:
    """Adds copies of the only run of a registry, until there are `runs` runs.

    Raises:
        ValueError: The registry does not have one run with the seed 1.
    """
    db = sqlite3.connect(registry, isolation_level=None)
    try:
        if db.execute("SELECT count(*), min(seed) FROM runs").fetchone() != (1, str(SEED)):
            raise ValueError(f"{registry} must have one run, with the seed {SEED}")
        db.create_function("sha256", 1, sha256, deterministic=True)
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -262144")  # KiB: the indexes of a million random digests and uids stay in it
        for statement in statements(Path(__file__).with_name("many.sql").read_text()):
            db.execute(statement, {"runs": runs})
    finally:
        db.close()


if __name__ == "__main__":
    multiply(Path(sys.argv[1]), int(sys.argv[2]))
