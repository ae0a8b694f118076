"""Rules of operations that draw. A rule returns whether it handled the call, and the result."""

from __future__ import annotations

from typing import Any

import torch

from . import draws, elementwise
from .calls import META, Call
from .values import Unknown, Value


def normal(call: Call) -> tuple[bool, Any]:
    """`normal_`, and `torch.normal` of means and standard deviations."""
    if call.overload in ("Tensor_float", "float_Tensor", "Tensor_Tensor", "Tensor_float_out"):
        output = torch.empty(
            torch.broadcast_shapes(*(t.shape for t in call.tensors)), dtype=call.tensors[0].dtype, device=META
        )
        unit = call.recorder.drawn(output, draws.normal(0, 1), "normal")
        mean, std = (
            call.recorder.value(a) if isinstance(a, torch.Tensor) else a
            for a in (call.args[0], call.args[1] if len(call.args) > 1 else call.kwargs.get("std", 1.0))
        )
        scaled = elementwise.elementwise("mul", [unit, std], {}, tuple(output.shape))
        call.recorder.store(output, elementwise.elementwise("add", [scaled, mean], {}, tuple(output.shape)))
        return True, output
    law = draws.normal(call.argument("mean", 0.0), call.argument("std", 1.0))
    return _drawn(call, law, "normal_")


def uniform(call: Call) -> tuple[bool, Any]:
    """`uniform_`."""
    low, high = float(call.argument("from", 0.0)), float(call.argument("to", 1.0))
    law = draws.uniform(low, high) if low != high else draws.DrawLaw("normal", 0.0, low)
    return _drawn(call, law, "uniform_")


def rand(call: Call) -> tuple[bool, Any]:
    """`rand` and `rand_like`."""
    return _drawn(call, draws.uniform(0, 1), call.name)


def randn(call: Call) -> tuple[bool, Any]:
    """`randn` and `randn_like`."""
    return _drawn(call, draws.normal(0, 1), call.name)


def _drawn(call: Call, law: draws.DrawLaw, operation: str) -> tuple[bool, Any]:
    target = call.written[0] if call.written else call.on_meta()
    if target.dtype.is_complex:
        call.recorder.store(target, Unknown("it is drawn as complex numbers, which no law describes"))
    else:
        call.recorder.draw(target, law, operation)
    return True, target


def log_normal(call: Call) -> tuple[bool, Any]:
    """`log_normal_`: the exponential of a normal draw."""
    target = call.written[0] if call.written else call.on_meta()
    draw = call.recorder.drawn(target, draws.normal(call.argument("mean", 1.0), call.argument("std", 2.0)), call.name)
    call.recorder.store(target, elementwise.elementwise("exp", [draw], {}, tuple(target.shape)))
    return True, target


def exponential(call: Call) -> tuple[bool, Any]:
    """`exponential_`: the inverse of its distribution function at a uniform draw."""
    target = call.written[0] if call.written else call.on_meta()
    shape = tuple(target.shape)
    value: Value = call.recorder.drawn(target, draws.uniform(0, 1), call.name)
    for name, operands in (("log", []), ("neg", []), ("div", [float(call.argument("lambd", 1.0))])):
        value = elementwise.elementwise(name, [value, *operands], {}, shape)
    call.recorder.store(target, value)
    return True, target
