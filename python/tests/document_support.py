"""Markdown documents whose code is run: files, Python cells and shell sessions."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import textwrap
import traceback
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]

_SECONDS = 300
"""How long a command of a document may take, with all of its processes."""


@dataclass(frozen=True)
class Block:
    """A fenced block of code.

    Attributes:
        language: The word after the fence.
        line: The number of the first line within the fence, from 1.
        lines: The lines.
        is_output: Whether it is the output of the Python cell directly before it.
    """

    language: str
    line: int
    lines: tuple[str, ...]
    is_output: bool = False


@dataclass
class Difference:
    """An output that is not the documented one; `start` and `stop` are the lines of the document that it replaces."""

    start: int
    stop: int
    command: str
    documented: list[str]
    printed: list[str]


def blocks(text: str) -> list[Block]:
    """Returns the fenced blocks of a Markdown text.

    Args:
        text: The text.
    """
    found: list[Block] = []
    language: str | None = None
    start = 0
    lines = text.split("\n")
    between = False  # only blank lines since the last block
    for number, line in enumerate(lines, 1):
        if language is None and line.startswith("```"):
            language, start = line[3:].strip(), number + 1
        elif language is not None and line == "```":
            follows = bool(between and found and _is_cell(found[-1]) and language == "text")
            found.append(Block(language, start, tuple(lines[start - 1 : number - 1]), follows))
            language, between = None, True
        elif language is None and line.strip():
            between = False
    return found


def _file_name(block: Block) -> str | None:
    """Returns the file that a Python block is, which its first line names as a comment: `# train.py`."""
    match = re.fullmatch(r"# ([\w./-]+\.py)", block.lines[0]) if block.language == "python" and block.lines else None
    return match[1] if match else None


def _is_cell(block: Block) -> bool:
    return block.language == "python" and _file_name(block) is None


@dataclass
class Replay:
    """A document that is run in a folder. The folder is the current one.

    A `python` block whose first line is a comment with the name of a file is written to that file. Another `python`
    block is a cell, run in one namespace for the whole document; a `text` block right after it holds what it prints,
    and for an error type and message. A `shellsession` block has commands after `$ `, and what they print.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    namespace: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})

    def run(self, text: str) -> int:
        """Runs a document and collects the differences.

        Args:
            text: The Markdown.

        Returns:
            How many files, cells and commands there were.
        """
        try:
            return self._run(blocks(text))
        finally:
            _forget_modules(self.folder)

    def _run(self, found: list[Block]) -> int:
        count = 0
        for index, block in enumerate(found):
            name = _file_name(block)
            if name is not None:
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("\n".join(block.lines) + "\n", encoding="utf-8")
                _forget_modules(self.folder)
            elif _is_cell(block):
                output = found[index + 1] if index + 1 < len(found) and found[index + 1].is_output else None
                self._cell(block, output)
            elif block.language == "shellsession":
                count += self._session(block) - 1
            else:
                continue
            count += 1
        return count

    def _cell(self, block: Block, output: Block | None) -> None:
        printed = io.StringIO()
        code = compile("\n" * (block.line - 1) + "\n".join(block.lines), "document", "exec")
        with contextlib.redirect_stdout(printed):
            try:
                exec(code, self.namespace)
            except Exception as error:
                if output is None:
                    traceback.print_exc()
                kind = type(error)
                print(f"{kind.__module__}.{kind.__name__}: {error}".removeprefix("builtins."))
        documented = list(output.lines) if output is not None else []
        lines = _lines(printed.getvalue())
        if output is None and lines:
            after = block.line + len(block.lines)
            self.differences.append(Difference(after, after, block.lines[-1], [], ["", "```text", *lines, "```"]))
        elif output is not None:
            self._compare(output.line - 1, block.lines[-1], documented, lines)

    def _session(self, block: Block) -> int:
        starts = [index for index, line in enumerate(block.lines) if line.startswith("$ ")]
        if not starts or starts[0] != 0:
            raise AssertionError(f"line {block.line}: a shellsession block starts with `$ `")
        for start, stop in zip(starts, [*starts[1:], len(block.lines)], strict=True):
            command = block.lines[start][2:]
            printed = self._command(command)
            self._compare(block.line + start, command, list(block.lines[start + 1 : stop]), _lines(printed))
        return len(starts)

    def _command(self, command: str) -> str:
        """Runs a command and returns what it prints. After `_SECONDS`, it and its processes are killed."""
        running = subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return running.communicate(timeout=_SECONDS)[0]
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            raise AssertionError(f"{command}: did not end within {_SECONDS} s") from None

    def _compare(self, start: int, command: str, documented: list[str], printed: list[str]) -> None:
        if [_comparable(line) for line in documented] != [_comparable(line) for line in printed]:
            self.differences.append(Difference(start, start + len(documented), command, documented, printed))


