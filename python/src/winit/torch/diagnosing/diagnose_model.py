"""`diagnose`: runs a model once, and says whether it will train."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ...diagnosing import Diagnosis
from ...diagnosing.diagnosis import Allowed
from ...diagnosing.document import NetworkSummary, Subject
from ...diagnosing.explained import EXPLAINS
from ...diagnosing.rules import judged
from ...diagnosing.trained import trained_note
from ...errors import BadInput
from ..auditing.random_state import RandomState
from ..tensors import unwrapped
from . import keeping, passing
from .batches import Forward
from .layers import observed_layers
from .observing import Tensors
from .passing import Loss


def diagnose(
    model_or_build: torch.nn.Module | Callable[[], Any],
    batch: Any,
    loss: Loss | None = None,
    *,
    seed: int = 0,
    forward: Forward | None = None,
    batch_axis: int = 0,
    training: bool | None = None,
    allow: Allowed | None = None,
    keep: Any = None,
) -> Diagnosis:
    """Runs a model forward and backward once, and says whether its initial weights let it train.

    Hooks on the layers measure the signal (what of an output depends on the input), the gradient, dead and saturated
    units, and how alike inputs look. Findings say what is wrong, why it hurts, and how to fix it. Each threshold was
    measured on models as their libraries initialize them, which have no warning: docs/diagnose.md.

    The pass is like the first step of training, but without random numbers: batch norms take the statistics of the
    batch, and dropout is off. Everything is restored at the end, also after an error: modes, buffers, attributes,
    gradients, hooks, what requires gradients, and the random states. Weights are only read.

    Args:
        model_or_build: A module, or a function without arguments that builds one. The build draws from the current
            random state, which is set back afterwards: the next build makes the same model.
        batch: What the model takes: a tensor, a tuple of arguments, or a mapping of keyword arguments. Two samples or
            more; dead units are looked for in 64 or more.
        loss: A function of output and batch that gives the loss. Without it, the `loss` of the output is taken if there
            is one, and else a gradient N(0, 1) at the output.
        seed: The seed of that gradient, and of what the model itself draws.
        forward: A function of model and batch that runs the model, if `model(batch)`, `model(*batch)` or
            `model(**batch)` does not.
        batch_axis: The axis of the samples, such as 1 for a recurrent net that takes [time, sample, feature].
        training: True or False runs the pass in this mode instead, with dropout and running statistics as they are.
        allow: Findings that are meant: patterns of tensor or layer names, by code. They are in `allowed`.
        keep: A run whose weights the model has: the diagnosis is kept with it, by the command.

    Returns:
        The diagnosis: `findings`, `layers`, `tensors`, `loss`, `save(path)`, `assert_healthy()`.

    Raises:
        winit.BadInput: If the model has tensors without values (on the meta device, lazy), is a ScriptModule, or if the
            batch has fewer than two samples. An error of the model itself is passed on as it is.

    Example:
        >>> import torch, winit.torch
        >>> from torch import nn
        >>> def build():
        ...     return nn.Sequential(*[layer for _ in range(30) for layer in (nn.Linear(64, 64), nn.ReLU())])
        >>> diagnosis = winit.torch.diagnose(build, torch.randn(64, 64))
        >>> [finding.code for finding in diagnosis.findings if finding.severity == "error"]
        ['vanishing-backward', 'vanishing-forward']
    """
    state = RandomState()
    try:
        model = _model(model_or_build)
        _require_values(model)
        tensors = Tensors(model)
        result = passing.run(model, batch, loss, seed=seed, batch_axis=batch_axis, forward=forward, training=training)
        layers = observed_layers(result, tensors)
    finally:
        state.restore()
    found, explained = judged(tensors.observed, layers, result.input)
    if any(each.finding.layer is not None for each in explained):
        result.notes.append(EXPLAINS)
    trained = trained_note(tensors.observed)
    result.notes += [] if trained is None else [trained]
    diagnosis = Diagnosis(
        subject=_subject(model),
        tensors=tuple(tensors.diagnoses),
        layers=tuple(layer.diagnosis for layer in layers),
        network=NetworkSummary("model", type(model).__name__, "Measured in one pass of the real model.")
        if layers
        else None,
        loss=result.loss,
        findings=tuple(found),
        declared=tuple(tensors.declared),
        notes=(*_mode_notes(training), *result.notes, *tensors.notes),
        _explained=tuple(explained),
    )
    diagnosis = diagnosis.allowing(allow) if allow else diagnosis
    if keep is not None:
        keeping.keep(diagnosis, keep, model)
    return diagnosis


def _model(model_or_build: Any) -> torch.nn.Module:
    """Returns the module, built if need be, without what wraps it."""
    built = model_or_build
    if not isinstance(built, torch.nn.Module):
        if not callable(built):
            raise BadInput(f"diagnose needs a module or a function that builds one, and got {type(built).__name__}")
        built = built()
        if not isinstance(built, torch.nn.Module):
            raise BadInput(f"the function was to build a module, and it returned {type(built).__name__}")
    if any(isinstance(module, torch.jit.ScriptModule) for module in built.modules()):
        raise BadInput("diagnose cannot look into a ScriptModule. Give the module that it was made from")
    return unwrapped(built)


def _require_values(model: torch.nn.Module) -> None:
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
            raise BadInput(f"`{name}` is lazy: it has no shape before the first forward pass. Run one first")
        if tensor.device.type == "meta":
            raise BadInput(f"`{name}` is on the meta device, without values. Run winit.torch.init_ first")


def _subject(model: torch.nn.Module) -> Subject:
    from ... import __version__

    kind = type(model)
    return Subject("model", f"{kind.__module__}.{kind.__qualname__}", __version__)


def _mode_notes(training: bool | None) -> list[str]:
    if training is None:
        return []
    return ["the pass ran in " + ("training mode, with dropout" if training else "evaluation mode")]
