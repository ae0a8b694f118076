"""Findings about the outputs of layers: saturated and dead units, inputs that look alike."""

from __future__ import annotations

from collections.abc import Sequence

from .document import DiagnosisFinding, Severity
from .observed import ObservedInput, ObservedLayer

LEAST_SAMPLES = 64
"""How many samples a batch needs before a unit that is 0 for all of them counts as dead."""


def saturating(layers: Sequence[ObservedLayer]) -> list[DiagnosisFinding]:
    """Finds layers whose tanh or sigmoid is saturated in more than half of its outputs."""
    found = list[DiagnosisFinding]()
    for layer in layers:
        measured = layer.diagnosis.measured
        if measured is None or measured.saturated is None or measured.saturated <= 0.5 or layer.is_output:
            continue
        message = (
            f"{measured.saturated:.0%} of the outputs of the {layer.diagnosis.activation} are saturated. Their "
            "gradient is nearly 0"
        )
        fix = None if layer.weight is None else f'torch.nn.init.xavier_uniform_(model.get_parameter("{layer.weight}"))'
        found.append(DiagnosisFinding("saturating", "warning", message, layer.weight, layer.name, fix))
    return found


def dead_units(layers: Sequence[ObservedLayer], input: ObservedInput) -> list[DiagnosisFinding]:
    """Finds layers of which 90% of the units are 0 for every sample of a batch of 64 or more."""
    found = list[DiagnosisFinding]()
    for layer in layers:
        measured = layer.diagnosis.measured
        if measured is None or measured.dead is None or measured.dead < 0.9 or input.samples < LEAST_SAMPLES:
            continue
        is_all = measured.dead == 1
        amount = "all units are" if is_all else f"{measured.dead:.0%} of the units are"
        message = f"{amount} 0 for each of the {input.samples} samples. A unit that is always 0 gets no gradient"
        severity = "error" if is_all else "warning"
        fix = None if layer.weight is None else f'torch.nn.init.kaiming_normal_(model.get_parameter("{layer.weight}"))'
        found.append(DiagnosisFinding("dead-units", severity, message, layer.weight, layer.name, fix))  # type: ignore[arg-type]
    return found


def look_alike_inputs(layers: Sequence[ObservedLayer], input: ObservedInput) -> list[DiagnosisFinding]:
    """Finds that the outputs of the last hidden layer are nearly parallel for all inputs, which are not themselves.

    A warning from four hidden layers on: shallow networks of sigmoids, or with small inputs beside biases, train so.
    Only in a chain of dense layers. Where paths join, tables of positions and class tokens are parts that all inputs
    share; and convolutions and pools average over the pixels of images, which makes images of noise alike.
    """
    if not all(layer.diagnosis.main_path and layer.diagnosis.kind in ("linear", "norm") for layer in layers):
        return []
    hidden = [layer for layer in layers if layer.diagnosis.main_path and not layer.is_output]
    if not hidden or input.cosine is None or input.cosine > 0.95:
        return []
    last = hidden[-1]
    measured = last.diagnosis.measured
    if measured is None or measured.cosine is None or measured.cosine <= 0.99:
        return []
    message = (
        f"the outputs of two inputs have a mean cosine of {measured.cosine:.4f}: inputs that differ look alike after "
        f"{last.name}. The loss can hardly tell them apart"
    )
    fix = "fewer layers, a norm after each layer, or residual connections"
    severity: Severity = "warning" if len(hidden) >= 4 else "information"
    return [DiagnosisFinding("look-alike-inputs", severity, message, layer=last.name, fix=fix)]
