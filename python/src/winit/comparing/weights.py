"""Weights that are compared: arrays, tensors of frameworks, and safetensors files, read in tiles."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from ..errors import BadInput, NotFound
from ..quoting import quoted
from ..recipes import TensorRecipe
from ..recipes.dtypes import BITS
from ..recipes.literals import open_regular
from ..safetensors import Entry, read_header
from ..strict_json import parse

Bits: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"
"""The bits of elements as unsigned integers of their size."""

_LONGEST_INDEX = 1 << 28


class Weights(Protocol):
    """A tensor that is compared.

    An object in a state may be one of these, so that a framework can add its own kinds of tensors.
    """

    @property
    def dtype(self) -> str:
        """The dtype as docs/manifest.md names it, or another name if it has none there."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        ...

    def bits(self, offset: Sequence[int], size: Sequence[int]) -> Bits:
        """Reads the bits of the box [offset, offset + size), as an array of unsigned integers of this size."""
        ...


def unsigned(array: np.ndarray[Any, Any]) -> Bits:
    """Returns the bits of an array, without a copy where its bytes are little-endian."""
    array = np.asarray(array)
    if array.dtype.byteorder == ">" or (array.dtype.byteorder == "=" and sys.byteorder == "big"):
        array = array.astype(array.dtype.newbyteorder("<"))
    return np.ascontiguousarray(array).reshape(array.shape).view(f"<u{array.dtype.itemsize}")


class _Array:
    """An array of NumPy, JAX or another library with `__array__`."""

    def __init__(self, array: Any, expected: str | None) -> None:
        from ..filling import numpy_dtype

        self._array = array
        self.shape = tuple(int(length) for length in array.shape)
        found = np.dtype(array.dtype)
        self.dtype = found.name
        # Without ml_dtypes, the bits of bfloat16 and fp8 are unsigned integers (`winit.filling.numpy_dtype`).
        if expected in BITS and BITS[expected] % 8 == 0 and found == numpy_dtype(expected):
            self.dtype = expected

    def bits(self, offset: Sequence[int], size: Sequence[int]) -> Bits:
        box = tuple(slice(start, start + length) for start, length in zip(offset, size, strict=True))
        return unsigned(np.asarray(self._array[box] if box else self._array))


class _TorchTensor:
    """A dense tensor of torch, on any device."""

    def __init__(self, tensor: Any, name: str) -> None:
        torch = sys.modules["torch"]
        self._tensor = tensor.detach()
        self.shape = tuple(int(length) for length in tensor.shape)
        self.dtype = str(tensor.dtype).removeprefix("torch.")
        if tensor.device.type == "meta":
            raise BadInput(f"{quoted(name)} is on the meta device and has no values. Materialize the module first.")
        if tensor.layout != torch.strided or type(tensor).__name__ == "DTensor":
            raise BadInput(
                f"{quoted(name)} is a {type(tensor).__name__} that is not dense on this process. "
                "winit.torch.verify_distributed compares DTensors"
            )

    def bits(self, offset: Sequence[int], size: Sequence[int]) -> Bits:
        torch = sys.modules["torch"]
        box = self._tensor
        for axis, (start, length) in enumerate(zip(offset, size, strict=True)):
            box = box.narrow(axis, start, length)
        signed = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[box.element_size()]
        if box.is_conj() or box.is_neg():
            box = box.resolve_conj().resolve_neg()
        box = box.contiguous().cpu()
        if box.dim() == 0:
            return unsigned(box.reshape(1).view(signed).numpy()).reshape(())
        return unsigned(box.view(signed).numpy())


class _FileTensor:
    """A tensor of a safetensors file."""

    def __init__(self, path: str, entry: Entry) -> None:
        self._path, self._entry = path, entry
        self.shape, self.dtype = entry.shape, entry.dtype

    def bits(self, offset: Sequence[int], size: Sequence[int]) -> Bits:
        item = BITS[self.dtype] // 8
        start = int(np.ravel_multi_index(tuple(offset), self.shape)) if self.shape and 0 not in size else 0
        if _is_extent(self.shape, size):
            return np.frombuffer(self._read(start * item, math.prod(tuple(size)) * item), f"<u{item}").reshape(size)
        rows = [self.bits((at, *offset[1:]), (1, *size[1:])) for at in range(offset[0], offset[0] + size[0])]
        return np.concatenate(rows) if rows else np.empty(size, f"<u{item}")

    def packed(self) -> bytes:
        """Reads all bytes, of a dtype whose elements are not whole bytes."""
        return self._read(0, self._entry.byte_count)

    def _read(self, start: int, count: int) -> bytes:
        with open_regular(self._path) as file:
            file.seek(self._entry.offset + start)
            data = bytes(file.read(count))
        if len(data) != count:
            raise BadInput(f"{self._path} was cut short while it was read: {quoted(self._entry.name)}")
        return data


