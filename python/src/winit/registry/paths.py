"""The path of a registry file."""

from __future__ import annotations

import os
import shlex
from os import PathLike
from urllib.parse import quote

from ..errors import BadInput


def registry_path(path: str | PathLike[str] | None) -> str:
    """Returns the absolute path of a registry: the one that is given, else $WINIT_REGISTRY, else ./winit.sqlite.

    Raises:
        BadInput: If the path is empty or holds a NUL.
    """
    text = os.fspath(path) if path is not None else os.environ.get("WINIT_REGISTRY") or "winit.sqlite"
    if isinstance(text, bytes):
        text = os.fsdecode(text)
    if not text or "\0" in text:
        raise BadInput("the path of a registry is empty or holds a NUL character")
    return os.path.abspath(text)


def read_only_uri(path: str) -> str:
    """Returns the URI by which SQLite opens an absolute path for reading; the path need not be UTF-8."""
    path = path.replace(os.sep, "/")
    return f"file:{'' if path.startswith('/') else '/'}{quote(os.fsencode(path))}?mode=ro"


def shown(path: str) -> str:
    """Returns a path as text that can be printed, whatever its bytes are."""
    return os.fsencode(path).decode("utf-8", "replace")


def doctor(path: str, option: str = "") -> str:
    """Returns the command that checks or repairs a registry, for an error."""
    return f"`winit-registry doctor {option + ' ' if option else ''}--registry {shlex.quote(shown(path))}`"
