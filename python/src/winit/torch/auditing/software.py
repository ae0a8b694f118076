"""The versions of the libraries that decide initial values."""

from __future__ import annotations

import sys
from typing import Any

LIBRARIES = ("transformers", "timm", "diffusers", "torchvision", "peft", "lightning", "accelerate")


def software(torch: Any) -> dict[str, str]:
    """Returns the version of torch, and of the model libraries that are imported already."""
    found = {"torch": str(torch.__version__)}
    for name in LIBRARIES:
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = version
    return found
