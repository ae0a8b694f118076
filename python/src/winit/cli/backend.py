"""`python -m winit backend`: which engine makes elements."""

from __future__ import annotations

import argparse
import json
from typing import Any


def add(subcommands: Any) -> None:
    """Adds the subcommand."""
    parser = subcommands.add_parser(
        "backend",
        help="Print which engine makes elements: native or numpy.",
        description="Print which engine makes elements: native (the C kernels) or numpy. $WINIT_BACKEND forces one.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON: backend, version")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the name of the engine."""
    import winit

    name = winit.backend()
    print(json.dumps({"backend": name, "version": winit.__version__}) if arguments.json else name)
    return 0
