"""Whether weights have been trained, so that the rules for weights before training say little."""

from __future__ import annotations

from collections.abc import Sequence

from .observed import ObservedTensor

_BIASES = {"weight": "bias", "scale": "bias", "gamma": "beta"}
"""The last names of the scale and of the bias of a norm."""


def trained_note(tensors: Sequence[ObservedTensor]) -> str | None:
    """Returns a note if the scales of norms show that the weights have been trained.

    Libraries initialize a scale with one number, and its bias with 0. The first step of training changes both. Some
    GANs draw the scale around 1 and leave the bias at 0, so a scale that varies beside a constant bias shows nothing.

    Args:
        tensors: The floating-point parameters.
    """
    by_name = {tensor.name: tensor for tensor in tensors}
    scales = [each for each in tensors if len(each.facts.shape) == 1 and each.facts.count >= 4 and _bias_name(each)]
    changed = 0
    for tensor in scales:
        bias = by_name.get(_bias_name(tensor) or "")
        changed += _varies(tensor) and (bias is None or not bias.is_constant)
    if changed < 2 or 2 * changed <= len(scales):
        return None
    return (
        f"the weights look trained: {changed} of {len(scales)} scales of norms are not one number. The rules are for "
        "weights before training"
    )


def _bias_name(tensor: ObservedTensor) -> str | None:
    """Returns the name that the bias of a scale has, or None for a tensor that is no scale by its name."""
    module, dot, last = tensor.name.rpartition(".")
    bias = _BIASES.get(last.lower())
    return None if bias is None else f"{module}{dot}{bias}"


def _varies(tensor: ObservedTensor) -> bool:
    return tensor.facts.min is not None and tensor.facts.min != tensor.facts.max
