"""Files that appear whole or not at all, and files that are read whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from .errors import BadInput, NotFound, Unavailable


def read_whole(path: str, longest: int, kind: str) -> bytes:
    """Reads a file from elsewhere.

    Args:
        path: The path.
        longest: The maximum length in bytes.
        kind: What the file holds, for the error.

    Raises:
        BadInput: If the file is longer.
        NotFound: If there is no such file.
        Unavailable: If it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(longest + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise Unavailable(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > longest:
        raise BadInput(f"{path} has more than {longest >> 20} MiB, the maximum for {kind}")
    return data


def write_whole(files: Iterable[tuple[str, Iterable[bytes]]], *, force: bool = False) -> None:
    """Writes files. Each is written beside its place under another name first; then all are renamed, in order.

    Args:
        files: The path and the content of each file; the content is given in pieces.
        force: Replace files that exist. Otherwise they are an error.

    Raises:
        BadInput: If a file exists and `force` is not set, or a path is no place for a file.
        NotFound: If a folder does not exist.
        Unavailable: If a file cannot be written. Then none of the files has changed.
    """
    written = list[tuple[str, str]]()
    linked = list[str]()
    try:
        for path, pieces in files:
            if force:
                path = os.path.realpath(path)  # as a write through a symbolic link would
            written.append((_temporary(path, pieces, force), path))
        while written:
            temporary, path = written[0]
            if force:
                os.replace(temporary, path)
            else:
                _link(temporary, path)
                linked.append(path)
            written.pop(0)
            _sync_folder(os.path.dirname(path) or ".")
    except BaseException as error:
        for path in linked:
            _remove(path)
        if isinstance(error, OSError) and not isinstance(error, Unavailable):
            raise Unavailable(f"{error.filename2 or error.filename} cannot be written: {error.strerror}") from None
        raise
    finally:
        for temporary, _ in written:
            _remove(temporary)


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


def _temporary(path: str, pieces: Iterable[bytes], force: bool) -> str:
    folder, name = os.path.split(path)
    if not os.path.isdir(folder or "."):
        raise NotFound(f"there is no folder {folder}")
    if os.path.lexists(path):
        if not force:
            raise _exists(path)
        if not os.path.isfile(path):
            raise BadInput(f"{path} is not a regular file, and is not replaced")
    import tempfile  # costs more than the rest of the package's start

    descriptor, temporary = tempfile.mkstemp(prefix=f".{name[:100]}.", suffix=".part", dir=os.path.dirname(path) or ".")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            if hasattr(os, "fchmod"):  # mkstemp lets only the owner read
                os.fchmod(file.fileno(), 0o666 & ~_umask())
            os.fsync(file.fileno())
    except BaseException:
        _remove(temporary)
        raise
    return temporary


def _exists(path: str) -> BadInput:
    return BadInput(f"{path} exists. Choose another name, or replace it with force=True.")


def _link(temporary: str, path: str) -> None:
    """Gives a file its name unless there is one, also if another process makes it in this moment."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise _exists(path) from None
        os.rename(temporary, path)
        return
    os.unlink(temporary)


def _umask() -> int:
    # os.umask sets the mask, which other threads would see for a moment; Linux shows it.
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("Umask:"):
                    return int(line.split()[1], 8)
    except OSError:
        pass
    return 0o022


def _sync_folder(folder: str) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
