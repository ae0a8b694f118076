"""All findings of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from . import rules_elements, rules_families, rules_gain, rules_outputs, rules_path, rules_units
from .document import SEVERITIES, DiagnosisFinding
from .explained import ExplainedFinding, cause
from .families import label, pattern
from .observed import ObservedInput, ObservedLayer, ObservedTensor
from .rules_units import ALL_EQUAL


def findings(
    tensors: Sequence[ObservedTensor],
    layers: Sequence[ObservedLayer] = (),
    input: ObservedInput | None = None,
    last: str | None = None,
) -> list[DiagnosisFinding]:
    """Returns the findings of `judged` that no other one explains."""
    return judged(tensors, layers, input, last)[0]


def judged(
    tensors: Sequence[ObservedTensor],
    layers: Sequence[ObservedLayer] = (),
    input: ObservedInput | None = None,
    last: str | None = None,
) -> tuple[list[DiagnosisFinding], list[ExplainedFinding]]:
    """Returns the findings, and those that others explain. The most severe are first, then in the order of tensors.

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
    shifted = [each for each in found if each.code in ("nonzero-mean", "zero-rows") and each.severity == "warning"]
    explained = list[ExplainedFinding]()
    for each in rules_families.odd_one_out(tensors):
        causes = {cause(other) for other in shifted if other.tensor == each.tensor}
        _add(each, causes, found, explained)
    if layers:
        broken = {cause(each) for each in found if _breaks(each)}
        means = {cause(each) for each in shifted if each.code == "nonzero-mean"}
        output_is_zero = last in by_name and by_name[last].is_zero
        for each in _of_pass(layers, by_name, input, output_is_zero):
            # A mean makes inputs alike.
            _add(each, broken | means if each.code == "look-alike-inputs" else broken, found, explained)
    ordered = sorted(explained, key=lambda each: _RANKS[each.finding.severity])
    return folded(sorted(found, key=lambda each: _RANKS[each.severity])), ordered


_RANKS = {severity: rank for rank, severity in enumerate(SEVERITIES)}


def _add(
    finding: DiagnosisFinding,
    causes: set[tuple[str, str]],
    found: list[DiagnosisFinding],
    explained: list[ExplainedFinding],
) -> None:
    if causes:
        explained.append(ExplainedFinding(finding, frozenset(causes)))
    else:
        found.append(finding)


def _of_pass(
    layers: Sequence[ObservedLayer],
    tensors: Mapping[str, ObservedTensor],
    input: ObservedInput | None,
    output_is_zero: bool,
) -> list[DiagnosisFinding]:
    """Returns the findings about layers."""
    found = rules_gain.layer_gain(layers, tensors) + rules_gain.bias_dominated(layers)
    found += rules_outputs.saturating(layers)
    found += rules_path.backward(layers, output_is_zero)
    if input is not None:
        found += rules_path.forward(layers, input)
        found += rules_outputs.dead_units(layers, input)
        found += rules_outputs.look_alike_inputs(layers, input)
    return found


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


def _breaks(finding: DiagnosisFinding) -> bool:
    """Tells whether a finding about a tensor is the reason for whatever the pass shows behind it.

    A weight of NaN, zeros or equal rows makes every layer behind it NaN, dead or alike. One cause is one finding.
    """
    causes = ("non-finite", "all-zero-weights", "constant-weights")
    return finding.severity != "information" and (
        finding.code in causes or (finding.code == "identical-neurons" and finding.message.startswith(ALL_EQUAL))
    )
