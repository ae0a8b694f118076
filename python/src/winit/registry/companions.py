"""Checks of a registry file and of the files that SQLite keeps beside it, before SQLite reads them.

SQLite believes what it finds beside a database: it waits for a writer on a journal that is a pipe, and creates or
deletes a write-ahead log. These checks refuse what the command refuses too (docs/store.md, "Files beside a
registry"). The registry itself is never opened while a transaction runs: when a process closes a file, POSIX ends
every lock that the process has on it.
"""

from __future__ import annotations

import os
import stat

from ..errors import BadInput, NotFound, Unavailable
from .paths import doctor, shown


def check_file(path: str) -> tuple[int, int]:
    """Checks that a path is a file that can be a registry.

    Returns:
        The device and the inode, which identify the file.

    Raises:
        NotFound: If there is no file.
        BadInput: If it is empty, or not a regular file.
        Unavailable: If the system does not let the file be reached.
    """
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"there is no registry at {shown(path)}. `Registry(path, create=True)` makes one with its first run; "
            "$WINIT_REGISTRY names another one"
        ) from None
    except (OSError, ValueError) as error:
        raise Unavailable(f"cannot open {shown(path)}: {error}") from None
    if stat.S_ISDIR(status.st_mode):
        raise BadInput(f"{shown(path)} is not a registry: it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise BadInput(f"{shown(path)} is not a registry: it is a pipe or a device")
    if status.st_size == 0:
        raise BadInput(f"{shown(path)} is not a registry: it is empty")
    return status.st_dev, status.st_ino


def check_companions(path: str) -> None:
    """Checks the journal beside a registry, and that there is no write-ahead log.

    Raises:
        BadInput: If the journal is not a regular file.
        Unavailable: If there is a write-ahead log.
    """
    target = os.path.realpath(path)
    journal = f"{target}-journal"
    try:
        mode = os.lstat(journal).st_mode
    except OSError:
        mode = stat.S_IFREG
    if not stat.S_ISREG(mode):
        raise BadInput(
            f"{shown(journal)} cannot be used with {shown(path)}: it is not a regular file. Nothing was read. If the "
            "registry is from elsewhere, delete both; if it is yours, move this file to another folder"
        )
    for name in (f"{target}-wal", f"{target}-shm"):
        if os.path.lexists(name):
            raise write_ahead_log(path, f"{shown(name)} is beside it")


def write_ahead_log(path: str, reason: str) -> Unavailable:
    """Returns the error of a registry that another program has switched to a write-ahead log."""
    return Unavailable(
        f"another program has given {shown(path)} a write-ahead log, which winit does not use ({reason}). Nothing was "
        f"read or changed. End that program and run {doctor(path, '--repair')}"
    )


def has_log_in_header(path: str) -> bool:
    """Returns whether the header of a database says that it has a write-ahead log.

    Call this only while this process has no lock on the file (see above).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise Unavailable(f"cannot open {shown(path)}: {error}") from None
    try:
        header = os.read(descriptor, 20)
    except OSError as error:
        raise Unavailable(f"cannot read {shown(path)}: {error}") from None
    finally:
        os.close(descriptor)
    if not header.startswith(b"SQLite format 3\0"):
        raise BadInput(f"{shown(path)} is not a registry: it is not a SQLite database")
    return header[18:20] != b"\1\1"
