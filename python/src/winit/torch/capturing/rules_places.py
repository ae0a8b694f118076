"""Rules of operations that put elements to other places: joining, repeating, indexing, masking."""

from __future__ import annotations

import math
from typing import Any

import torch

from . import elementwise, mixing
from .calls import MAXIMUM_ELEMENTS, Call
from .rules_copies import put
from .values import Empty, Known, Mixed, Term, Unknown, whole


def cat(call: Call) -> tuple[bool, Any]:
    """`cat` and `stack`."""
    tensors = list(call.args[0])
    values = [call.recorder.value(t) for t in tensors]
    if call.written or all(isinstance(v, Known) for v in values) or len(tensors) > 64:
        return False, None
    output = call.on_meta()
    axis = int(call.argument("dim", 0)) % max(output.dim(), 1)
    shapes = [tuple(t.shape) for t in tensors]
    if call.name == "stack":
        shapes = [(*s[:axis], 1, *s[axis:]) for s in shapes]
        values = [mixing.broadcast(v, s) for v, s in zip(values, shapes, strict=True)]
    call.recorder.store(output, mixing.joined(values, shapes, axis, tuple(output.shape)))
    return True, output


def repeat(call: Call) -> tuple[bool, Any]:
    """`repeat`: every tile has the same draws."""
    value = call.recorder.value(call.args[0])
    if isinstance(value, Known | Unknown | Empty):
        return False, None
    output, source = call.on_meta(), call.args[0]
    shape = tuple(output.shape)
    own = (1,) * (len(shape) - source.dim()) + tuple(source.shape)
    tiles = [n // m for n, m in zip(shape, own, strict=True)]
    if math.prod(tiles) > 256:
        return call.finish(Unknown("it repeats draws too often"))
    value = mixing.broadcast(value, own)
    pieces = list[Any]()
    for number in range(math.prod(tiles)):
        index, rest = list[int](), number
        for n in reversed(tiles):
            index.insert(0, rest % n)
            rest //= n
        pieces.append((tuple((i * m, (i + 1) * m) for i, m in zip(index, own, strict=True)), value))
    call.recorder.store(output, Mixed(shape, ((whole(shape), Empty()), *pieces)))
    return True, output


def triangle(call: Call) -> tuple[bool, Any]:
    """`tril` and `triu`."""
    value = call.recorder.value(call.args[0])
    if isinstance(value, Known | Unknown | Empty):
        return False, None
    target = call.args[0]
    ones = torch.ones(tuple(target.shape), dtype=torch.bool)
    mask = Known((torch.tril if call.name == "tril" else torch.triu)(ones, int(call.argument("diagonal", 0))))
    zero = Known(torch.zeros((), dtype=target.dtype).expand(tuple(target.shape)))
    return call.finish(elementwise.elementwise("where", [mask, value, zero], {}, tuple(target.shape)))


def permuted(call: Call) -> tuple[bool, Any]:
    """The same elements in another order."""
    value = call.recorder.value(call.args[0])
    if not isinstance(value, Term):
        return False, None
    return call.finish(Term(value.source, None, value.shape, value.law, value.tree, value.rounded))


def index(call: Call) -> tuple[bool, Any]:
    """Draws at known places, each at most once."""
    value = call.recorder.value(call.args[0])
    indices = [None if i is None else call.recorder.value(i) for i in call.args[1]]
    if not isinstance(value, Term) or not all(i is None or isinstance(i, Known) for i in indices):
        return False, None
    count = math.prod(value.shape)
    if count > MAXIMUM_ELEMENTS:
        return False, None
    places = tuple(i.tensor if isinstance(i, Known) else slice(None) for i in indices)
    chosen = torch.arange(count).reshape(value.shape)[places]
    if chosen.unique().numel() != chosen.numel() or value.view is None:
        return call.finish(Unknown("it repeats draws that an index selects", value.source.place))
    return call.finish(Term(value.source, None, tuple(chosen.shape), value.law, value.tree, value.rounded))


def index_put(call: Call) -> tuple[bool, Any]:
    """Numbers put to known places of draws: `weight[mask] = 0`, `weight[[0, 3]] = 0`."""
    if not call.in_place or call.argument("accumulate", False):
        return False, None
    target, indices, numbers = call.args[:3]
    old, number = call.recorder.value(target), call.recorder.value(numbers)
    known = [call.recorder.value(i) if i is not None else None for i in indices]
    usable = isinstance(number, Known) and number.constant is not None and not isinstance(old, Known | Unknown | Empty)
    if not usable or not all(i is None or isinstance(i, Known) for i in known):
        return False, None
    assert isinstance(number, Known)
    mask = torch.zeros(tuple(target.shape), dtype=torch.bool)
    places = [i.tensor if isinstance(i, Known) else slice(None) for i in known]
    mask[tuple(places)] = True
    everywhere = Known(number.constant.expand(tuple(target.shape)))  # type: ignore[union-attr]
    value = elementwise.elementwise("where", [Known(mask), everywhere, old], {}, tuple(target.shape))
    return put(call, target, value)
