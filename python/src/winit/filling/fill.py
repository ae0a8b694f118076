"""Elements from recipes: boxes and ranges of any law."""

from __future__ import annotations

import math
from collections.abc import Mapping
from operator import index
from typing import Any

import numpy as np

from .. import reference
from ..errors import BadInput
from ..kernels import kernel
from ..recipes.tensor_recipe import TensorRecipe
from ..reference.boxes import boxes_of_range, covering_box
from .boxes import Place
from .drawing import DRAWS, Engine, Words
from .expressions import fill_expression
from .literals import check_literal, fill_literal
from .norms import fill_norms
from .parts import Region, fill_parts
from .raw import new_array, raw_dtype, raw_view, store
from .threads import thread_count
from .whole import WHOLE, fill_whole

_SMALL = 1 << 15


def fill_box(
    tensor: TensorRecipe,
    offset: tuple[int, ...],
    size: tuple[int, ...],
    out: np.ndarray[Any, Any] | None = None,
    threads: int | None = None,
) -> np.ndarray[Any, Any]:
    """Makes the box [offset, offset + size) of a tensor.

    It costs the elements of the box. Orthogonal, delta-orthogonal and sparse matrices that the box touches are made
    whole, and a norm costs the values that it is the norm of.

    Args:
        tensor: The recipe.
        offset: The first index on each axis.
        size: The lengths of the box.
        out: Where to write: an array of this shape, of the tensor's dtype, with any strides. For bfloat16 it may be
            uint16, and for the dtypes of 8 bits uint8, which then hold the bits. A new array by default.
        threads: The maximum number of threads; all processors by default. The GIL is released.

    Returns:
        `out`, or the new array.

    Raises:
        BadInput: If the recipe, the box, `out` or `threads` is not valid. Part of `out` may be written if the law has
            no value at an element; otherwise nothing is.
        FloatingPointModeError: If NumPy fills, and this thread flushes subnormal numbers to zero or does not round to
            nearest. The kernels set the mode and restore it.

    Example:
        >>> from winit import TensorRecipe, reference
        >>> law = reference.canonical_json(reference.normal(std=0.02)).decode()
        >>> tensor = TensorRecipe("w", (4, 6), "float32", law, reference.name_stream("w"), 7)
        >>> fill_box(tensor, (1, 2), (2, 3)).shape
        (2, 3)
    """
    offset, size = tuple(map(index, offset)), tuple(map(index, size))
    if not len(offset) == len(size) == len(tensor.shape) or any(
        start < 0 or length < 0 or start + length > whole
        for start, length, whole in zip(offset, size, tensor.shape, strict=True)
    ):
        raise BadInput(f"the box {list(offset)} + {list(size)} is not within {tensor.name} {list(tensor.shape)}")
    engine = _engine(tensor, math.prod(size), threads)
    with engine.arithmetic():
        _check(tensor)
    result = new_array(tensor.dtype, size) if out is None else out
    view = raw_view(result, tensor.dtype, size, tensor.name)
    _guarded(engine, tensor, offset, size, view)
    return result


def fill_range(
    tensor: TensorRecipe,
    start: int,
    count: int,
    out: np.ndarray[Any, Any] | None = None,
    threads: int | None = None,
) -> np.ndarray[Any, Any]:
    """Makes the elements start ..< start + count in row-major order.

    Args:
        tensor: The recipe.
        start: The index of the first element.
        count: How many elements.
        out: Where to write, an array of the shape (count,), as for `fill_box`.
        threads: As for `fill_box`.

    Returns:
        `out`, or a new array.

    Raises:
        BadInput, FloatingPointModeError: As for `fill_box`.
    """
    start, count = index(start), index(count)
    if not 0 <= start <= start + count <= tensor.count:
        raise BadInput(f"elements {start} ..< {start + count} are not all within the {tensor.count} of {tensor.name}")
    engine = _engine(tensor, count, threads)
    with engine.arithmetic():
        _check(tensor)
    result = new_array(tensor.dtype, (count,)) if out is None else out
    view = raw_view(result, tensor.dtype, (count,), tensor.name)
    if tensor.law["law"] in DRAWS or tensor.law["law"] == "constant":
        # Elementwise laws do not know the shape.
        flat = Region(tensor.law, (tensor.count,), Words(tensor.seed, tensor.stream, (tensor.count,), (0,)))
        _fill(engine, tensor, flat, (start,), (count,), view)
    elif count > 0 and is_made_whole(tensor):
        offset, size, within = covering_box(tensor.shape, start, start + count)
        box = np.empty(size, view.dtype)
        _guarded(engine, tensor, offset, size, box)
        view[...] = box.reshape(-1)[within : within + count]
    else:
        done = 0
        for offset, size in boxes_of_range(tensor.shape, start, start + count):
            length = math.prod(size)
            # A box that is a range has no gaps. If the output has none either, a view of it has the box's shape.
            part = view[done : done + length]
            if part.flags.c_contiguous:
                _guarded(engine, tensor, offset, size, part.reshape(size))
            else:
                box = np.empty(size, view.dtype)
                _guarded(engine, tensor, offset, size, box)
                part[...] = box.reshape(-1)
            done += length
    return result


