"""The callback for the Trainer of Hugging Face's transformers."""

from __future__ import annotations

from os import PathLike
from typing import Any

from transformers import TrainerCallback

from ...recipes import Recipe
from ..names import Rename
from .start import LOG, Log, Part, StartCheck
from .trackers import tell_trackers


class WinitTrainerCallback(TrainerCallback):  # type: ignore[misc]  # untyped
    """Verifies the model when `Trainer.train` starts, and logs reference and id.

    They get into the log history, which is saved as trainer_state.json with each checkpoint, and to MLflow and W&B
    where `TrainingArguments(report_to=…)` names them. If training resumes from a checkpoint, nothing is verified, and
    the log says so. A model that is sharded over processes (FSDP, DeepSpeed) is not supported: the error names its
    tensors.

    Args:
        run: A run, a recipe, a reference such as "gpt2@sha256:e6dc", or the path of a recipe file.
        module: The part of the model that the run is about: a path such as "base_model", or a function. The whole model
            by default.
        subset: Whether the model may lack tensors of the run.
        cast: Whether the model may hold the values rounded to another floating-point dtype.
        rename: From names in the model to names in the run.
        log: A function that also gets the parameters.

    Raises:
        Mismatch: When training starts, if the model is not that of the run.

    Example:
        >>> trainer = Trainer(model, args, callbacks=[WinitTrainerCallback("gpt2:v2")])  # doctest: +SKIP
        >>> trainer.train()  # doctest: +SKIP
    """

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

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Verifies, and logs."""
        if state.global_step > 0:
            LOG.info("training resumes at step %s; its first weights are not verified", state.global_step)
            return
        params = self._check.verified(kwargs["model"])
        state.log_history.append({**params, "epoch": 0.0, "step": 0})
        if state.is_world_process_zero:
            tell_trackers(args.report_to, params)
            if self._log is not None:
                self._log(params)