def replaced(text: str, differences: list[Difference]) -> str:
    """Returns a document with the printed outputs in place of the documented ones.

    Args:
        text: The Markdown.
        differences: What `Replay.run` collected.
    """
    lines = text.split("\n")
    for each in sorted(differences, key=lambda difference: difference.start, reverse=True):
        lines[each.start : each.stop] = each.printed
    return "\n".join(lines)


def described(differences: list[Difference]) -> str:
    """Returns the differences for the failure of a test.

    Args:
        differences: What `Replay.run` collected.
    """
    return "\n".join(
        f"line {each.start + 1}: {each.command}\nprints\n"
        + textwrap.indent("\n".join(each.printed), "  ")
        + "\nand the document says\n"
        + textwrap.indent("\n".join(each.documented), "  ")
        for each in differences
    )


def environment(folder: Path, command: str | None) -> dict[str, str]:
    """Returns the environment of the commands of a document: this Python, this winit, and the command.

    Args:
        folder: A folder for a link to the command.
        command: The path of the command winit-registry, or None.
    """
    folder.mkdir()
    if command is not None:
        (folder / "winit-registry").symlink_to(command)
    paths = [str(REPOSITORY / "python" / "src")]
    if not any(point.name == "winit" for point in entry_points(group="fsspec.specs")):
        paths.append(str(_registered(folder)))  # the package is not installed, only on the path
    made = {
        # pytest does not shorten its summary where these say that it runs in continuous integration.
        **{name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")},
        "PATH": os.pathsep.join([str(folder), os.path.dirname(sys.executable), os.environ.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "TORCH_CPP_LOG_LEVEL": "ERROR",  # PyTorch warns of host names and sockets of the machine
        "COLUMNS": "100",
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }
    if not any(point.value == "winit.pytest" for point in entry_points(group="pytest11")):
        made["PYTEST_PLUGINS"] = "winit.pytest"
    for name in ("WINIT_REGISTRY", "PYTEST_CURRENT_TEST", "NO_COLOR", "FORCE_COLOR"):
        made.pop(name, None)
    return made


def _registered(folder: Path) -> Path:
    """Makes a folder for PYTHONPATH that has the entry points for fsspec, as an installed package has them."""
    source = (REPOSITORY / "python" / "pyproject.toml").read_text(encoding="utf-8")
    points = re.search(r'\[project\.entry-points\."fsspec\.specs"\]\n((?:\w+ = .*\n)+)', source)
    assert points is not None, "python/pyproject.toml has no entry points for fsspec"
    metadata = folder / "metadata" / "winit_registry-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: winit-registry\nVersion: 0\n", encoding="utf-8")
    text = points[1].replace('"', "")
    (metadata / "entry_points.txt").write_text(f"[fsspec.specs]\n{text}", encoding="utf-8")
    return metadata.parent


def _forget_modules(folder: Path) -> None:
    """Lets cells import files of the document again after they were written again."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and Path(file).is_relative_to(folder):
            del sys.modules[name]


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip("\n").split("\n")] if text.strip() else []


def _comparable(line: str) -> str:
    """Returns a line without what differs from run to run: durations and times."""
    line = re.sub(r"\b[0-9]+ ms\b|\b[0-9]+\.[0-9]+ ?s\b", "<duration>", line)
    return re.sub(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}Z?)?", "<time>", line)
