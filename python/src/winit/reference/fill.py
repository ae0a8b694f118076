"""The canonical bytes of a tensor (docs/law.md, "Dtypes and bytes")."""

from __future__ import annotations

from .dtypes import FLOAT_SIZES, byte_count, float_bytes, float_values, integer_bytes, item_bits
from .elements import Elements
from .errors import LawError
from .expressions import expression_values
from .finite import finite_bytes
from .generator import words
from .laws import law_values
from .norms import norm_values
from .parts import parts_bytes
from .tensor import Tensor, check
from .whole import whole_values


def canonical_bytes(seed: int, tensor: Tensor, start: int = 0, stop: int | None = None) -> bytes:
    """Makes the canonical bytes of a range of elements (docs/law.md, "Dtypes and bytes").

    Args:
        seed: The seed of the run, 0 ..< 2^64. A tensor that has a seed of its own takes that.
        tensor: The recipe.
        start: The index of the first element, counted row-major.
        stop: The index after the last element; by default the number of elements.

    Returns:
        The elements start ..< stop in row-major order, each little-endian.

    Raises:
        IndexError: If the range is not within the tensor.
        LawError: If the dtype cannot hold the values, an operation is outside its domain, or bytes or a tensor that the
            law names are missing.
    """
    stop = tensor.count if stop is None else stop
    if not 0 <= start <= stop <= tensor.count:
        raise IndexError(f"elements {start} ..< {stop} are not all within the {tensor.count} elements of {tensor.name}")
    check(tensor)
    law, own_seed = tensor.law, seed if tensor.seed is None else tensor.seed
    if law["law"] == "constant" and tensor.dtype not in FLOAT_SIZES:
        return integer_bytes(law["value"], tensor.dtype) * (stop - start)
    if (
        law["law"] == "constant"
        or law["law"] == "uniform"
        or law["law"] == "normal"
        or law["law"] == "truncated_normal"
    ):
        return float_bytes(law_values(law, words(own_seed, tensor.word_stream, start, stop - start)), tensor.dtype)
    first, last = (byte_count(tensor.dtype, index) for index in (start, stop))
    return whole_bytes(seed, tensor)[first:last]


def whole_bytes(seed: int, tensor: Tensor) -> bytes:
    """Makes all canonical bytes of a tensor whose law is not elementwise.

    Args:
        seed: The seed of the run, 0 ..< 2^64.
        tensor: The recipe.

    Returns:
        The bytes.

    Raises:
        LawError: As `canonical_bytes`.
    """
    check(tensor)
    law, own_seed = tensor.law, seed if tensor.seed is None else tensor.seed
    try:
        if law["law"] == "literal":
            return _literal(tensor)
        if law["law"] == "same_as":
            return canonical_bytes(seed, _source(tensor, law["name"]))
        if law["law"] == "norm_of":
            source = _source(tensor, law["name"])
            values = float_values(canonical_bytes(seed, source), source.dtype).reshape(source.shape)
            return finite_bytes(norm_values(values, [int(axis) for axis in law["axes"]], tensor.shape), tensor.dtype)
        if law["law"] == "parts":
            return parts_bytes(own_seed, tensor, law)
        elements = Elements.of_shape(own_seed, tensor.word_stream, tensor.shape)
        if law["law"] == "expression":
            return finite_bytes(expression_values(law, elements), tensor.dtype)
        if (
            law["law"] == "eye"
            or law["law"] == "dirac"
            or law["law"] == "sparse"
            or law["law"] == "orthogonal"
            or law["law"] == "delta_orthogonal"
        ):
            return finite_bytes(whole_values(law, elements), tensor.dtype)
    except LawError as error:
        raise LawError(f"{tensor.name}: {error}") from error
    raise LawError(f"{tensor.name}: there is no law {law['law']!r}")


def is_made_in_ranges(tensor: Tensor) -> bool:
    """Tells whether ranges of a tensor can be made without the rest.

    Args:
        tensor: The recipe.

    Returns:
        True for the elementwise laws.
    """
    return tensor.law["law"] in ("constant", "uniform", "normal", "truncated_normal")


def _literal(tensor: Tensor) -> bytes:
    expected = item_bits(tensor.dtype) * tensor.count
    if len(tensor.literals) != 1 or 8 * len(tensor.literals[0]) != expected:
        raise LawError(f"the bytes of a literal must be given, {expected} bits")
    return tensor.literals[0]


def _source(tensor: Tensor, name: str) -> Tensor:
    if tensor.source is None or tensor.source.name != name:
        raise LawError(f"the tensor {name!r} that the law names must be given")
    return tensor.source
