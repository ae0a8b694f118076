"""The rule of each operation that has one, by the operation's name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from . import elementwise, matrices, rules_copies, rules_draws, rules_places
from .calls import Call
from .values import Known


def _pointwise(call: Call) -> tuple[bool, Any]:
    """Elementwise operations of which at least one operand is not known."""
    values = [call.recorder.value(t) for t in call.tensors]
    if all(isinstance(v, Known) for v in values):
        return False, None
    if any(id(t) in call._outs for t in call.written):
        return False, None
    by_id = {id(t): v for t, v in zip(call.tensors, values, strict=True)}
    args = [by_id[id(a)] if isinstance(a, torch.Tensor) else a for a in call.args]
    kwargs = {k: _plain(call, v) for k, v in call.kwargs.items()}
    output = call.on_meta()
    value = elementwise.elementwise(call.name, args, kwargs, tuple(output.shape))
    call.recorder.store(output, value)
    return True, output


def _plain(call: Call, argument: Any) -> Any:
    if isinstance(argument, torch.Tensor):
        value = call.recorder.value(argument)
        only = value.constant if isinstance(value, Known) else None
        return only.item() if only is not None else math.nan
    return argument


HANDLERS: dict[str, Callable[[Call], tuple[bool, Any]]] = {
    "normal": rules_draws.normal,
    "uniform": rules_draws.uniform,
    "rand": rules_draws.rand,
    "rand_like": rules_draws.rand,
    "randn": rules_draws.randn,
    "randn_like": rules_draws.randn,
    "log_normal": rules_draws.log_normal,
    "exponential": rules_draws.exponential,
    **dict.fromkeys(
        ("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "resize"), rules_copies.empty
    ),
    **dict.fromkeys(("zeros", "ones", "full", "zeros_like", "ones_like", "full_like"), rules_copies.full),
    **dict.fromkeys(("new_zeros", "new_ones", "new_full"), rules_copies.full),
    "fill": rules_copies.fill,
    "zero": rules_copies.fill,
    "copy": rules_copies.copy,
    **dict.fromkeys(("clone", "_to_copy", "lift", "alias_copy", "detach_copy", "contiguous"), rules_copies.same),
    "_local_scalar_dense": rules_copies.scalar,
    "cat": rules_places.cat,
    "stack": rules_places.cat,
    "repeat": rules_places.repeat,
    "tril": rules_places.triangle,
    "triu": rules_places.triangle,
    "flip": rules_places.permuted,
    "roll": rules_places.permuted,
    "index": rules_places.index,
    "index_put": rules_places.index_put,
    "diagonal_copy": rules_copies.diagonal,
    "linalg_qr": matrices.qr,
    "norm": matrices.norm,
    "linalg_vector_norm": matrices.norm,
    **dict.fromkeys((*elementwise.UNARY, *elementwise.BINARY, *elementwise.TERNARY), _pointwise),
}
