"""What both callbacks do when training starts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TypeAlias

import torch

from ...errors import BadInput
from ...recipes import Recipe
from ..names import Rename
from ..sources import run_of
from ..verifying import verify

LOG = logging.getLogger("winit")

Part: TypeAlias = str | Callable[[torch.nn.Module], torch.nn.Module] | None
"""Which part of a model a run is about: a path such as "model.backbone", a function, or None for the whole model."""

Log: TypeAlias = Callable[[Mapping[str, str]], object]
"""What takes the parameters to log, such as `wandb.config.update` or `mlflow.log_params`."""


@dataclass(frozen=True)
class StartCheck:
    """The verification of a model at the start of training.

    Attributes:
        run: A run, a recipe, a reference, or the path of a recipe file.
        module: The part of the model that the run is about.
        subset: As for `winit.torch.verify`.
        cast: As for `winit.torch.verify`.
        rename: As for `winit.torch.verify`.
    """

    run: Recipe | str | PathLike[str]
    module: Part = None
    subset: bool = False
    cast: bool = False
    rename: Rename | None = None

    def verified(self, model: torch.nn.Module) -> dict[str, str]:
        """Verifies a model, and returns what to log.

        Raises:
            Mismatch: If the model is not that of the run. Training must not start.
        """
        recipe = run_of(self.run)
        verify(self._part(model), recipe, subset=self.subset, cast=self.cast, rename=self.rename)
        params = parameters(recipe)
        LOG.info("the model is that of %s", ", ".join(f"{name}={value}" for name, value in params.items()))
        return params

    def _part(self, model: torch.nn.Module) -> torch.nn.Module:
        if self.module is None:
            return model
        if not isinstance(self.module, str):
            return self.module(model)
        try:
            return model.get_submodule(self.module)
        except AttributeError as error:
            raise BadInput(f"the model has no part `{self.module}`: {error}") from None


def parameters(recipe: Recipe) -> dict[str, str]:
    """Returns what a tracker is to record of a run or a recipe: reference, id, seed and so on, as texts."""
    as_params: Callable[[], dict[str, str]] | None = getattr(recipe, "as_params", None)
    if as_params is not None:
        return as_params()
    found = {"winit.id": recipe.id or recipe.compute_id()}
    return found if recipe.seed is None else {**found, "winit.seed": str(recipe.seed)}
