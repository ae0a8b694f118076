"""Registry files of every schema, and the command, for the tests of winit.registry."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from winit.registry.definitions import NEWEST_SCHEMA

ROOT = Path(__file__).parents[3]
VECTORS = ROOT / "Tests" / "Vectors"
MIGRATIONS = sorted((ROOT / "migrations").glob("v*.sql"))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs each test in a folder of its own, without a registry in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WINIT_REGISTRY", raising=False)


Migrate = Callable[[sqlite3.Connection, int, int], None]


@pytest.fixture
def migrate() -> Migrate:
    """The function that applies some of the migrations."""
    return _migrate


def _migrate(database: sqlite3.Connection, first: int, last: int) -> None:
    """Applies migrations as the command does."""
    for number in range(first, last + 1):
        text = MIGRATIONS[number - 1].read_text("utf-8")
        database.executescript(text)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        row = [number, MIGRATIONS[number - 1].stem, sha256, "2026-01-01T00:00:00Z"]
        database.execute("INSERT INTO migrations VALUES (?, ?, ?, ?)", row)
    database.execute(f"PRAGMA user_version = {last}")
    database.commit()


@pytest.fixture
def registry_of(tmp_path: Path) -> Callable[[int], Path]:
    """Makes a registry of a schema: 1 to 3 as older versions left them, later ones migrated by this test."""

    def make(schema: int, name: str = "") -> Path:
        path = tmp_path / (name or f"v{schema}.sqlite")
        database = sqlite3.connect(path)
        database.executescript((VECTORS / f"registry-v{min(schema, 3)}.sql").read_text("utf-8"))
        if schema > 3:
            _migrate(database, 4, schema)
        database.close()
        return path

    return make


@pytest.fixture
def path(registry_of: Callable[[int], Path]) -> Path:
    """A registry of the newest schema with the runs m:v1 (stored), m:v2 (recipe-only) and taken:v1 (imported)."""
    return registry_of(NEWEST_SCHEMA)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> str:
    """The command; a test that needs it is skipped where there is none."""
    found = os.environ.get("WINIT_COMMAND") or shutil.which("winit-registry")
    if not found:
        pytest.skip("no command winit-registry: neither $WINIT_COMMAND nor PATH has one")
    monkeypatch.setenv("WINIT_COMMAND", found)
    return found
