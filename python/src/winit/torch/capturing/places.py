"""Where an operation was called: the line of the user's code, and the initializer and the module that called it."""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import NamedTuple

import torch

_TORCH = os.path.dirname(torch.__file__) + os.sep
_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Caller(NamedTuple):
    """Who called an operation.

    Attributes:
        origin: Such as "torch.nn.init.kaiming_uniform_ of Linear".
        place: Such as "Block.__init__, model.py:12".
    """

    origin: str
    place: str


def caller(operation: str) -> Caller:
    """Describes the caller of the operation that is being recorded.

    Args:
        operation: The name of the operation, which stands for the initializer where no initializer called it.
    """
    initializer, owner, place = "", "", ""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if not path.startswith(_OWN):
            name = frame.f_code.co_name
            module = frame.f_globals.get("__name__", "")
            is_initializer = _is_initializer(module, name)
            if not place and is_initializer:
                initializer = f"{module}.{name}"
            if not owner:
                owner = _module(frame)
            if not place and not is_initializer and not path.startswith(_TORCH):
                place = f"{_function(frame)}, {os.path.basename(path)}:{frame.f_lineno}"
            if place and owner:
                break
        frame = frame.f_back
    origin = initializer or f"torch.{operation}"
    return Caller(f"{origin} of {owner}" if owner else origin, place)


def _is_initializer(module: str, name: str) -> bool:
    return (
        name.endswith("_")
        and not name.startswith("_")
        and (module.endswith(".init") or "init" in module.split(".")[-1])
    )


def _module(frame: FrameType) -> str:
    """Returns the class of the module that a frame initializes, or ""."""
    for name in ("module", "m", "self"):
        found = frame.f_locals.get(name)
        if isinstance(found, torch.nn.Module):
            return type(found).__name__
    return ""


def _function(frame: FrameType) -> str:
    owner = frame.f_locals.get("self")
    name = frame.f_code.co_name
    return f"{type(owner).__name__}.{name}" if owner is not None else name
