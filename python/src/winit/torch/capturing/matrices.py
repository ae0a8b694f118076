"""Values that take a whole tensor: QR decompositions and norms of draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from .contents import geometry
from .geometry import contiguous, locate, repeats
from .values import Known, Matrix, Norm, Tensor, Term

if TYPE_CHECKING:
    from .calls import Call
    from .recorder import Recorder


def qr(call: Call) -> tuple[bool, Any]:
    """Follows `torch.linalg.qr` of standard normal draws, the first step of an orthogonal matrix."""
    value = call.recorder.value(call.args[0])
    if isinstance(value, Known):
        return False, None
    draws = value if isinstance(value, Term) else None
    ordinary = draws is not None and draws.tree == "draw" and draws.law.kind == "normal" and draws.law.shift == 0
    if draws is None or not ordinary or draws.view is None or repeats(draws.view) or len(draws.shape) != 2:
        return False, None
    rows, columns = draws.shape
    if rows < columns or call.argument("mode", "reduced") != "reduced":
        return False, None
    q, r = call.on_meta()
    call.recorder.store(q, Matrix("q", draws.source, contiguous((rows, columns)), (rows, columns), rows))
    call.recorder.store(r, Matrix("r", draws.source, None, (columns, columns), rows))
    return True, torch.return_types.linalg_qr((q, r))


def norm(call: Call) -> tuple[bool, Any]:
    """Follows the Euclidean norm of draws over some axes."""
    value = call.recorder.value(call.args[0])
    order = call.argument("p") if call.name == "norm" else call.argument("ord", 2)
    if not isinstance(value, Term) or order not in (None, 2, 2.0) or call.written:
        return False, None
    axes = call.argument("dim")
    rank = len(value.shape)
    if axes is None or axes == []:
        axes = list(range(rank))
    axes = [axes] if isinstance(axes, int) else list(axes)
    reduced = tuple(sorted(int(axis) % max(rank, 1) for axis in axes))
    if value.view is None:
        found = _before_reshape(call.recorder, call.args[0], reduced)
        if found is None:
            return False, None
        value, reduced = found
    output = call.on_meta()
    call.recorder.store(output, Norm(value, reduced, tuple(output.shape)))
    return True, output


def _before_reshape(
    recorder: Recorder, tensor: Tensor, reduced: tuple[int, ...]
) -> tuple[Term, tuple[int, ...]] | None:
    """Looks through a reshape that joined axes, such as `norm_except_dim` makes of a transposed tensor.

    Returns:
        The value as it was written, and its axes that the reduced axes consist of.
    """
    write, view = recorder.last_write(tensor), geometry(tensor)
    place = locate(write.view, view) if write is not None else None
    if write is None or place is None or not isinstance(write.value, Term) or write.view.size != view.size:
        return None
    axes = {axis for k in reduced for _, axis, _ in place.steps[k]}
    others = {axis for k, steps in enumerate(place.steps) if k not in reduced for _, axis, _ in steps}
    return None if axes & others else (write.value, tuple(sorted(axes)))
