"""Findings about the elements of one tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from .document import DiagnosisFinding, Severity
from .observed import ObservedLayer, ObservedTensor

_RECTIFIERS = ("relu", "relu6")


def non_finite(tensor: ObservedTensor) -> list[DiagnosisFinding]:
    """Finds NaN and infinities."""
    facts = tensor.facts
    if tensor.is_finite:
        return []
    counts = [f"{facts.nan:,} NaN"] * (facts.nan > 0) + [f"{facts.infinite:,} infinite"] * (facts.infinite > 0)
    message = (
        f"{' and '.join(counts)} of {facts.count:,} elements. One of them makes the loss and every gradient NaN"
        " or infinite"
    )
    return [DiagnosisFinding("non-finite", "error", message, tensor.name)]


def all_zero_weights(
    tensors: Sequence[ObservedTensor], layers: Mapping[str, ObservedLayer], last: str | None
) -> list[DiagnosisFinding]:
    """Finds weights of zeros, with the severity that their place gives.

    Args:
        tensors: All tensors.
        layers: The layer of each weight that the pass used.
        last: The name of the weight that gives the output; without a pass, the last weight.
    """
    zero = [tensor for tensor in tensors if tensor.is_weight and tensor.is_zero]
    names = {tensor.name for tensor in zero}
    on_path = [name for name in names if name in layers and layers[name].diagnosis.main_path]
    return [_zero(tensor, layers.get(tensor.name), names, len(on_path), last) for tensor in zero]


def _zero(
    tensor: ObservedTensor, layer: ObservedLayer | None, zero: set[str], on_path: int, last: str | None
) -> DiagnosisFinding:
    def finding(severity: Severity, why: str) -> DiagnosisFinding:
        fix = None if severity == "information" else f"torch.nn.init.kaiming_normal_({tensor.code})"
        message = f"all {tensor.facts.count:,} elements are 0. {why}"
        return DiagnosisFinding("all-zero-weights", severity, message, tensor.name, fix=fix)

    if not tensor.is_kernel:
        return finding("information", "Its name is not that of a weight, so it may be meant")
    if "lora_B" in tensor.name or "lora_up" in tensor.name or "lora_embedding_B" in tensor.name:
        return finding("information", "It is the second factor of a LoRA adapter, which starts at 0")
    if layer is not None and any(name in zero for name in layer.followers):
        return finding("error", "The next weight is 0 as well, so that neither of them ever gets a gradient")
    if layer is not None and layer.diagnosis.main_path and on_path >= 2:
        return finding("error", f"{on_path} weights on the main path are 0, so that none of them ever gets a gradient")
    if tensor.name == last:
        return finding("information", "It gives the output: the model starts without a preference, and trains")
    if layer is not None and layer.diagnosis.main_path and not layer.is_normalized:
        if layer.diagnosis.activation in _RECTIFIERS and not layer.has_bias:
            return finding(
                "error", "The ReLU after it gives 0, and its gradient at 0 is 0: the layers up to it never train"
            )
        return finding("warning", "The layers before it get no gradient until it has changed")
    if layer is not None and not layer.diagnosis.main_path:
        return finding("information", "It is in a branch, which starts as 0; the path beside it carries the signal")
    return finding("warning", "What comes before it gets no gradient until it has changed")


def constant_weights(tensors: Sequence[ObservedTensor], layers: Mapping[str, ObservedLayer]) -> list[DiagnosisFinding]:
    """Finds weights whose elements are all equal and not 0. They are an error where the neighbors are constant too."""
    constant = {t.name for t in tensors if t.is_weight and t.is_constant and not t.is_zero}
    found = list[DiagnosisFinding]()
    for tensor in tensors:
        if tensor.name not in constant:
            continue
        layer = layers.get(tensor.name)
        behind = layer.followers if layer is not None else []
        before = [name for name, other in layers.items() if tensor.name in other.followers]
        is_stuck = any(name in constant for name in [*behind, *before])
        severity: Severity = "information" if not tensor.is_kernel else "error" if is_stuck else "warning"
        message = f"all {tensor.facts.count:,} elements are {_short(tensor.facts.min)}. " + (
            "The neighboring weights are constant too: the units of the layer stay equal forever"
            if is_stuck
            else "All units of the layer compute the same until the other layers make them differ"
        )
        fix = f"torch.nn.init.kaiming_normal_({tensor.code})"
        found.append(DiagnosisFinding("constant-weights", severity, message, tensor.name, fix=fix))
    return found


def nonzero_mean(tensor: ObservedTensor) -> list[DiagnosisFinding]:
    """Finds a mean that is half a standard deviation or more away from 0."""
    facts = tensor.facts
    if not tensor.is_weight or facts.mean is None or not facts.std or not tensor.is_finite or tensor.is_sinusoid_table:
        return []
    ratio = abs(facts.mean) / facts.std
    if ratio <= 0.5 or ratio <= 5 / math.sqrt(facts.count):
        return []
    message = (
        f"the mean {_short(facts.mean)} is {ratio:.2g} standard deviations from 0. All units then respond to the mean "
        "of their inputs more than to what distinguishes them"
    )
    if facts.min is not None and facts.min >= 0:
        message += "; no element is negative, as of a uniform draw in [0, 1)"
    severity: Severity = "warning" if tensor.is_kernel else "information"
    fix = f"torch.nn.init.xavier_uniform_({tensor.code})"
    return [DiagnosisFinding("nonzero-mean", severity, message, tensor.name, fix=fix)]


def truncated_by_dtype(tensor: ObservedTensor) -> list[DiagnosisFinding]:
    """Finds weights that are so small that their dtype rounds them by more than 1% of their scale."""
    if not tensor.is_weight or tensor.rounding is None or tensor.rounding <= 0.01:
        return []
    message = (
        f"{tensor.facts.dtype} rounds these elements by {tensor.rounding:.1%} of their standard deviation "
        f"{_short(tensor.facts.std)}: most of them are subnormal"
    )
    fix = "keep the weights in float32, or in bfloat16, which has the range of float32"
    return [DiagnosisFinding("truncated-by-dtype", "warning", message, tensor.name, fix=fix)]


def _short(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"