def _engine(tensor: TensorRecipe, count: int, threads: int | None) -> Engine:
    """Chooses what fills. To ask how many processors there are takes longer than a small fill."""
    if threads is None and count <= _SMALL and tensor.law["law"] in (*DRAWS, "constant"):
        return Engine(kernel(), 1)
    return Engine(kernel(), thread_count(threads))


def is_made_whole(tensor: TensorRecipe) -> bool:
    """Tells whether a range of the tensor may cost more than its elements."""
    law = tensor.law
    laws = [part["law"] for part in law["parts"]] if law["law"] == "parts" else [law]
    if law["law"] in ("same_as", "norm_of") and tensor.source is not None:
        return is_made_whole(tensor.source)
    return any(each["law"] in WHOLE for each in laws)


def _check(tensor: TensorRecipe) -> None:
    law = tensor.law
    source = None
    if tensor.source is not None:
        source = reference.Tensor(tensor.source.name, tensor.source.dtype, tensor.source.shape, {"law": "literal"})
    checked = reference.Tensor(tensor.name, tensor.dtype, tensor.shape, law, tensor.stream, tensor.seed, (), source)  # type: ignore[arg-type]
    try:
        reference.check(checked)
    except reference.LawError as error:
        raise BadInput(str(error)) from error
    except (KeyError, TypeError, OverflowError) as error:
        raise BadInput(
            f"{tensor.name}: the law `{tensor.law_text[:80]}` lacks a parameter, or has a wrong one"
        ) from error
    if not 0 <= tensor.seed < 1 << 64 or not 0 <= tensor.stream < 1 << 64:
        raise BadInput(f"{tensor.name}: seed and stream must be 0 ..< 2^64")


def _guarded(engine: Engine, tensor: TensorRecipe, offset: Place, size: Place, out: np.ndarray[Any, Any]) -> None:
    words = Words(tensor.seed, tensor.stream, tensor.shape, (0,) * len(tensor.shape))
    try:
        _fill(engine, tensor, Region(tensor.law, tensor.shape, words), offset, size, out)
    except (BadInput, reference.LawError) as error:
        raise BadInput(f"{tensor.name}: {error}") from error
    except KeyError as error:
        raise BadInput(f"{tensor.name}: a law lacks the parameter {error}") from error
    except OverflowError as error:
        raise BadInput(f"{tensor.name}: a number of the law is too large") from error
    except RecursionError as error:
        raise BadInput(f"{tensor.name}: the law is nested too deeply") from error


def _fill(
    engine: Engine, tensor: TensorRecipe, region: Region, offset: Place, size: Place, out: np.ndarray[Any, Any]
) -> None:
    """Fills a box of a region."""
    law, dtype = region.law, tensor.dtype
    name = law["law"]
    if name in DRAWS:
        engine.draw(law, dtype, region.words, offset, size, out)
    elif name == "constant":
        with engine.arithmetic():
            _fill_constant(law, dtype, out)
    elif name == "expression":
        fill_expression(engine, law, dtype, region.words, offset, size, out, list(region.covered))
    elif 0 in size:
        return
    elif name in WHOLE:
        fill_whole(engine, law, dtype, region.words, region.shape, region.is_part, offset, size, out)
    elif name == "literal":
        given = tensor.literals[region.literal] if region.literal < len(tensor.literals) else None
        byte_count = math.prod(region.shape) * out.dtype.itemsize
        fill_literal(check_literal(given, byte_count), region.shape, offset, size, out)
    elif region.is_part:
        raise BadInput(f"a part cannot have the law `{name}`")
    elif name == "parts":
        fill_parts(
            law, region.shape, region.words, offset, size, out, lambda *box: _fill(engine, tensor, *box)
        )  # fmt: skip
    elif name == "same_as":
        source = _source(tensor, law)
        if (source.shape, source.dtype) != (tensor.shape, dtype):
            raise BadInput(f"it is tied to `{source.name}`, which has another shape or dtype")
        with engine.arithmetic():
            _check(source)
        _guarded(engine, source, offset, size, out)
    elif name == "norm_of":
        source = _source(tensor, law)
        if source.dtype not in reference.FLOAT_SIZES:
            raise BadInput(f"`{source.name}` is {source.dtype}, and norms are those of floating-point numbers")
        with engine.arithmetic():
            _check(source)

        def fill_source(start: Place, length: Place) -> np.ndarray[Any, Any]:
            box = np.empty(length, raw_dtype(source.dtype))
            _guarded(engine, source, start, length, box)
            return box

        fill_norms(engine, law, dtype, source.dtype, source.shape, fill_source, region.shape, offset, size, out)
    else:
        raise BadInput(f"there is no law `{name}`")


def _fill_constant(law: Mapping[str, Any], dtype: str, out: np.ndarray[Any, Any]) -> None:
    if dtype not in reference.FLOAT_SIZES:
        out[...] = np.frombuffer(reference.integer_bytes(law["value"], dtype), out.dtype)[0]
        return
    value = np.empty(1, out.dtype)
    store(np.array([law["value"]], np.float32), dtype, value)
    out[...] = value[0]


def _source(tensor: TensorRecipe, law: Mapping[str, Any]) -> TensorRecipe:
    if tensor.source is None or tensor.source.name != law["name"]:
        raise BadInput(f"the recipe of the tensor `{law['name']}` that the law names must be given")
    return tensor.source
