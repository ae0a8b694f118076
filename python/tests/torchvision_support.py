"""Imports torchvision, which transformers and timm import, also one that was built for another PyTorch."""

from __future__ import annotations

import sys
from typing import Any

import pytest

_kept: list[Any] = []  # declarations of operators live as long as their library object


def load_torchvision() -> None:
    """Imports torchvision, also one that was built for another torch.

    Its compiled operators do not load then; transformers and timm import it, and need only the declarations.
    """
    torch = pytest.importorskip("torch")
    try:
        import torchvision
    except ImportError:
        return
    except RuntimeError as error:
        if "does not exist" not in str(error):
            raise
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _kept.append(library)
        import torchvision  # noqa: F401
