"""Imports of the libraries whose initialization the presets record."""

from __future__ import annotations

import importlib
import sys
from typing import Any

SEED = 20240229
"""The seed of all models and modules that are built."""

_KEPT: list[Any] = []  # operator declarations live as long as their library object


class Missing(Exception):
    """A library, or something that it needs, is not installed."""


def need(name: str) -> Any:
    """Imports a library, or raises `Missing`."""
    try:
        if name in ("transformers", "timm", "torchvision"):
            _load_torchvision()  # before transformers and timm import it
        return importlib.import_module(name)
    except ImportError as error:
        raise Missing(f"{name}: {error}") from error


def _load_torchvision() -> None:
    """Imports torchvision, also one that was built for another torch.

    Its compiled operators do not load then; models need only their declaration.
    """
    import torch

    try:
        import torchvision
    except RuntimeError as error:
        if "does not exist" not in str(error):
            raise
        for name in [n for n in sys.modules if n.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)
        import torchvision  # noqa: F401
    except ImportError:
        pass
