"""Checks that a recipe can fill its tensor: name, shape, dtype and law fit each other (docs/law.md)."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from .. import reference
from ..errors import BadInput
from ..kernels import law_arithmetic
from ..quoting import quoted, shown
from ..strict_json import parse
from .dtypes import BITS, FLOATING_LIMITS, INTEGER_RANGES, fills_whole_bytes, is_literal_only
from .laws import checked_law, is_binary32, is_structure, needs_whole, own_laws
from .trees import largest_axis

_LARGEST_DIMENSION = 2**53
_LARGEST_COUNT = (2**63 - 1) // 8
_LARGEST_WHOLE = 2**32


def name_problem(name: object) -> str | None:
    """Returns why a text cannot be the name of a tensor, or None if it can."""
    if not isinstance(name, str) or not name:
        return "a tensor needs a name that is not empty"
    if name == "__metadata__":
        return "`__metadata__` is reserved by the safetensors format"
    if "\0" in name:
        return "the name of a tensor cannot contain the character U+0000"
    if any("\ud800" <= c <= "\udfff" for c in name):
        return "the name of a tensor cannot contain a lone surrogate"
    return None


def checked_seed(seed: object) -> int:
    """Checks a seed.

    Args:
        seed: An integer, also one of NumPy.

    Returns:
        The seed as an int.

    Raises:
        BadInput: If it is no integer of 0 ..< 2^64.
    """
    try:
        value = -1 if isinstance(seed, bool) else operator.index(seed)  # type: ignore[arg-type]
    except TypeError:
        value = -1
    if not 0 <= value < 1 << 64:
        raise BadInput(f"the seed {quoted(str(seed))} is not an integer of 64 bits, 0 or more")
    return value


def checked_shape(shape: object) -> tuple[int, ...]:
    """Checks a shape.

    Args:
        shape: The lengths of the axes.

    Returns:
        The lengths as ints.

    Raises:
        BadInput: If a length is not an integer, is negative, or the tensor is too large to address: more than 2^63
            bytes at 8 bytes an element.
    """
    if isinstance(shape, str) or not isinstance(shape, Sequence):
        raise BadInput("its shape is not a list of lengths")
    lengths, count = list[int](), 1
    for length in shape:
        if isinstance(length, bool) or not isinstance(length, int | float) or length != length // 1:
            raise BadInput("its shape has a length that is not an integer")
        if not 0 <= length <= _LARGEST_DIMENSION:
            raise BadInput(f"its shape has the length {length:.0f}, which is negative or too large")
        lengths.append(int(length))
        count *= int(length) or 1
        if count > _LARGEST_COUNT:
            raise BadInput("its shape is too large to address")
    return tuple(lengths)


def check_recipe(dtype: str, shape: tuple[int, ...], law_text: str) -> None:
    """Checks that a law can fill a tensor.

    Args:
        dtype: The dtype.
        shape: The shape, which is valid.
        law_text: The law as canonical JSON.

    Raises:
        BadInput: If there is no such dtype, the law is not valid or not canonical, or does not fit dtype and shape.
    """
    if dtype not in BITS:
        raise BadInput(f"there is no dtype {quoted(str(dtype))}; docs/manifest.md lists them")
    _check(dtype, shape, law_text)


@lru_cache(maxsize=4096)
def _check(dtype: str, shape: tuple[int, ...], law_text: str) -> None:
    _check_fit(parsed_law(law_text), dtype, shape)


@lru_cache(maxsize=4096)
def parsed_law(law_text: str) -> Mapping[str, Any]:
    """Reads the canonical JSON of a law. Do not change the object that is returned.

    Raises:
        BadInput: If the law is not valid, or the text is not canonical.
    """
    with law_arithmetic():
        law = checked_law(parse(law_text.encode("utf-8", "surrogatepass")))
        if reference.canonical_json(law).decode("utf-8") != law_text:
            raise BadInput("the text of its law is not canonical JSON")
    return law


def _check_fit(law: Mapping[str, Any], dtype: str, shape: tuple[int, ...]) -> None:
    name = law["law"]
    if name in ("literal", "same_as"):
        if not fills_whole_bytes(dtype, math.prod(shape)):
            raise BadInput(f"a {dtype} tensor {shown(shape)} does not fill whole bytes")
        return
    if is_literal_only(dtype):
        raise BadInput(f"a {dtype} tensor holds given bytes only, not the law {name}")
    if name == "parts":
        _check_parts(law, dtype, shape)
    else:
        _check_dtype(law, dtype)
        _check_shape(law, shape)


def _check_parts(law: Mapping[str, Any], dtype: str, shape: tuple[int, ...]) -> None:
    if law["parts"][0]["box"]:
        raise BadInput("part 0: the first part must be the whole tensor")
    for index, part in enumerate(law["parts"]):
        box = part["box"]
        if len(box) > len(shape) or any(stop > length for (_, stop), length in zip(box, shape, strict=False)):
            raise BadInput(f"part {index}: the box is not inside the shape {shown(shape)}")
        held = [stop - start for start, stop in box] + list(shape[len(box) :])
        if is_structure(part["law"]):
            while len(held) > 1 and held[0] == 1:
                held.pop(0)
        try:
            if part["law"]["law"] != "literal":
                _check_dtype(part["law"], dtype)
                _check_shape(part["law"], tuple(held))
        except BadInput as error:
            raise BadInput(f"part {index}: {error}") from None


def _check_dtype(law: Mapping[str, Any], dtype: str) -> None:
    name = law["law"]
    if dtype in INTEGER_RANGES:
        if name != "constant":
            raise BadInput(f"a {dtype} tensor holds constants and literals only, not the law {name}")
        value, (lowest, highest) = law["value"], INTEGER_RANGES[dtype]
        if value != int(value) or not lowest <= value <= highest:
            raise BadInput(f"{dtype} cannot hold the constant {value!r}; it takes integers from {lowest} to {highest}")
        return
    if name == "constant" and not is_binary32(law["value"]):
        raise BadInput(f"the constant {law['value']!r} is not a binary32 number")
    if "draw" in law:
        _check_reach(law["draw"], "float32")
    _check_reach(law, dtype)


def _check_reach(law: Mapping[str, Any], dtype: str) -> None:
    largest = _largest_magnitude(law)
    if not largest < FLOATING_LIMITS[dtype]:
        raise BadInput(f"values reach {largest:.6g}, which {dtype} cannot hold")


def _largest_magnitude(law: Mapping[str, Any]) -> float:
    name = law["law"]
    largest: float = 1.0 if name == "dirac" else 0.0
    if name in ("constant", "eye"):
        largest = abs(law["value"])
    elif name in ("orthogonal", "delta_orthogonal"):
        largest = abs(law["gain"])
    elif name == "uniform":
        largest = max(abs(law["low"]), abs(law["high"]))
    elif name in ("normal", "sparse"):
        largest = abs(law.get("mean", 0)) + 6.35 * abs(law["std"])
    elif name == "truncated_normal":
        largest = abs(law["mean"]) + max(abs(law["low"]), abs(law["high"])) * abs(law["std"])
    return largest


def _check_shape(law: Mapping[str, Any], shape: tuple[int, ...]) -> None:
    name = law["law"]
    if name == "expression" and largest_axis(law["tree"]) >= len(shape):
        raise BadInput(f"index[{largest_axis(law['tree'])}] is not an axis of the shape {shown(shape)}")
    if not is_structure(law):
        return
    batch = law.get("batch", [])
    if batch and batch[-1] >= len(shape):
        raise BadInput(f"the batch has the axes {shown(batch)}, which the shape {shown(shape)} does not have")
    dims = [length for index, length in enumerate(shape) if index not in batch]
    problem = _structure_problem(law, dims)
    if problem is None and needs_whole(law) and math.prod(dims) > _LARGEST_WHOLE:
        problem = "at most 2^32 elements, because they are computed together"
    if problem is not None:
        raise BadInput(f"{name} needs {problem}; the shape is {shown(dims)}")


def _structure_problem(law: Mapping[str, Any], dims: list[int]) -> str | None:
    name, rank = law["law"], len(dims)
    if name == "eye":
        return None if rank == 2 else "rank 2"
    if name == "sparse":
        if rank != 2:
            return "rank 2"
        return None if law["zeros"] <= dims[0] else f"at most as many zeros in a column as rows, not {law['zeros']}"
    if name == "orthogonal":
        if rank < 1 or (rank < 2 and law["rows"] != 1):
            return f"a matrix for {law['rows']} rows"
        return None if math.prod(dims) % law["rows"] == 0 else f"elements that {law['rows']} rows divide"
    if not 3 <= rank <= 5:
        return "rank 3, 4 or 5"
    if name == "dirac":
        outputs = dims[-1] if "layout" in law else dims[0]
        return None if outputs % law["groups"] == 0 else f"groups that divide its outputs, not {law['groups']}"
    inputs, outputs = (dims[1], dims[0]) if "layout" in law else (dims[-2], dims[-1])
    return None if inputs <= outputs else "at most as many inputs as outputs"


def laws_of(law_text: str) -> list[Mapping[str, Any]]:
    """Returns the laws of the parts of a checked law text, or the law itself."""
    return own_laws(parsed_law(law_text))
