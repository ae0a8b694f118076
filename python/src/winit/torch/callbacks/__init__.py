"""Callbacks that verify a model against a run when training starts, and log the id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .of_lightning import WinitCallback
    from .of_transformers import WinitTrainerCallback

__all__ = ["WinitCallback", "WinitTrainerCallback"]

_MODULES = {"WinitCallback": "of_lightning", "WinitTrainerCallback": "of_transformers"}


def __getattr__(name: str) -> Any:
    """Imports a callback when it is first used, because its base class imports a training library."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{module}", __name__), name)
