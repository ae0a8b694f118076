"""Fixtures that import model libraries."""

from __future__ import annotations

from typing import Any

import pytest

from torchvision_support import load_torchvision


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
    load_torchvision()
    library = pytest.importorskip("transformers")
    library.logging.set_verbosity_error()
    return library


@pytest.fixture(scope="session")
def timm() -> Any:
    """The library timm."""
    load_torchvision()
    return pytest.importorskip("timm")


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def lightning(request: pytest.FixtureRequest) -> Any:
    """The library Lightning, under each of its names."""
    load_torchvision()
    return pytest.importorskip(request.param)
