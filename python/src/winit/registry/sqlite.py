"""Read-only connections to SQLite: Python's sqlite3, or apsw where Python's SQLite is too old."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from ..errors import BadInput, Error, Unavailable
from .paths import doctor, read_only_uri, shown

OLDEST_SQLITE = (3, 37, 0)
"""The first SQLite that reads strict tables."""

LONGEST_VALUE = 512 << 20
"""The maximum length of a value in bytes, as in the command (docs/store.md, "Threat model")."""

LONGEST_STATEMENT = 5000
"""The maximum length of a statement, in 100,000 instructions of SQLite: a list of a million names takes some 100. The
pages of a file from elsewhere can lead back to earlier ones, so that a search never ends."""

_SETTINGS = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA query_only = ON",
    "PRAGMA mmap_size = 0",
    "PRAGMA temp_store = MEMORY",
)


class Busy(Exception):
    """Another process keeps the file locked now."""


class Damaged(BadInput):
    """Pages of the file cannot be read. Other pages may be sound."""


class Connection(Protocol):
    """A connection that only reads. Its methods raise `Busy`, or an error of winit."""

    def rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Returns all rows of a statement."""
        ...

    def close(self) -> None:
        """Closes the file."""
        ...


def connect(path: str) -> Connection:
    """Opens a database for reading.

    Args:
        path: The absolute path.

    Raises:
        Unavailable: If the file cannot be opened, or SQLite is too old and apsw is not installed.
    """
    import sqlite3

    if sqlite3.sqlite_version_info >= OLDEST_SQLITE:
        return _StandardConnection(path)
    try:
        import apsw
    except ImportError:
        raise Unavailable(
            f"cannot read {shown(path)}: the SQLite of this Python is {sqlite3.sqlite_version}, and registries have "
            "strict tables, which need 3.37. `pip install apsw`, or use a newer Python"
        ) from None
    return _APSWConnection(path, apsw)


class _StandardConnection:
    """A connection of Python's sqlite3."""

    def __init__(self, path: str) -> None:
        import sqlite3

        self._path = path
        self._errors = sqlite3.Error
        try:
            # The locks of `RegistryFile` keep threads apart, and it waits for other processes itself, so that Ctrl-C
            # ends a wait.
            self._connection = sqlite3.connect(
                read_only_uri(path), uri=True, timeout=0, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise _translated(path, _code(error), str(error)) from None
        if hasattr(self._connection, "setlimit"):  # Python 3.11
            self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            self._connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        if hasattr(self._connection, "setconfig"):  # Python 3.12
            for name, value in (("DEFENSIVE", True), ("TRUSTED_SCHEMA", False), ("ENABLE_VIEW", False)):
                self._connection.setconfig(getattr(sqlite3, f"SQLITE_DBCONFIG_{name}"), value)
        self._watch = _Watch()
        self._connection.set_progress_handler(self._watch, 100_000)
        for setting in _SETTINGS:
            self.rows(setting)

    def rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            self._watch.start()
            return self._connection.execute(sql, arguments).fetchall()
        except self._errors as error:
            self._watch.raise_interrupt()
            raise _translated(self._path, _code(error), str(error)) from None
        except (OverflowError, UnicodeError) as error:
            raise BadInput(f"{shown(self._path)} cannot be searched for this: {error}") from None

    def close(self) -> None:
        self._connection.close()

    def __del__(self) -> None:
        # A registry need not be closed; sqlite3 warns of a connection that is not.
        if hasattr(self, "_connection"):
            self._connection.close()


class _APSWConnection:
    """A connection of apsw, which has an SQLite of its own."""

    def __init__(self, path: str, apsw: Any) -> None:
        self._path = path
        self._errors = (apsw.Error, UnicodeError, OverflowError)
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        try:
            self._connection = apsw.Connection(read_only_uri(path), flags=flags)
            self._connection.limit(apsw.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            self._connection.limit(apsw.SQLITE_LIMIT_ATTACHED, 0)
            for name, value in (("DEFENSIVE", 1), ("TRUSTED_SCHEMA", 0), ("ENABLE_VIEW", 0)):
                self._connection.config(getattr(apsw, f"SQLITE_DBCONFIG_{name}"), value)
        except apsw.Error as error:
            raise _translated(path, getattr(error, "extendedresult", 0), str(error)) from None
        self._watch = _Watch()
        self._connection.set_progress_handler(self._watch, 100_000)
        for setting in _SETTINGS:
            self.rows(setting)

    def rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            self._watch.start()
            rows: Iterable[tuple[Any, ...]] = self._connection.cursor().execute(sql, tuple(arguments))
            return list(rows)
        except self._errors as error:
            self._watch.raise_interrupt()
            raise _translated(self._path, getattr(error, "extendedresult", 0), str(error)) from None

    def close(self) -> None:
        self._connection.close()


class _Watch:
    """Ends a statement that is too long, or that Ctrl-C interrupts."""

    def __init__(self) -> None:
        self._calls = 0
        self._interrupt: BaseException | None = None

    def start(self) -> None:
        self._calls, self._interrupt = 0, None

    def __call__(self) -> int:
        try:
            self._calls += 1
            return int(self._calls > LONGEST_STATEMENT)
        except BaseException as error:  # SQLite would lose it
            self._interrupt = error
            return 1

    def raise_interrupt(self) -> None:
        if self._interrupt is not None:
            raise self._interrupt


# Result codes of SQLite, https://www.sqlite.org/rescode.html
_BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _CANTOPEN, _PROTOCOL, _NOTADB = 5, 6, 8, 10, 11, 14, 15, 26
_TOOBIG, _PERM, _AUTH, _NOMEM, _INTERRUPT = 18, 3, 23, 7, 9

# The texts of Python 3.10, which does not give the codes.
_TEXTS = {
    "database is locked": _BUSY,
    "attempt to write a readonly database": _READONLY,
    "disk I/O error": _IOERR,
    "database disk image is malformed": _CORRUPT,
    "unable to open database file": _CANTOPEN,
    "file is not a database": _NOTADB,
    "string or blob too big": _TOOBIG,
    "interrupted": _INTERRUPT,
}


def _code(error: BaseException) -> int:
    return getattr(error, "sqlite_errorcode", None) or _TEXTS.get(str(error), 0)


def _translated(path: str, code: int, text: str) -> Exception:
    """Returns the error of winit for an error of SQLite."""
    primary = code & 0xFF
    if primary in (_BUSY, _LOCKED):
        return Busy(text)
    if primary == _READONLY:
        return Unavailable(
            f"a program that wrote {shown(path)} was killed, and its journal must be rolled back first, which a reader "
            f"never does. Run {doctor(path)} with the permission to write it and its folder"
        )
    if primary == _NOTADB:
        return BadInput(f"{shown(path)} is not a registry: {text}")
    if primary == _INTERRUPT:
        text = "its pages seem to lead to the same rows again and again"
    if primary in (_INTERRUPT, _CORRUPT, _TOOBIG) or "UTF-8" in text or "utf-8" in text:
        return Damaged(f"{shown(path)} is damaged: {text}. {doctor(path)} shows what can be salvaged")
    if primary in (_CANTOPEN, _IOERR, _PROTOCOL, _PERM, _AUTH, _NOMEM):
        return Unavailable(f"cannot read {shown(path)}: {text}")
    return Error(f"cannot read {shown(path)}: {text}")
