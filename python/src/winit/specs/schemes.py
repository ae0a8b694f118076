"""Laws as schemes: the `init` from which the command resolves exactly a law (docs/spec.md)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import reference
from ..errors import BadInput
from ..recipes.dtypes import FLOATING_LIMITS
from ..recipes.laws import is_structure
from .expressions import expression_text
from .numbers import Number, binary32, binary64, cut, uniform_bounds
from .structures import matrix_shape, structure_keys

Init = Any
"""The value of `init`: a name, or a mapping of names, numbers and lists."""


def scheme(
    law: Mapping[str, Any],
    dtype: str,
    shape: tuple[int, ...],
    literals: Iterable[Init],
    streams: Mapping[int, str],
) -> tuple[Init, dict[str, Any]]:
    """Returns the init of a law, and the `layout` or the `fans` that belong beside it.

    Args:
        law: The law of a tensor, as a manifest has it.
        dtype: The dtype.
        shape: The shape.
        literals: The init of each literal of the tensor, in order.
        streams: The names of streams that parts may name.

    Raises:
        BadInput: If no init gives the law.
    """
    given = iter(literals)
    if law["law"] == "same_as":
        return {"scheme": "same_as", "of": _name(law["name"])}, {}
    if law["law"] == "norm_of":
        return {"scheme": "norm_of", "of": _name(law["name"]), "axes": law["axes"]}, {}
    if law["law"] == "literal":
        return next(given), {}
    if law["law"] != "parts":
        return _plain(law, dtype, shape, ()), structure_keys(law, shape, ()) if is_structure(law) else {}
    base, keys = _part(law["parts"][0], dtype, shape, given, streams)
    if "stream" in base:
        raise BadInput("its base has a stream of its own, which a spec cannot say; save the recipe instead")
    parts = list[Any]()
    for part in law["parts"][1:]:
        made, own = _part(part, dtype, shape, given, streams)
        parts.append({"box": part["box"], **made, **own})
    if is_structure(law["parts"][0]["law"]) and len(shape) > 1 and shape[0] == 1:
        raise BadInput("its base is a matrix, and its shape begins with 1; save the recipe instead")
    for each in parts:  # the keys of the tensor are those of its base, and a part that has none would take them
        if keys and "layout" not in each and "fans" not in each:
            each["layout"] = "torch"
    return {"scheme": "parts", "base": base["init"], "parts": parts}, keys


def _part(
    part: Mapping[str, Any],
    dtype: str,
    shape: tuple[int, ...],
    given: Any,
    streams: Mapping[int, str],
) -> tuple[dict[str, Any], dict[str, Any]]:
    law, box = part["law"], part["box"]
    if box and box[-1] == [0, shape[len(box) - 1]]:
        raise BadInput("a box of it ends with a range that covers a whole axis, which no spec gives; leave it out")
    made: dict[str, Any] = {"init": next(given) if law["law"] == "literal" else _plain(law, dtype, shape, box)}
    if "stream" in part:
        name = streams.get(int(part["stream"]))
        if name is None:
            raise BadInput(
                f"a part has the stream {part['stream']}, and a spec gives a stream by its name, which is not known; "
                "save the recipe instead"
            )
        made["stream"] = _name(name)
    return made, structure_keys(law, shape, box) if is_structure(law) else {}


def _name(name: str) -> str:
    if len(name.encode("utf-8")) > 1000:
        raise BadInput("it names a tensor with more than 1000 bytes in its name, which a spec cannot")
    return name


def _plain(law: Mapping[str, Any], dtype: str, shape: Sequence[int], box: Sequence[Sequence[int]]) -> Init:
    """Returns the init of a law that refers to nothing else."""
    name = law["law"]
    if name == "constant":
        if law["value"] in (0, 1):
            return "zeros" if law["value"] == 0 else "ones"
        return {"scheme": "constant", "value": _constant(law["value"], dtype)}
    if name == "expression":
        return {"scheme": "expression", "value": expression_text(law)}
    init: dict[str, Any] = {"scheme": name}
    if name == "uniform":
        init["low"], init["high"] = uniform_bounds(law["half"], law["mid"], law["low"], law["high"])
    elif name in ("normal", "truncated_normal"):
        if law["mean"] != 0:
            init["mean"] = binary32(law["mean"])
        init["std"] = binary32(law["std"])
        if name == "truncated_normal":
            init["low"], init["high"] = cut(law["low"], law["alpha"]), cut(law["high"], law["beta"])
    elif name == "eye":
        init["gain"] = binary32(law["value"])
    elif name == "dirac":
        init["groups"] = Number(law["groups"])
    elif name in ("orthogonal", "delta_orthogonal"):
        init["gain"] = binary64(law["gain"])
    elif name == "sparse":
        init["sparsity"] = sparsity(law["zeros"], matrix_shape(law, shape, box)[0])
        init["std"] = binary32(law["std"])
    else:
        raise BadInput(f"no scheme gives the law {name}")
    return init


def _constant(value: int | float, dtype: str) -> Number:
    return binary32(value) if dtype in FLOATING_LIMITS else Number(int(value))


def sparsity(zeros: int, rows: int) -> Number:
    """Returns the sparsity with which ⌈sparsity × rows⌉ is a number of zeros.

    Example:
        >>> sparsity(3, 10)
        '0.3'
    """
    if zeros == 0 or rows == 0:
        return Number("0")
    for value in (zeros / rows, (zeros - 0.5) / rows):
        text = reference.number_text(value)
        if math.ceil(float(text) * rows) == zeros:
            return Number(text)
    raise BadInput(f"no sparsity gives {zeros} zeros in {rows} rows")