def _is_extent(shape: Sequence[int], size: Sequence[int]) -> bool:
    """Tells whether the elements of a box follow each other: whole axes after at most one axis longer than 1."""
    axis = 0
    while axis < len(size) and size[axis] == 1:
        axis += 1
    return tuple(size[axis + 1 :]) == tuple(shape[axis + 1 :])


def held_weights(state: Mapping[str, Any] | str | os.PathLike[str], dtypes: Mapping[str, str]) -> dict[str, Weights]:
    """Returns the tensors of a state, which are read when they are compared.

    Args:
        state: Arrays by name: of NumPy, torch (dense, on any device), JAX or any library with `__array__`; or
            `Weights`. Or the path of a .safetensors file, of the `….index.json` of a sharded checkpoint, or of a folder
            with one of them.
        dtypes: The dtype that is expected of each tensor, by name.

    Returns:
        The tensors by name.

    Raises:
        BadInput: If an object is no tensor, or a file is not valid.
        NotFound: If there is no such file.
    """
    if isinstance(state, str | os.PathLike):
        return _of_files(os.fspath(state))
    if not isinstance(state, Mapping):
        raise BadInput(
            f"{type(state).__name__} is no mapping of names to tensors. Give model.state_dict(), or the path of a "
            "safetensors file; winit.torch.verify takes a module"
        )
    return {str(name): _of_object(str(name), value, dtypes.get(str(name))) for name, value in state.items()}


def _of_object(name: str, value: Any, expected: str | None) -> Weights:
    if hasattr(value, "bits") and hasattr(value, "dtype") and not hasattr(value, "__array__"):
        weights: Weights = value
        return weights
    if isinstance(value, TensorRecipe):
        raise BadInput(f"{quoted(name)} is a recipe, not a tensor; dict(recipe.arrays()) makes the tensors of a recipe")
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _TorchTensor(value, name)
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        if not hasattr(value, "__array__") and not isinstance(value, int | float | bool | complex):
            raise BadInput(f"{quoted(name)} is a {type(value).__name__}, not a tensor")
        value = np.asarray(value)
    try:
        dtype = np.dtype(value.dtype)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.hasobject or (dtype.kind in "SUVMm" and dtype.name not in BITS):
        raise BadInput(f"{quoted(name)} has the dtype {value.dtype}, which no tensor has")
    return _Array(value, expected)


def _of_files(path: str) -> dict[str, Weights]:
    if os.path.isdir(path):
        path = _in_folder(path)
    if not path.endswith(".json"):
        header = read_header(path)
        return {name: _FileTensor(header.path, entry) for name, entry in header.entries.items()}
    with open_regular(path) as file:
        data = file.read(_LONGEST_INDEX)
    try:
        index = parse(data)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict) or not all(isinstance(place, str) for place in places.values()):
        raise BadInput(f"{path} is not the index of a sharded checkpoint: it has no `weight_map` of names and files")
    headers = {}
    for place in sorted(set(places.values())):
        if os.path.basename(place) != place or place in ("", ".", ".."):
            raise BadInput(f"{path} names the file {quoted(place)}, which is not a file of its folder")
        headers[place] = read_header(os.path.join(os.path.dirname(path), place))
    made = dict[str, Weights]()
    for name, place in places.items():
        if name not in headers[place].entries:
            raise BadInput(f"{path} says that {quoted(place)} holds {quoted(name)}, and it does not")
        made[name] = _FileTensor(headers[place].path, headers[place].entries[name])
    for place, header in headers.items():
        for name in header.entries:
            if name not in made:
                raise BadInput(f"{quoted(place)} holds {quoted(name)}, and the index {path} does not name it")
    return made


def _in_folder(path: str) -> str:
    for name in ("model.safetensors.index.json", "model.safetensors"):
        if os.path.exists(os.path.join(path, name)):
            return os.path.join(path, name)
    found = sorted(name for name in os.listdir(path) if name.endswith(".safetensors"))
    if len(found) != 1:
        raise NotFound(f"{path} has {len(found)} .safetensors files and no index; name the file")
    return os.path.join(path, found[0])


def packed_bits(data: bytes, dtype: str, count: int) -> Bits:
    """Returns the bits of elements of less than a byte, each as an integer."""
    ones = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[: count * BITS[dtype]]
    weights = 1 << np.arange(BITS[dtype], dtype=np.uint16)
    made: Bits = (ones.reshape(count, BITS[dtype]) * weights).sum(axis=1).astype(np.uint8)
    return made
