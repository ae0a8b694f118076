"""Findings about the outputs and inputs of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .document import DiagnosisFinding, Severity
from .observed import MANTISSA, ObservedLayer, ObservedTensor
from .units import equal_groups

ALL_EQUAL = "all outputs are equal"
"""The beginning of the message about a weight whose outputs are all equal."""

_ENTROPY = 64
"""The random bits of a unit below which two units may be equal by chance: a 1 × 1 kernel of float16 has 11."""


def identical_neurons(
    tensor: ObservedTensor, layer: ObservedLayer | None, tensors: Mapping[str, ObservedTensor]
) -> list[DiagnosisFinding]:
    """Finds equal outputs with equal biases.

    They compute the same, and get the same gradient if the weights behind them are equal too: then they stay equal
    forever, which is an error. Otherwise they separate at the first step.
    """
    if not _is_compared(tensor) or tensor.is_depthwise or tensor.is_constant or tensor.units is None:
        return []
    outputs, count = tensor.units.outputs, len(tensor.units.outputs)
    if tensor.units.output_size * MANTISSA[tensor.facts.dtype] < _ENTROPY:
        return []
    size = max(1, count // tensor.groups)
    keys = outputs * tensor.groups + np.where(outputs == 0, 0, np.arange(count) // size)
    groups = [part for group in equal_groups(keys) for part in _by_bias(group, tensor.bias)]
    if not groups:
        return []
    equal = sum(len(group) for group in groups)
    is_all = len(groups) == 1 and equal == count
    is_stuck = layer is not None and any(_leave_equal(group, layer, count, tensors) for group in groups)
    severity: Severity = "error" if is_all or is_stuck else "warning"
    if not tensor.is_kernel:
        severity = "information"
    first = ", ".join(str(index) for index in groups[0][:3])
    message = f"{equal:,} of {count:,} outputs are equal to another one (outputs {first}"
    message += ", …" if len(groups[0]) > 3 else ""
    message += f", and {len(groups) - 1} more groups). " if len(groups) > 1 else "). "
    if is_all:
        message = f"{ALL_EQUAL}, {count:,} of them. The layer has one neuron, however wide it is"
    elif is_stuck:
        message += "The weights that take them are equal too, so that they get equal gradients and stay equal forever"
    else:
        message += "They compute the same until the weights that take them make them differ"
    fix = f"torch.nn.init.kaiming_normal_({tensor.code})" if is_all else None
    return [DiagnosisFinding("identical-neurons", severity, message, tensor.name, fix=fix)]


def zero_rows(tensor: ObservedTensor) -> list[DiagnosisFinding]:
    """Finds outputs whose elements are all 0."""
    if not tensor.is_weight or tensor.units is None or tensor.is_zero:
        return []
    outputs = tensor.units.outputs
    rows = np.flatnonzero(outputs == 0)
    zeros = len(rows)
    if not zeros or rows.tolist() == [tensor.padding]:
        return []
    is_many = zeros > 0.1 * len(outputs) and not tensor.is_embedding and tensor.is_kernel
    unit = "rows" if tensor.is_embedding else "outputs"
    message = f"{zeros:,} of {len(outputs):,} {unit} are 0"
    if is_many:
        message += ". These units give their bias alone, for any input"
    return [DiagnosisFinding("zero-rows", "warning" if is_many else "information", message, tensor.name)]


def identical_inputs(tensor: ObservedTensor) -> list[DiagnosisFinding]:
    """Finds inputs whose weights are equal."""
    if not _is_compared(tensor) or tensor.is_embedding or tensor.groups > 1 or tensor.units is None:
        return []
    if tensor.units.input_size * MANTISSA[tensor.facts.dtype] < _ENTROPY or tensor.is_constant:
        return []
    if len(tensor.units.outputs) and len(set(tensor.units.outputs.tolist())) == 1:
        return []  # rows that are all equal are reported
    groups = equal_groups(tensor.units.inputs)
    if not groups:
        return []
    equal, first = sum(len(group) for group in groups), ", ".join(str(index) for index in groups[0][:3])
    message = f"{equal:,} of {len(tensor.units.inputs):,} inputs have the weights of another one (inputs {first}"
    message += "). The layer sees only their sum"
    return [DiagnosisFinding("identical-inputs", "information", message, tensor.name)]


def identical_tensors(tensors: Sequence[ObservedTensor]) -> list[DiagnosisFinding]:
    """Finds weights that are equal and not tied, such as the layers that `copy.deepcopy` of a layer makes."""
    groups = dict[object, list[ObservedTensor]]()
    for tensor in tensors:
        bits = tensor.facts.count * MANTISSA.get(tensor.facts.dtype, 0)
        if tensor.is_weight and tensor.is_kernel and not tensor.is_constant and tensor.is_finite and bits >= 256:
            groups.setdefault((tensor.facts.shape, tensor.facts.dtype, tensor.digest), []).append(tensor)
    copies = [group for group in groups.values() if len(group) > 1]
    if not copies:
        return []
    names = [tensor.name for group in copies for tensor in group]
    first, second, *others = (tensor.name for tensor in copies[0])
    message = f"{second} is equal to {first}, bit for bit, and not tied"
    message += f", and so {'is' if len(others) == 1 else 'are'} {', '.join(others[:2])}" if others else ""
    message += ", …" if len(others) > 2 else ""
    if len(copies) > 1:
        message += f"; in all {len(names)} tensors in {len(copies)} groups"
    message += ". They were drawn once and copied, as nn.TransformerEncoder copies its layer, and start as one"
    fix = "draw each layer again: for p in model.parameters(): if p.dim() > 1: torch.nn.init.xavier_uniform_(p)"
    return [DiagnosisFinding("identical-tensors", "warning", message, second, fix=fix)]


def _is_compared(tensor: ObservedTensor) -> bool:
    return tensor.is_weight and tensor.is_finite and tensor.facts.dtype in MANTISSA


def _by_bias(group: NDArray[np.int64], bias: NDArray[np.float64] | None) -> list[NDArray[np.int64]]:
    """Splits a group of outputs by their biases."""
    if bias is None or len(bias) <= int(group.max()):
        return [group]
    parts = [group[bias[group] == value] for value in np.unique(bias[group])]
    return [part for part in parts if len(part) > 1]


def _leave_equal(
    group: NDArray[np.int64], layer: ObservedLayer, outputs: int, tensors: Mapping[str, ObservedTensor]
) -> bool:
    """Tells whether every weight behind a layer treats two outputs of a group alike."""
    if not layer.followers or not layer.is_followed:
        return False
    columns = list[NDArray[np.int64]]()
    for name in layer.followers:
        follower = tensors.get(name)
        if follower is None or follower.units is None or follower.groups != 1 or follower.is_embedding:
            return False
        inputs = follower.units.inputs
        if len(inputs) % outputs:
            return False
        columns.append(inputs.reshape(outputs, -1)[group])
    alike = np.concatenate(columns, axis=1)
    return len(np.unique(alike, axis=0)) < len(group)
