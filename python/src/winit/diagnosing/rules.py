"""All findings of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from . import rules_elements, rules_families, rules_gain, rules_outputs, rules_path, rules_units
from .document import SEVERITIES, DiagnosisFinding
from .families import label, pattern
from .observed import ObservedInput, ObservedLayer, ObservedTensor
from .rules_units import ALL_EQUAL


def findings(
    tensors: Sequence[ObservedTensor],
    layers: Sequence[ObservedLayer] = (),
    input: ObservedInput | None = None,
    last: str | None = None,
) -> list[DiagnosisFinding]:
    """Returns the findings, the most severe first, then in the order of tensors and layers.

    Args:
        tensors: The floating-point parameters, tied ones once, in order.
        layers: The layers of a pass, in the order of execution.
        input: The input of the pass.
        last: The weight that gives the output; by default that of the last layer, or the last weight.
    """
    by_name = {tensor.name: tensor for tensor in tensors}
    of_weight = {layer.weight: layer for layer in reversed(layers) if layer.weight is not None}
    weights = [tensor.name for tensor in tensors if tensor.is_weight]
    output = next((layer for layer in reversed(layers) if layer.is_output), None)
    if last is None:
        last = output.weight if output is not None else weights[-1] if weights else None
    found = [finding for tensor in tensors for finding in rules_elements.non_finite(tensor)]
    found += rules_elements.all_zero_weights(tensors, of_weight, last)
    found += rules_elements.constant_weights(tensors, of_weight)
    for tensor in tensors:
        found += rules_units.identical_neurons(tensor, of_weight.get(tensor.name), by_name)
        found += rules_units.zero_rows(tensor)
        found += rules_units.identical_inputs(tensor)
        found += rules_elements.nonzero_mean(tensor)
        found += rules_elements.truncated_by_dtype(tensor)
    found += rules_units.identical_tensors(tensors)
    # A mean and rows of zeros change the standard deviation too.
    reasons = ("nonzero-mean", "zero-rows")
    explained = {finding.tensor for finding in found if finding.code in reasons and finding.severity == "warning"}
    found += [finding for finding in rules_families.odd_one_out(tensors) if finding.tensor not in explained]
    if layers and not explain_the_pass(found):
        found += rules_gain.layer_gain(layers, by_name) + rules_gain.bias_dominated(layers)
        found += rules_outputs.saturating(layers)
        output_is_zero = last in by_name and by_name[last].is_zero
        found += rules_path.backward(layers, output_is_zero)
        if input is not None:
            found += rules_path.forward(layers, input)
            found += rules_outputs.dead_units(layers, input)
            if not any(finding.code == "nonzero-mean" and finding.tensor in explained for finding in found):
                found += rules_outputs.look_alike_inputs(layers, input)  # a mean makes inputs alike
    ranks = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    return folded(sorted(found, key=lambda finding: ranks[finding.severity]))


def folded(found: Sequence[DiagnosisFinding]) -> list[DiagnosisFinding]:
    """Joins findings that say the same of tensors whose names differ only in numbers: twelve layers are one finding."""
    groups = dict[object, list[DiagnosisFinding]]()
    for finding in found:
        key = (finding.code, finding.severity, finding.message, pattern(finding.tensor or ""), finding.layer)
        groups.setdefault(key if finding.tensor else id(finding), []).append(finding)
    return [_joined(group) for group in groups.values()]


def _joined(group: Sequence[DiagnosisFinding]) -> DiagnosisFinding:
    if len(group) == 1:
        return group[0]
    names = label([finding.tensor or "" for finding in group])
    return replace(group[0], message=f"{group[0].message}. The same in {names}")


def explain_the_pass(found: Sequence[DiagnosisFinding]) -> bool:
    """Tells whether a finding about a tensor is the reason for whatever the pass shows behind it.

    A weight of NaN, zeros or equal rows makes every layer behind it NaN, dead or alike. One cause is one finding.
    """
    causes = ("non-finite", "all-zero-weights", "constant-weights")
    return any(
        finding.severity != "information"
        and (finding.code in causes or (finding.code == "identical-neurons" and finding.message.startswith(ALL_EQUAL)))
        for finding in found
    )
