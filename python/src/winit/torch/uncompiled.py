"""Functions that torch.compile must call outside of compiled code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch

_P = ParamSpec("_P")
_R = TypeVar("_R")

_REASON = (
    "winit makes the same bits on every machine; a compiler fuses multiplications with additions and divides "
    "approximately, which changes bits"
)


def uncompiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Excludes a function from torch.compile, with the reason in the report of the graph break.

    `torch.compiler.disable` as a decorator would import the compiler, which takes seconds, into every program. It is
    called here only where the compiler is at work. The two attributes are those that it sets; where PyTorch does not
    know them any more, only the text of the report is another.
    """

    @functools.wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if torch.compiler.is_compiling():
            eager: Callable[_P, _R] = torch.compiler.disable(function)
            return eager(*args, **kwargs)
        return function(*args, **kwargs)

    call._torchdynamo_disable = True  # type: ignore[attr-defined]
    call._torchdynamo_disable_msg = _REASON  # type: ignore[attr-defined]
    return call
