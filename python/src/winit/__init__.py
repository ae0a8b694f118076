"""Initial weights of neural networks, the same bits on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import dist as dist
    from . import jax as jax
    from . import keras as keras
    from . import mlflow as mlflow
    from . import reference
    from . import torch as torch
    from .comparing import compare, verify
    from .diagnosing import Diagnosis, read_diagnosis
    from .errors import BadInput, Error, Finding, Mismatch, NotFound, Unavailable
    from .kernels import backend
    from .noising import Perturbation, add_noise, noise
    from .opening import open
    from .recipes import Recipe, TensorRecipe
    from .registry import DamageWarning, Registry, Run, RunTensor
    from .specs import Spec, SpecTensor

__version__ = "0.2.0"

__all__ = [
    "BadInput",
    "DamageWarning",
    "Diagnosis",
    "Error",
    "Finding",
    "Mismatch",
    "NotFound",
    "Perturbation",
    "Recipe",
    "Registry",
    "Run",
    "RunTensor",
    "Spec",
    "SpecTensor",
    "TensorRecipe",
    "Unavailable",
    "add_noise",
    "backend",
    "compare",
    "noise",
    "open",
    "read_diagnosis",
    "reference",
    "verify",
]

_MODULES = {
    "BadInput": "errors",
    "DamageWarning": "registry",
    "Diagnosis": "diagnosing",
    "Error": "errors",
    "Finding": "errors",
    "Mismatch": "errors",
    "NotFound": "errors",
    "Perturbation": "noising",
    "Recipe": "recipes",
    "Registry": "registry",
    "Run": "registry",
    "RunTensor": "registry",
    "Spec": "specs",
    "SpecTensor": "specs",
    "TensorRecipe": "recipes",
    "Unavailable": "errors",
    "add_noise": "noising",
    "backend": "kernels",
    "compare": "comparing",
    "noise": "noising",
    "open": "opening",
    "read_diagnosis": "diagnosing",
    "verify": "comparing",
}
"""The module of each name that is imported when it is first used: pytest imports the package on every run."""

# Not in `__all__`, but for `reference`: `from winit import *` would import the frameworks.
_PACKAGES = ("dist", "jax", "keras", "mlflow", "reference", "torch")


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used."""
    from importlib import import_module

    if name in _PACKAGES:
        return import_module(f".{name}", __name__)
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Returns all names, with those that are not imported yet."""
    return sorted({*globals(), *__all__, *_PACKAGES})
