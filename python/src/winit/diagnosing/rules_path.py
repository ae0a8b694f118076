"""Findings about the signal and the gradient along the main path."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .document import DiagnosisFinding, Severity
from .observed import ObservedInput, ObservedLayer

WARNING_BOUND, ERROR_BOUND = 1e3, 1e5
"""How many times a signal or a gradient may grow or shrink before there is a warning, and an error."""

_SHRINKS = "initialize each layer for its activation (He for ReLU, Xavier for tanh), or put a norm after each layer"
_GROWS = "initialize each layer for its activation (He for ReLU, Xavier for tanh), or scale residual branches down"


def forward(layers: Sequence[ObservedLayer], input: ObservedInput) -> list[DiagnosisFinding]:
    """Compares the signal of the last hidden layer with that of the input.

    Tokens have no scale: then the first layer takes the place of the input, and only a signal above 1 can explode.
    """
    path = [layer for layer in _main_path(layers) if not layer.is_output]
    if not path or (input.signal is None and len(path) < 2):
        return []
    last = path[-1]
    start, place = (input.signal, "the input") if input.signal is not None else (_signal(path[0]), path[0].name)
    end = _signal(last)
    if not start or end is None:
        return []
    ratio = end / start
    if input.signal is None and ratio > 1:
        ratio = end / max(start, 1.0)
    severity = _severity(ratio)
    if severity is None:
        return []
    message = (
        f"the part of the output that depends on the input has the standard deviation {end:.2g} at {last.name}, and "
        f"{start:.2g} at {place}: a factor of {ratio:.2g}. "
    )
    if ratio < 1:
        message += "The loss cannot tell inputs apart"
        return [DiagnosisFinding("vanishing-forward", severity, message, layer=last.name, fix=_SHRINKS)]
    message += "The loss and its gradients overflow or saturate"
    return [DiagnosisFinding("exploding-forward", severity, message, layer=last.name, fix=_GROWS)]


def backward(layers: Sequence[ObservedLayer], output_is_zero: bool) -> list[DiagnosisFinding]:
    """Compares the norm of the gradient at the first layer with that at the last one.

    Args:
        layers: The layers.
        output_is_zero: Whether the weight that gives the output is 0. No layer before it has a gradient then, until the
            first step has changed it, so that gradients say nothing.
    """
    known = [layer for layer in layers if _gradient(layer) is not None]
    path = [layer for layer in _main_path(layers) if _gradient(layer) is not None]
    if output_is_zero or not known:
        return []
    before_output = [layer for layer in known if not path or layer is not path[-1]]
    if before_output and all(_gradient(layer) == 0 for layer in before_output):
        message = "the gradient is exactly 0 in every layer before the last. The model does not train"
        return [DiagnosisFinding("vanishing-backward", "error", message, layer=before_output[0].name, fix=_SHRINKS)]
    if len(path) < 2:
        return []
    start, end, ratio = min(_pairs(path, known), key=lambda pair: abs(_log(pair[2])))
    severity = _severity(ratio)
    if severity is None:
        return []
    message = (
        f"the norm of the gradient is {_gradient(start):.2g} at {start.name}, and {_gradient(end):.2g} at {end.name}: "
        f"a factor of {ratio:.2g}. "
    )
    if ratio < 1:
        message += "The first layers hardly learn"
        return [DiagnosisFinding("vanishing-backward", severity, message, layer=start.name, fix=_SHRINKS)]
    message += "A learning rate that suits the last layers makes the first ones diverge"
    return [DiagnosisFinding("exploding-backward", severity, message, layer=start.name, fix=_GROWS)]


def _pairs(
    path: Sequence[ObservedLayer], known: Sequence[ObservedLayer]
) -> list[tuple[ObservedLayer, ObservedLayer, float]]:
    """Returns the first and the last layers that are compared, with the ratio of their gradients. The mildest counts.

    A model with two inputs, such as encoder and decoder, has two first layers. A layer right before a norm is none:
    its gradient grows as its scale shrinks, which the norm undoes. The last layer is the output, or the last hidden
    one, because a head may start small.
    """
    starts = [layer for layer in [*path[:-1], *known] if not layer.is_before_norm]
    starts = [layer for layer in starts if layer.is_entrance or layer is starts[0]] or [path[0]]
    ends = [path[-1]] + ([path[-2]] if path[-1].is_output and len(path) > 2 else [])
    pairs = [(start, end) for start in starts for end in ends if start is not end]
    return [(start, end, _ratio(start, end)) for start, end in pairs or [(path[0], path[-1])]]


def _ratio(start: ObservedLayer, end: ObservedLayer) -> float:
    last = _gradient(end) or 0.0
    return (_gradient(start) or 0.0) / last if last else 1.0


def _log(ratio: float) -> float:
    return math.log(ratio) if 0 < ratio < math.inf else math.inf


def _severity(ratio: float) -> Severity | None:
    if ratio < 1 / ERROR_BOUND or ratio > ERROR_BOUND:
        return "error"
    return "warning" if ratio < 1 / WARNING_BOUND or ratio > WARNING_BOUND else None


def _main_path(layers: Sequence[ObservedLayer]) -> list[ObservedLayer]:
    return [layer for layer in layers if layer.diagnosis.main_path]


def _signal(layer: ObservedLayer) -> float | None:
    return None if layer.diagnosis.measured is None else layer.diagnosis.measured.signal


def _gradient(layer: ObservedLayer) -> float | None:
    return None if layer.diagnosis.measured is None else layer.diagnosis.measured.gradient
