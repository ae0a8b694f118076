"""Parses the words of `python -m winit` and calls the subcommand."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import NoReturn

from ..errors import Error
from . import audit, backend, diagnose

USAGE = 64
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """A parser whose errors have the form and the exit status of the command `winit-registry`."""

    words: Sequence[str] = ()

    def error(self, message: str) -> NoReturn:
        """Prints the error and how to get help, and exits with status 64."""
        report(f"{message}. `{self.prog} --help` lists the arguments", USAGE, as_json="--json" in self.words)
        sys.exit(USAGE)


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        words: The words after `python -m winit`; those of the process by default.

    Returns:
        The exit status: 0, 1 for findings, or the `code` of an error (docs/commands.md).
    """
    words = sys.argv[1:] if words is None else words
    _Parser.words = words
    parser = _Parser(
        prog="python -m winit",
        description="The same initial weights on every machine. The command `winit-registry` writes registries.",
    )
    subcommands = parser.add_subparsers(title="subcommands", dest="subcommand", metavar="SUBCOMMAND", required=True)
    for module in (audit, backend, diagnose):
        module.add(subcommands)
    try:
        arguments = parser.parse_args(words)
        status: int = arguments.run(arguments)
        return status
    except Error as error:
        report(str(error), error.code, as_json="--json" in words)
        return error.code
    except KeyboardInterrupt:
        report("interrupted", INTERRUPTED, as_json="--json" in words)
        return INTERRUPTED


def report(message: str, code: int, *, as_json: bool) -> None:
    """Prints an error on standard error, as docs/json.md has it if JSON was asked for."""
    text = json.dumps({"error": message, "code": code}, ensure_ascii=False) if as_json else f"error: {message}"
    print(text, file=sys.stderr)
