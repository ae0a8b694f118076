"""What the checks of presets print: faults, and a table in Markdown."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def print_faults(faults: Sequence[str], verbose: bool) -> None:
    """Prints the first faults, or all of them."""
    for fault in faults[: None if verbose else 8]:
        print(f"  {fault}", file=sys.stderr)
    if len(faults) > 8 and not verbose:
        print(f"  ... and {len(faults) - 8} more (--verbose)", file=sys.stderr)


def write_table(header: Sequence[str], rows: Sequence[Sequence[str]], path: str | None) -> None:
    """Prints a table, and writes it to a file if there is a path."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    table = "\n".join(lines) + "\n"
    print(table, end="")
    if path:
        with open(path, "w") as file:
            file.write(table)
