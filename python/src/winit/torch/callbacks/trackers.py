"""The trackers that a Trainer of Hugging Face reports to, where the program uses them already."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping


def tell_trackers(report_to: Collection[str] | str | None, params: Mapping[str, str]) -> None:
    """Gives parameters to the active runs of MLflow and W&B.

    Args:
        report_to: The trackers' names in `TrainingArguments`.
        params: What to record.
    """
    names = [report_to] if isinstance(report_to, str) else report_to or []
    mlflow, wandb = sys.modules.get("mlflow"), sys.modules.get("wandb")
    if "mlflow" in names and mlflow is not None and mlflow.active_run() is not None:
        mlflow.log_params(dict(params))
    if "wandb" in names and wandb is not None and wandb.run is not None:
        wandb.config.update(dict(params), allow_val_change=True)
