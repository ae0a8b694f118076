"""What a word such as `pkg.module:build` names."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import BadInput, NotFound
from ..quoting import quoted


def target(word: str) -> Any:
    """Imports the object that a word names, as `python -m` would from the current directory.

    Args:
        word: `pkg.module:name` or `path/file.py:name`; the name may have dots (`Model.build`).

    Raises:
        BadInput: If the word has another form.
        NotFound: If there is no such module, file or name.
    """
    place, colon, name = word.rpartition(":")
    if not colon or not place or not name:
        raise BadInput(f"{quoted(word)} is not of the form pkg.module:build or path/file.py:build")
    module = _file(place) if place.endswith(".py") else _module(place)
    found: Any = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise NotFound(f"{place} has no {quoted(name)}{_suggestion(found, part)}") from None
    return found


def pair(word: str, option: str) -> tuple[str, str]:
    """Splits the value of an option at its first `=`.

    Raises:
        BadInput: If a side is empty.
    """
    left, equals, right = word.partition("=")
    if not left or not equals or not right:
        raise BadInput(f"{option} needs two values joined by `=`, and got `{word}`")
    return left, right


def place(error: BaseException) -> str:
    """Returns the file and the line where an error was raised, for a message."""
    frames = traceback.extract_tb(error.__traceback__)
    return f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _module(name: str) -> ModuleType:
    directory = os.getcwd()
    if directory not in sys.path:
        sys.path.insert(0, directory)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise NotFound(
                f"there is no module `{name}`, here or installed; the current directory is {directory}"
            ) from None
        raise


def _file(path: str) -> ModuleType:
    file = Path(path)
    if not file.is_file():
        raise NotFound(f"there is no file {path}")
    sys.path.insert(0, str(file.parent.resolve()))
    name = file.stem
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise BadInput(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _suggestion(owner: Any, name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, dir(owner), 1)
    return f"; did you mean `{close[0]}`?" if close else ""
