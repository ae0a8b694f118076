"""What the subcommands that build and run a user's model share."""

from __future__ import annotations

import argparse
import contextlib
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import BadInput, Error
from .targets import pair, place


def add_target(parser: argparse.ArgumentParser) -> None:
    """Adds the argument that names what builds the model."""
    parser.add_argument(
        "target", metavar="TARGET", help="what builds the model: pkg.module:build or path/file.py:build"
    )


def imported_torch(purpose: str) -> Any:
    """Imports PyTorch.

    Args:
        purpose: What needs it, for the error: `the audit`.

    Raises:
        BadInput: If it cannot be imported.
    """
    try:
        import torch
    except ImportError as error:
        raise BadInput(f"{purpose} needs PyTorch, which cannot be imported: {error}") from None
    return torch


def grouped_pairs(words: Sequence[str], option: str) -> dict[str, list[str]]:
    """Returns the right sides of `LEFT=RIGHT` by their left sides, in order.

    Raises:
        BadInput: If a word has no `=`, or a side is empty.
    """
    groups = dict[str, list[str]]()
    for word in words:
        left, right = pair(word, option)
        groups.setdefault(left, []).append(right)
    return groups


@contextlib.contextmanager
def running(word: str, subject: str, *, as_json: bool) -> Iterator[None]:
    """Runs code of the user: what it raises becomes an error of this program, with its place.

    Args:
        word: The word that names the build, which the code sees as the name of its program.
        subject: What fails, for the error.
        as_json: Whether standard output is for JSON. What the code prints then goes to standard error, and no
            traceback is printed.

    Raises:
        BadInput: If the code fails or ends the process.
    """
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        sys.argv = [word]  # for a module that reads the arguments of the process
        try:
            yield
        except Error:
            raise
        except (Exception, SystemExit) as error:
            if not as_json:
                traceback.print_exc()
            raise BadInput(f"{subject} failed{place(error)}: {type(error).__name__}: {error}") from None
