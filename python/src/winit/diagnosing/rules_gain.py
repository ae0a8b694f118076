"""Findings about the scale of single layers: their gain, and their biases."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from .document import DiagnosisFinding
from .families import label, pattern
from .moments import second_moment, slope_of
from .observed import ObservedLayer, ObservedTensor

_LOW, _HIGH = 0.8, 1.25

_WANTED = {
    "relu": "He's scheme (std √(2/fan_in))",
    "relu6": "He's scheme (std √(2/fan_in))",
    "gelu": "A little more than He's scheme (std √(2.35/fan_in))",
    "gelu_tanh": "A little more than He's scheme (std √(2.35/fan_in))",
    "quick_gelu": "A little more than He's scheme (std √(2.35/fan_in))",
    "silu": "A std of √(2.85/fan_in)",
    "mish": "A std of √(2.25/fan_in)",
    "hardswish": "A std of √(3/fan_in)",
    "elu": "A std of √(1.05/fan_in)",
    "selu": "LeCun's scheme (std √(1/fan_in))",
    "tanh": "Xavier's scheme (std √(2/(fan_in + fan_out)))",
}
"""For each activation, the scheme that keeps the scale from layer to layer."""


def layer_gain(layers: Sequence[ObservedLayer], tensors: Mapping[str, ObservedTensor]) -> list[DiagnosisFinding]:
    """Finds layers without a norm that shrink or grow what they get; one finding for each family of layers.

    The factor of a layer is √(fan_in · mean w² · E f²), with E f² at a standard normal input: He's 1 for a ReLU. For a
    tanh, which brings every large scale to 1, it is the factor of small signals, and only a small one is a finding.
    """
    groups = dict[object, list[tuple[ObservedLayer, ObservedTensor, float]]]()
    for layer in layers:
        tensor = tensors.get(layer.weight or "")
        factor = None if tensor is None else _factor(layer, tensor)
        if tensor is None or factor is None or _LOW <= factor <= _HIGH:
            continue
        key = (pattern(tensor.name), layer.diagnosis.activation, law(tensor))
        groups.setdefault(key, []).append((layer, tensor, factor))
    return [_gain(group) for group in groups.values()]


def _factor(layer: ObservedLayer, tensor: ObservedTensor) -> float | None:
    activation, fan_in = layer.diagnosis.activation, tensor.facts.fan_in
    if activation is None or fan_in is None or layer.is_output or layer.is_normalized or tensor.is_embedding:
        return None
    if not layer.diagnosis.main_path or not tensor.is_finite or tensor.is_constant:
        return None
    variance = fan_in * tensor.mean_square
    if activation == "tanh":
        return math.sqrt(variance) if variance < _LOW * _LOW else None
    if activation not in _WANTED and slope_of(activation) is None:
        return None
    moment = second_moment(activation, round(variance, 6))
    return None if moment is None else math.sqrt(moment)


def law(tensor: ObservedTensor) -> str:
    """Returns the name of the law that a weight's scale and kurtosis are those of, or its scale in words."""
    facts = tensor.facts
    fan_in, fan_out = facts.fan_in or 1, facts.fan_out or 1
    scale = tensor.mean_square * fan_in
    tolerance = max(0.03, 5 * math.sqrt(0.5 / facts.count))
    known = {
        "PyTorch's default ±1/√fan_in": 1 / 3,
        "He (kaiming)": 2.0,
        "LeCun": 1.0,
        "Xavier (Glorot)": 2 * fan_in / (fan_in + fan_out),
    }
    for name, value in known.items():
        if abs(scale / value - 1) < 2 * tolerance and (fan_in != fan_out or name != "LeCun"):
            return name
    return f"std {facts.std or 0:.2g}"


def _gain(group: Sequence[tuple[ObservedLayer, ObservedTensor, float]]) -> DiagnosisFinding:
    layer, tensor, _ = group[0]
    activation = layer.diagnosis.activation or ""
    factors = sorted(each for _, _, each in group)
    shown = f"{factors[0]:.3g}" if factors[-1] / factors[0] < 1.02 else f"{factors[0]:.3g} to {factors[-1]:.3g}"
    wanted = _WANTED.get(activation, "He's scheme (std √(2/((1 + slope²) fan_in)))")
    others = f", as in the others of {label([each.name for _, each, _ in group])}" if len(group) > 1 else ""
    message = f"{law(tensor)} under {activation} multiplies the signal by {shown} a layer{others}. {wanted} keeps it"
    slope = slope_of(activation)
    weight = tensor.code if len(group) == 1 else "w"
    fix = {
        "tanh": f"torch.nn.init.xavier_uniform_({weight})",
        "selu": f"torch.nn.init.kaiming_normal_({weight}, nonlinearity='linear')",
    }.get(activation, f"torch.nn.init.kaiming_normal_({weight}, nonlinearity='relu')")
    if slope is not None:
        fix = f"torch.nn.init.kaiming_normal_({weight}, a={slope})"
    fix += "" if len(group) == 1 else " for each of these weights w"
    return DiagnosisFinding("layer-gain", "information", message, tensor.name, layer.name, fix)


def bias_dominated(layers: Sequence[ObservedLayer]) -> list[DiagnosisFinding]:
    """Finds hidden layers whose output is mostly the bias; one finding for the model."""
    found = [layer for layer in layers if _is_bias_dominated(layer)]
    if not found:
        return []
    first = found[0]
    message = (
        f"{len(found)} hidden layer{'s' if len(found) > 1 else ''}, from {first.name} on: the bias is larger "
        f"(mean square {first.bias_part:.2g}) than what the weights give ({first.weight_part:.2g}). The output hardly "
        "depends on the input"
    )
    bias = f"{(first.weight or '').removesuffix('weight')}bias"
    fix = f'torch.nn.init.zeros_(model.get_parameter("{bias}"))' if (first.weight or "").endswith("weight") else None
    return [DiagnosisFinding("bias-dominated", "information", message, first.weight, first.name, fix)]


def _is_bias_dominated(layer: ObservedLayer) -> bool:
    if layer.is_output or layer.is_norm or layer.is_normalized or not layer.diagnosis.main_path:
        return False
    return layer.bias_part is not None and layer.weight_part is not None and layer.bias_part > layer.weight_part
