"""Keeps a diagnosis with a run."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import torch

from ...diagnosing import Diagnosis
from ...errors import BadInput
from ...registry import Run, command


def keep(diagnosis: Diagnosis, run: Any, model: torch.nn.Module) -> None:
    """Keeps a diagnosis with a run, by the command, if the model has the weights of the run.

    Args:
        diagnosis: The diagnosis.
        run: The run, or a reference to one in the default registry.
        model: The model that was diagnosed.

    Raises:
        winit.Mismatch: If the model has other weights. Nothing is kept.
        winit.Unavailable: If there is no command.
    """
    from ...opening import open
    from ..verifying import verify

    opened = open(run) if isinstance(run, str) else run
    if not isinstance(opened, Run):
        raise BadInput(f"keep needs a run of a registry or its reference, and got {type(run).__name__}")
    verify(model, opened)
    with tempfile.TemporaryDirectory(prefix="winit-") as folder:
        path = os.path.join(folder, "diagnosis.json")
        diagnosis.save(path)
        command.run(["diagnose", "--keep", f"--document={path}"], opened.reference, registry=opened.path)
