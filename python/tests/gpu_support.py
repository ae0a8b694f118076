"""The kernels for CUDA in Triton's interpreter, which needs no GPU."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def interpreted() -> Iterator[None]:
    """Lets Triton interpret the kernels of `winit.torch.gpu`, and compile them again afterwards.

    Triton reads the variable when a kernel is defined, so both modules are loaded again.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_INTERPRET", "1")
        _load_again()
        yield
    _load_again()


def _load_again() -> None:
    for name in ("law", "kernels"):
        importlib.reload(importlib.import_module(f"winit.torch.gpu.{name}"))
