"""The command `winit-registry`: where it is, whether it is new enough, and what it answers."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any, NoReturn

from ..errors import BadInput, Error, Finding, Mismatch, NotFound, Unavailable
from .processes import Outcome, Progress, run_child

OLDEST_VERSION = (0, 2)
"""The first version of the command that this package works with."""

_checked: dict[tuple[str, int, int], dict[str, Any]] = {}


def find() -> str:
    """Returns the path of the command.

    It is $WINIT_COMMAND, else the program that the wheel `winit-registry-cli` has installed, else the one on PATH.

    Raises:
        Unavailable: If there is none.
    """
    import shutil

    named = os.environ.get("WINIT_COMMAND")
    if named:
        found = shutil.which(named)
        if found is None:
            raise Unavailable(f"$WINIT_COMMAND is {named!r}, and there is no program of this path that can be run")
        return os.path.abspath(found)
    found = _installed() or shutil.which("winit-registry")
    if found is None:
        raise Unavailable(
            "there is no command `winit-registry`, which writes registries. `pip install 'winit-registry[cli]'` "
            "installs it, and $WINIT_COMMAND names another one. A job without the command saves its recipe, "
            '`recipe.save("run.json")`, and `winit-registry import run.json --as NAME` records it later'
        )
    return os.path.abspath(found)


def _installed() -> str | None:
    """Returns the program of the wheel `winit-registry-cli`, also where its folder is not on PATH."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        wheel = distribution("winit-registry-cli")
    except PackageNotFoundError:
        return None
    listed = [str(file) for file in wheel.files or [] if file.name in ("winit-registry", "winit-registry.exe")]
    # `pip install --target` puts the program into a folder beside the modules, and leaves its old place in the list.
    for file in [*listed, "bin/winit-registry"]:
        path = os.path.abspath(str(wheel.locate_file(file)))
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def version(path: str | None = None) -> dict[str, Any]:
    """Returns what `winit-registry version --json` says, and checks that the command is new enough.

    Args:
        path: The path of the command; by default `find()`.

    Raises:
        Unavailable: If it is too old, or is another program.
    """
    path = find() if path is None else path
    status = os.stat(path)
    key = (path, status.st_mtime_ns, status.st_size)
    if key not in _checked:
        outcome = run_child([path, "version", "--json"], environment=_environment())
        try:
            answer = json.loads(outcome.output)
            numbers = tuple(int(part) for part in answer["version"].split("-")[0].split(".")[:2])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise Unavailable(
                f"{path} does not answer as `winit-registry version --json` does{_said(outcome)}. $WINIT_COMMAND names "
                "the command"
            ) from None
        if numbers < OLDEST_VERSION:
            raise Unavailable(
                f"{path} is winit-registry {answer['version']}, and this package needs "
                f"{'.'.join(map(str, OLDEST_VERSION))} or newer. `pip install --upgrade 'winit-registry[cli]'` "
                "installs it"
            )
        _checked[key] = answer
    return _checked[key]


def run(
    arguments: Sequence[str],
    *operands: str,
    registry: str | None = None,
    input: bytes = b"",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Runs the command with `--json`.

    Ctrl-C stops the command, which then rolls back; KeyboardInterrupt is raised when it has ended.

    Args:
        arguments: The subcommand and its options.
        operands: The arguments that are no options; they may begin with `-`.
        registry: The absolute path of the registry, for the commands that have `--registry`.
        input: What the command reads from standard input.
        progress: Is called with the bytes that are done and those of the whole operation.

    Returns:
        The JSON that the command prints (docs/json.md). A mismatch, which has the exit status 1, is no error here.

    Raises:
        NotFound: If a run, tensor, alias or file does not exist.
        BadInput: If an argument, a spec or a file is not valid.
        Mismatch: If the command cannot go on because recorded and real bytes differ.
        Unavailable: If the system fails to read or write, or there is no command.
        Error: If the command was interrupted or failed otherwise.
    """
    path = find()
    version(path)
    words = [path, *arguments, "--json"]
    if registry is not None:
        words.append(f"--registry={registry}")
    if operands:
        words += ["--", *operands]
    for word in words:
        try:
            word.encode("utf-8")
        except UnicodeError:
            raise BadInput(f"the command reads UTF-8, and {word!r} is not") from None
        if "\0" in word:
            raise BadInput(f"an argument of the command holds a NUL character: {word[:80]!r}")
    environment = _environment()
    if progress is not None:
        environment["WINIT_PROGRESS"] = "json"
    outcome = run_child(words, environment=environment, input=input, progress=progress)
    if outcome.status in (0, 1) and not outcome.errors.strip():
        return _answer(path, arguments, outcome)
    _raise(path, arguments, outcome)


def _environment() -> dict[str, str]:
    """Returns the environment of the command: without the registry of other commands, which is always named."""
    return {name: value for name, value in os.environ.items() if name not in ("WINIT_REGISTRY", "WINIT_PROGRESS")}


def _answer(path: str, arguments: Sequence[str], outcome: Outcome) -> dict[str, Any]:
    try:
        answer = json.loads(outcome.output.decode("utf-8"))
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise Error(
            f"`{path} {arguments[0]}` ended with status {outcome.status} and printed no JSON object{_said(outcome)}"
        )
    return answer


def _raise(path: str, arguments: Sequence[str], outcome: Outcome) -> NoReturn:
    """Raises the error of a command that failed."""
    if outcome.status < 0:
        raise Unavailable(
            f"`{path} {arguments[0]}` was killed by signal {-outcome.status}. Nothing is recorded; chunks that it had "
            "added are invisible, and the next `winit-registry gc` frees them"
        )
    try:
        report = json.loads(outcome.errors.strip().splitlines()[-1])
        text, code = str(report["error"]), int(report["code"])
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise Error(f"`{path} {arguments[0]}` ended with status {outcome.status}{_said(outcome)}") from None
    raise error(text, code)


def error(text: str, code: int) -> Error:
    """Returns the error of winit for an exit status of the command (docs/commands.md)."""
    kinds: dict[int, type[Error]] = {1: Mismatch, 64: BadInput, 65: BadInput, 66: NotFound, 74: Unavailable}
    made = kinds.get(code, Error)(text)
    made.code = code
    return made


def findings(report: dict[str, Any]) -> list[Finding]:
    """Returns the findings of a run in the JSON of `verify`."""
    return [
        Finding(
            kind=str(found.get("kind", "")),
            message=str(found.get("message", "")),
            tensor=found.get("tensor"),
            index=tuple(found["index"]) if "index" in found else None,
            expected=_number(found.get("expected")),
            found=_number(found.get("found")),
            differing_elements=found.get("differing_elements"),
            likely_cause=found.get("likely_cause"),
        )
        for found in report.get("findings", [])
    ]


def _number(text: object) -> float | None:
    try:
        return float(str(text)) if text is not None else None
    except ValueError:
        return {"true": 1.0, "false": 0.0}.get(str(text))


def _said(outcome: Outcome) -> str:
    text = (outcome.errors.strip() or outcome.output.decode("utf-8", "replace").strip())[-400:]
    return f": {text!r}" if text else ""
