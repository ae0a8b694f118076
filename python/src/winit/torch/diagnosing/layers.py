"""The layers of a pass, as the document and the rules have them."""

from __future__ import annotations

from collections.abc import Sequence

from ...diagnosing.document import LayerDiagnosis, Measured
from ...diagnosing.observed import ObservedLayer
from .calls import Call
from .observing import Tensors
from .passing import Pass

_CALLS = 16
"""Of a module that is called more often, the document has the first and the last eight calls."""


def observed_layers(result: Pass, tensors: Tensors) -> list[ObservedLayer]:
    """Returns the layers of a pass, in the order of execution. Calls that are left out are in the notes of the pass."""
    output = _output(result)
    calls = _listed(result)
    observed = [_observed(call, call in result.path, call is output, tensors) for call in calls]
    for call, layer in zip(calls, observed, strict=True):
        layer.is_entrance = call in result.entrances
    return observed


def _observed(call: Call, is_on_path: bool, is_output: bool, tensors: Tensors) -> ObservedLayer:
    forward = call.forward
    followers, is_followed = call.followers()
    names = [tensors.names.get(weight_name(follower)) for follower in followers]
    diagnosis = LayerDiagnosis(
        name=weight_name(call) + (f", call {call.number}" if call.number > 1 else ""),
        kind=call.kind,
        activation=call.activation,
        main_path=is_on_path,
        measured=Measured(forward.rms, forward.signal, call.gradient, forward.dead, forward.saturated, forward.cosine),
    )
    return ObservedLayer(
        diagnosis,
        weight=tensors.names.get(weight_name(call)),
        has_bias=call.has_bias,
        is_output=is_output,
        is_norm=call.is_norm,
        is_before_norm=any(consumer.is_norm for consumer in call.consumers),
        is_normalized=call.is_normalized,
        weight_part=call.weight_part,
        bias_part=call.bias_part,
        followers=[name for name in names if name is not None],
        is_followed=is_followed and None not in names,
    )


def weight_name(call: Call) -> str:
    """Returns the name of the weight of a layer; of a block and of a module without one weight, its own name."""
    names = [key for key, value in call.module._parameters.items() if value is not None]
    if "weight" in names and not call.inner:
        return f"{call.path}.weight" if call.path else "weight"
    return call.path or type(call.module).__name__


def _output(result: Pass) -> Call | None:
    """Returns the layer that gives the output: the last on the main path, unless it is a norm or a block."""
    path: Sequence[Call] = [call for call in result.calls if call in result.path]
    return path[-1] if path and not path[-1].is_norm and not path[-1].inner else None


def _listed(result: Pass) -> list[Call]:
    most: dict[object, int] = {}
    for call in result.calls:
        most[call.module] = max(most.get(call.module, 0), call.number)
    listed = [
        call for call in result.calls if call.number <= _CALLS // 2 or call.number > most[call.module] - _CALLS // 2
    ]
    left = len(result.calls) - len(listed)
    if left:
        result.notes.append(f"{left} calls of layers that are called more than {_CALLS} times are not listed")
    return listed
