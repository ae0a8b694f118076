"""The batch: how the model takes it, how many samples it has, and what its input is like."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch

from ...diagnosing.observed import ObservedInput
from ...errors import BadInput
from .measuring import Samples, measured
from .outputs import is_measurable, tensors_in

Forward = Callable[[torch.nn.Module, Any], Any]


def first_tensor(batch: Any, axis: int) -> torch.Tensor | None:
    """Returns the first tensor of a batch that has an axis."""
    return next((tensor for tensor in tensors_in(batch) if tensor.dim() > axis), None)


def prepared(batch: Any, axis: int) -> tuple[Any, Any]:
    """Copies a batch, so that the model may change it in place, and lets its first tensor require a gradient.

    Returns:
        The copy, and the node of autograd that every path to the input ends at, or None for tokens.
    """
    first, nodes = first_tensor(batch, axis), list[Any]()

    def copied(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            plain = value.detach().clone()
            if value is not first or not is_measurable(value):
                return plain
            given = plain.requires_grad_().clone()  # a leaf could not be changed in place
            nodes.append(given.grad_fn)
            return given
        if type(value) in (list, tuple):
            return type(value)(copied(each) for each in value)
        return {key: copied(each) for key, each in value.items()} if type(value) is dict else value

    return copied(batch), nodes[0] if nodes else None


def samples_of(batch: Any, axis: int) -> Samples:
    """Returns how the samples lie in a batch: along an axis of its first tensor.

    Raises:
        BadInput: If there is no such tensor, or fewer than two samples.
    """
    first = first_tensor(batch, axis)
    if first is None:
        raise BadInput(f"diagnose needs a batch with a tensor that has the axis {axis}, and got {type(batch).__name__}")
    count = int(first.shape[axis])
    if count < 2:
        raise BadInput(
            f"diagnose needs a batch of two samples or more, because the signal is what differs between them, and the "
            f"batch has {count} along axis {axis} of its first tensor, whose shape is {list(first.shape)}. Give "
            "batch_axis= if the samples are along another axis"
        )
    return Samples(count, axis)


def observed_input(batch: Any, samples: Samples) -> ObservedInput:
    """Returns what the first tensor of a batch is like; nothing but the number of samples for tokens."""
    first = first_tensor(batch, samples.axis)
    if first is None or not is_measurable(first):
        return ObservedInput(samples.count)
    found = measured(first, samples, None, -1)
    return ObservedInput(samples.count, found.signal, found.cosine)


def call(model: torch.nn.Module, batch: Any, forward: Forward | None, has_loss: bool) -> tuple[Any, str | None]:
    """Runs a model on a batch.

    Args:
        model: The model.
        batch: A tensor, a tuple or list of arguments, or a mapping of keyword arguments.
        forward: Runs the model instead.
        has_loss: Whether a loss takes the batch too. A tuple may then have more items than the model takes.

    Returns:
        The output, and a note.
    """
    if forward is not None:
        return forward(model, batch), None
    if isinstance(batch, Mapping):
        return model(**batch), None
    if not isinstance(batch, (tuple, list)):
        return model(batch), None
    taken = _positional_count(model)
    if has_loss and taken is not None and taken < len(batch):
        first = "first" if taken == 1 else f"first {taken}"
        note = f"the model took the {first} of the {len(batch)} items of the batch; the rest is for the loss"
        return model(*batch[:taken]), note
    return model(*batch), None


def _positional_count(model: torch.nn.Module) -> int | None:
    """Returns how many positional arguments the model takes, or None for any number."""
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return None
    return sum(each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters)
