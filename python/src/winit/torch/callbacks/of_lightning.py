"""The callback for Lightning, under both of its names: `lightning` and `pytorch_lightning`."""

from __future__ import annotations

import importlib
import sys
from os import PathLike
from typing import Any

from ...errors import Unavailable
from ...recipes import Recipe
from ..names import Rename
from .start import LOG, Log, Part, StartCheck

_LIBRARIES = ("lightning.pytorch", "pytorch_lightning")


class WinitCallback:
    """Verifies the model when `Trainer.fit` starts training, and gives reference and id to every logger.

    It runs in `on_train_start`: after the model was configured, moved and converted, before the first batch. If
    training resumes from a checkpoint, nothing is verified, and the log says so. A model that is sharded over processes
    (FSDP, DeepSpeed) is not supported: the error names its tensors.

    Args:
        run: A run, a recipe, a reference such as "gpt2@sha256:e6dc", or the path of a recipe file.
        module: The part of the LightningModule that the run is about: a path such as "model", or a function. The whole
            LightningModule by default.
        subset: Whether the model may lack tensors of the run.
        cast: Whether the model may hold the values rounded to another floating-point dtype (precision "bf16-true").
        rename: From names in the model to names in the run.
        log: A function that also gets the parameters, such as `wandb.config.update`.

    Raises:
        Mismatch: When training starts, if the model is not that of the run.

    Example:
        >>> callback = WinitCallback("gpt2@sha256:e6dc", module="model")  # doctest: +SKIP
        >>> lightning.Trainer(callbacks=[callback]).fit(module, loader)  # doctest: +SKIP
    """

    _of: type[WinitCallback]
    """The class without its Lightning, which a pickle can name."""

    def __new__(cls, *args: Any, **kwargs: Any) -> WinitCallback:
        """Makes an instance that is also a Callback of each Lightning that the program has imported."""
        bases = tuple(library.Callback for library in _imported())
        made = type(cls.__name__, (cls, *bases), {"__module__": cls.__module__, "_of": cls})
        return super().__new__(made)

    def __init__(
        self,
        run: Recipe | str | PathLike[str],
        *,
        module: Part = None,
        subset: bool = False,
        cast: bool = False,
        rename: Rename | None = None,
        log: Log | None = None,
    ) -> None:
        """Makes the callback; nothing is read before training starts."""
        self._check = StartCheck(run, module, subset, cast, rename)
        self._log = log

    def __reduce__(self) -> Any:
        """Pickles the arguments: strategies that spawn processes pickle their callbacks."""
        return _made, (self._of, self.__dict__)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Verifies, and logs."""
        if trainer.global_step > 0 or trainer.ckpt_path is not None:
            LOG.info("training resumes at step %s; its first weights are not verified", trainer.global_step)
            return
        params = self._check.verified(pl_module)
        for logger in trainer.loggers:
            logger.log_hyperparams(params)
        if self._log is not None and trainer.is_global_zero:
            self._log(params)


def _made(of: type[WinitCallback], attributes: dict[str, Any]) -> WinitCallback:
    callback = of.__new__(of)
    callback.__dict__.update(attributes)
    return callback


def _imported() -> list[Any]:
    """Returns the modules of Lightning that are imported, else the first one that can be."""
    found = [sys.modules[name] for name in _LIBRARIES if name in sys.modules]
    for name in _LIBRARIES if not found else ():
        try:
            return [importlib.import_module(name)]
        except ImportError:
            continue
    if not found:
        raise Unavailable("WinitCallback needs Lightning: pip install lightning")
    return found
