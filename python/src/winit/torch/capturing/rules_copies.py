"""Rules of operations that fill and copy, and of those that give Python a number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from . import mixing
from .calls import Call
from .values import Empty, Known, Matrix, Tensor, Value


def empty(call: Call) -> tuple[bool, Any]:
    """Makes a tensor whose elements nothing wrote."""
    return True, call.on_meta()


def full(call: Call) -> tuple[bool, Any]:
    """Makes a tensor of one number."""
    output = call.on_meta()
    if call.written or not isinstance(output, torch.Tensor):
        return False, None
    number = 0 if "zeros" in call.name else 1 if "ones" in call.name else call.argument("fill_value")
    call.recorder.store(output, Known(torch.full((), number, dtype=output.dtype).expand(tuple(output.shape))))
    return True, output


def fill(call: Call) -> tuple[bool, Any]:
    """Writes one number, or the value of a tensor of rank 0, to every element."""
    if not call.in_place:
        return False, None
    target, number = call.args[0], 0 if call.name == "zero" else call.argument("value")
    shape = tuple(target.shape)
    if isinstance(number, torch.Tensor):
        value = mixing.broadcast(call.recorder.value(number), shape)
    else:
        value = Known(torch.full((), number, dtype=target.dtype).expand(shape))
    return put(call, target, value)


def copy(call: Call) -> tuple[bool, Any]:
    """Overwrites a tensor with another one."""
    if not call.in_place:
        return False, None
    target, source = call.args[:2]
    return put(call, target, mixing.broadcast(call.recorder.value(source), tuple(target.shape)))


def put(call: Call, target: Tensor, value: Value) -> tuple[bool, Any]:
    """Overwrites a tensor. One on the CPU that has no record is written itself, if the numbers are known."""
    if target.device.type != "meta" and not call.recorder.knows(target):
        if isinstance(value, Known):
            target.detach().copy_(value.tensor)
            return True, target
    elif target.device.type == "meta":
        call.on_meta()
    call.recorder.store(target, value)
    return True, target


def same(call: Call) -> tuple[bool, Any]:
    """A copy in another storage, or another dtype."""
    value = call.recorder.value(call.args[0])
    if isinstance(value, Empty):
        return True, call.on_meta()
    return call.finish(value)


def scalar(call: Call) -> tuple[bool, Any]:
    """Gives Python a number, if it is known."""
    value = call.recorder.value(call.args[0])
    if not isinstance(value, Known):
        call.recorder.refuse_value("item", value)
        return False, None
    return True, value.tensor.reshape(-1)[0].item()


def diagonal(call: Call) -> tuple[bool, Any]:
    """Copies the diagonal of the triangular factor of a QR decomposition."""
    value = call.recorder.value(call.args[0])
    if not isinstance(value, Matrix) or value.kind != "r" or int(call.argument("offset", 0)) != 0:
        return False, None
    return call.finish(replace(value, kind="diagonal", view=None, shape=(min(value.shape),)))


def need_numbers(call: Call) -> None:
    """Refuses an operation whose result's shape, or a Python value, depends on elements that are not known."""
    deciding = call.tensors
    if call.name in ("index", "masked_select"):
        deciding = [t for t in call.tensors[1:] if t.dtype in (torch.bool, torch.uint8)]
    for tensor in deciding:
        value = call.recorder.value(tensor)
        if not isinstance(value, Known):
            call.recorder.refuse_value(call.name, value)
