"""winit for PyTorch: modules whose parameters and buffers are those of a spec, a recipe or a run.

Importing this package costs nothing but its own file: each name loads its module, and PyTorch, when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .auditing import Audit, AuditFinding, NotChecked, audit, audit_distributed, watch
    from .callbacks import WinitCallback, WinitTrainerCallback
    from .capturing import capture, recording
    from .checkpoint import RecipeReader
    from .diagnosing import diagnose
    from .fill import fill_
    from .gpu import cuda_backend
    from .init import init_
    from .load import load_into, state_dict
    from .noising import add_noise_, noise
    from .perturbing import Perturbation
    from .sharding.verifying import verify_distributed
    from .verifying import verify

_MODULES = {
    "Audit": "auditing",
    "AuditFinding": "auditing",
    "NotChecked": "auditing",
    "Perturbation": "perturbing",
    "RecipeReader": "checkpoint",
    "WinitCallback": "callbacks",
    "WinitTrainerCallback": "callbacks",
    "add_noise_": "noising",
    "audit": "auditing",
    "audit_distributed": "auditing",
    "capture": "capturing",
    "cuda_backend": "gpu",
    "diagnose": "diagnosing",
    "fill_": "fill",
    "init_": "init",
    "load_into": "load",
    "noise": "noising",
    "recording": "capturing",
    "state_dict": "load",
    "verify": "verifying",
    "verify_distributed": "sharding.verifying",
    "watch": "auditing",
}

__all__ = [
    "Audit",
    "AuditFinding",
    "NotChecked",
    "Perturbation",
    "RecipeReader",
    "WinitCallback",
    "WinitTrainerCallback",
    "add_noise_",
    "audit",
    "audit_distributed",
    "capture",
    "cuda_backend",
    "diagnose",
    "fill_",
    "init_",
    "load_into",
    "noise",
    "recording",
    "state_dict",
    "verify",
    "verify_distributed",
    "watch",
]


def __getattr__(name: str) -> Any:
    """Imports the module of a public name when the name is first used."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Lists the public names, used or not."""
    return sorted({*globals(), *__all__})
