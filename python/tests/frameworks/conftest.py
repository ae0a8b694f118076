"""Fixtures that import model libraries."""

from __future__ import annotations

import sys
from typing import Any

import pytest

_kept: list[Any] = []  # declarations of operators live as long as their library object


@pytest.fixture(scope="session")
def command() -> str:
    """The command winit-registry, which records runs."""
    import winit
    from winit.registry.command import find

    try:
        return find()
    except winit.Unavailable as error:
        pytest.skip(f"needs the command winit-registry: {error}")


@pytest.fixture(scope="session")
def transformers() -> Any:
    """The library transformers."""
    _load_torchvision()
    library = pytest.importorskip("transformers")
    library.logging.set_verbosity_error()
    return library


@pytest.fixture(scope="session")
def timm() -> Any:
    """The library timm."""
    _load_torchvision()
    return pytest.importorskip("timm")


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def lightning(request: pytest.FixtureRequest) -> Any:
    """The library Lightning, under each of its names."""
    _load_torchvision()
    return pytest.importorskip(request.param)


def _load_torchvision() -> None:
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
