"""The software that made a model, which is recorded with the environment of a run."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping

_LIBRARIES = (
    "numpy", "torch", "transformers", "timm", "torchvision", "jax", "jaxlib", "flax", "keras", "tensorflow",
    "lightning", "pytorch_lightning", "accelerate", "deepspeed", "safetensors", "mlflow",
)  # fmt: skip
_LONGEST = 100


def imported_software() -> dict[str, str]:
    """Returns the versions of Python and of the frameworks that this process has imported. Imports nothing.

    Example:
        >>> import numpy
        >>> imported_software()["numpy"] == numpy.__version__
        True
    """
    from .. import __version__

    found = {"winit": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = version
    return found


def software_options(model: str | None, software: Mapping[str, str]) -> list[str]:
    """Returns the options of the command that record the software.

    Args:
        model: The class of the model, or None.
        software: Versions of libraries, which replace those of this process.
    """
    versions = imported_software() | dict(software)
    words = [f"--software={_text(name)}={_text(version)}" for name, version in versions.items()]
    return words + ([f"--model-class={_text(model)}"] if model else [])


def _text(text: str) -> str:
    return "".join(character for character in str(text) if character.isprintable())[:_LONGEST]
