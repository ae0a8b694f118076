"""A registry file that is open for reading: short transactions, from any thread, in any process."""

from __future__ import annotations

import os
import stat
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..errors import BadInput, Error, Unavailable
from .companions import check_companions, check_file, has_log_in_header, write_ahead_log
from .paths import doctor, shown
from .recent import RecentChunks
from .schema import check_schema
from .sqlite import Busy, Connection, connect

T = TypeVar("T")

LOCK_TIMEOUT = 60.0
"""How long a read waits for a writer, in seconds, as the command's --lock-timeout."""

_POLL = 0.001  # a writer pauses for 1.5 ms between two transactions (docs/store.md)

_transactions = threading.RLock()
"""Held during every transaction and every look at a header, because a closed file ends all POSIX locks of a process.
Also held during a fork: otherwise a child would wait for ever for a lock of SQLite that another thread had."""

_open_files: weakref.WeakSet[RegistryFile] = weakref.WeakSet()
_abandoned: list[Connection] = []
"""The connections of a parent process. SQLite forbids to use them in a child, even to close them."""


class Rows:
    """What a transaction reads from."""

    def __init__(self, connection: Connection, schema: int) -> None:
        """Makes the reader of a transaction in a file with a schema."""
        self._connection = connection
        self.schema = schema

    def __call__(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Returns all rows of a statement."""
        return self._connection.rows(sql, arguments)


class RegistryFile:
    """A registry file that is open for reading.

    Attributes:
        path: The absolute path.
        is_optional: Whether the file may be absent; it is then read as a registry without runs.
    """

    def __init__(self, path: str, is_optional: bool = False) -> None:
        """Opens a file, which is checked at once unless it may be absent."""
        self.path = path
        self.is_optional = is_optional
        self._connection: Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._schema = 0
        self._is_closed = False
        self._is_reading = False
        self._recent = RecentChunks()
        _open_files.add(self)

    def __repr__(self) -> str:
        """Returns the path."""
        return f"RegistryFile({self.path!r})"

    def __reduce__(self) -> tuple[Callable[[str], RegistryFile], tuple[str]]:
        """Pickles the path; the other process opens the file once for all objects."""
        return shared_file, (self.path,)

    @property
    def shown(self) -> str:
        """The path as text that can be printed."""
        return shown(self.path)

    @property
    def exists(self) -> bool:
        """Whether there is a file that is not empty. A create that was interrupted can leave an empty one."""
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # reading it says why it cannot be reached
        return status.st_size > 0 or not stat.S_ISREG(status.st_mode)

    @property
    def recent(self) -> RecentChunks:
        """The chunks that were read last.

        Raises:
            Error: If the file is closed.
        """
        self._check_open()
        return self._recent

    def close(self) -> None:
        """Closes the file. Later reads raise `winit.Error`."""
        with _transactions:
            self._is_closed = True
            self._disconnect()
        self._recent.clear()

    def _check_open(self) -> None:
        if self._is_closed:
            raise Error(f"the registry {self.shown} is closed. Open it again: `winit.Registry(path)`")

    def read(self, body: Callable[[Rows], T]) -> T:
        """Runs a function in one transaction, so that what it reads belongs together.

        Args:
            body: Reads rows and returns at once. It may run several times, if another process holds a lock.

        Raises:
            NotFound: If there is no file.
            BadInput: If the file is not a registry, or is damaged.
            Unavailable: If the file cannot be read now.
        """
        deadline = time.monotonic() + LOCK_TIMEOUT
        while True:
            try:
                with _transactions:
                    return self._transaction(body)
            except Busy:
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"{self.shown} is locked by another process. Try again when that process has ended; this one "
                        f"waited for {LOCK_TIMEOUT:.0f} seconds. {doctor(self.path)} names it"
                    ) from None
                time.sleep(_POLL)
            except (RecursionError, MemoryError) as error:
                raise BadInput(f"{self.shown} is damaged: {error}") from None

    def _transaction(self, body: Callable[[Rows], T]) -> T:
        self._check_open()
        if self._is_reading:
            raise Error(f"{self.shown} is read inside of another read of it, as by a signal handler")
        identity = check_file(self.path)
        check_companions(self.path)
        if self._connection is not None and identity != self._identity:
            self._disconnect()  # a repair has put another file in its place
        if self._connection is None:
            if has_log_in_header(self.path):
                raise write_ahead_log(self.path, "its header says so")
            self._connection, self._identity = connect(self.path), identity
            self._schema = 0
        try:
            self._is_reading = True
            self._connection.rows("BEGIN")
            # A migration changes the schema under an open connection.
            [(schema,)] = self._connection.rows("PRAGMA user_version")
            if schema != self._schema or schema == 0:
                self._schema = 0
                self._schema = check_schema(self._connection, self.path)
            return body(Rows(self._connection, self._schema))
        except BaseException:
            if self._schema == 0:
                self._disconnect()
            raise
        finally:
            self._is_reading = False
            if self._connection is not None:
                self._end_transaction(self._connection)

    def _end_transaction(self, connection: Connection) -> None:
        try:
            connection.rows("ROLLBACK")
        except (Busy, Error):  # an error has ended the transaction already, or it never began
            return

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _forget(self) -> None:
        """Leaves the connection to the parent process."""
        if self._connection is not None:
            _abandoned.append(self._connection)
        self._connection = None
        self._is_reading = False


_shared: dict[str, RegistryFile] = {}


def shared_file(path: str) -> RegistryFile:
    """Returns the file that all unpickled objects of this process share."""
    return _shared.setdefault(path, RegistryFile(path))


def _after_fork_in_child() -> None:
    global _transactions
    _transactions = threading.RLock()
    for file in list(_open_files):
        file._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _transactions.acquire(),
        after_in_parent=lambda: _transactions.release(),
        after_in_child=_after_fork_in_child,
    )
