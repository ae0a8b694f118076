"""The progress of the command: a function of the caller, or a bar of tqdm."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from .processes import Progress


@contextlib.contextmanager
def reported(progress: Progress | bool | None, label: str) -> Iterator[Progress | None]:
    """Gives the function to call with the progress.

    Args:
        progress: The function of the caller; True for a bar of tqdm, False for none. None is a bar if tqdm is
            installed and there is a terminal or a notebook.
        label: What stands before the bar.
    """
    if progress is None:
        progress = _is_interactive()
    if not isinstance(progress, bool):
        yield progress
        return
    bar = _bar(label) if progress else None
    if bar is None:
        yield None
        return
    try:
        yield lambda done, total: _update(bar, done, total)
    finally:
        bar.close()


def _is_interactive() -> bool:
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())


def _bar(label: str) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(desc=label, unit="B", unit_scale=True, delay=0.5, leave=False)


def _update(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
