"""Findings about a tensor among those of its family."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .document import DiagnosisFinding
from .families import LEAST, label, odd_ones, pattern
from .observed import ObservedTensor


def odd_one_out(tensors: Sequence[ObservedTensor]) -> list[DiagnosisFinding]:
    """Finds weights whose standard deviation is not that of the neighboring layers."""
    groups = dict[object, list[ObservedTensor]]()
    for tensor in tensors:
        if tensor.is_weight and tensor.is_kernel and tensor.is_finite and not tensor.is_constant:
            groups.setdefault((pattern(tensor.name), tensor.facts.shape), []).append(tensor)
    found = list[DiagnosisFinding]()
    for family in groups.values():
        if len(family) >= LEAST:
            found += _odd(family)
    return found


def _odd(family: Sequence[ObservedTensor]) -> list[DiagnosisFinding]:
    logs = [math.log(tensor.facts.std or 1.0) for tensor in family]
    errors = [math.sqrt(max((tensor.facts.kurtosis or 3.0) - 1, 0.01) / 4 / tensor.facts.count) for tensor in family]
    found = list[DiagnosisFinding]()
    for index, factor in sorted(odd_ones(logs, errors)):
        tensor = family[index]
        std = tensor.facts.std or 0.0
        message = (
            f"the standard deviation {std:.3g} is {factor:.3g} × what the other layers of "
            f"{label([each.name for each in family])} have there. One layer of a stack was initialized differently"
        )
        fix = f"torch.nn.init.normal_({tensor.code}, std={std / factor:.3g})"
        found.append(DiagnosisFinding("odd-one-out", "warning", message, tensor.name, fix=fix))
    return found
