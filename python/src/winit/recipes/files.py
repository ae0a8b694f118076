"""Recipe files: the JSON, and the literals beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from typing import Any

from ..errors import BadInput, NotFound
from ..quoting import counted, quoted, shown
from ..safetensors import Header, header_bytes, read_header
from ..whole_files import read_whole, write_whole
from .dtypes import BITS
from .hashing import literal_tensor_pieces
from .laws import has_literal
from .literals import BoxLiteral, FileLiteral, Literal
from .manifest import lines_text, read
from .tensor_recipe import TensorRecipe

_LONGEST = 1 << 28
"""The maximum size of a recipe file. That of a model of 90,000 tensors has 27 MB."""


def literals_path(path: str) -> str:
    """Returns the path of the file of literals: `gpt2.literals.safetensors` beside `gpt2.json`."""
    return path.removesuffix(".json") + ".literals.safetensors"


def load(path: str | PathLike[str]) -> tuple[int, list[TensorRecipe]]:
    """Reads a recipe file, and finds its literals in the file beside it.

    Args:
        path: The path of the JSON.

    Returns:
        The seed of the run, and the recipes.

    Raises:
        BadInput: If a file is not valid, or the literals do not fit the recipe.
        NotFound: If a file does not exist.
        Unavailable: If a file cannot be read.
    """
    path = os.path.abspath(os.fspath(path))
    data = read_whole(path, _LONGEST, "a recipe")
    beside = _LiteralsFile(literals_path(path), read_header)
    try:
        return read(data, beside.find)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


class _LiteralsFile:
    """The file of literals, whose header is read when the first literal is looked for."""

    def __init__(self, path: str, read: Any) -> None:
        self._path = path
        self._read = read
        self._header: Header | None = None

    def find(
        self, name: str, dtype: str, shape: tuple[int, ...], law: Mapping[str, Any], digest: str | None
    ) -> tuple[Literal, ...]:
        """Finds the given bytes of a tensor."""
        if not has_literal(law):
            return ()
        if self._header is None:
            try:
                self._header = self._read(self._path)
            except NotFound:
                raise NotFound(
                    f"there is no file {self._path}, which holds the bytes of {quoted(name)}. Put it beside the "
                    "recipe; `export --manifest` and `Recipe.save` write both"
                ) from None
        entry = self._header.entries.get(name)
        if entry is None or entry.dtype != dtype or entry.shape != shape:
            raise BadInput(f"{self._path} does not hold the literal {quoted(name)} as {dtype} {shown(shape)}")
        whole = FileLiteral(self._header.path, entry.offset, entry.byte_count, name, digest)
        return split(whole, law, dtype, shape)


def split(whole: Literal, law: Mapping[str, Any], dtype: str, shape: tuple[int, ...]) -> tuple[Literal, ...]:
    """Returns the literals of a tensor from the bytes of the whole tensor.

    Args:
        whole: The bytes of the tensor.
        law: Its law: `literal`, or `parts` with literals.
        dtype: Its dtype.
        shape: Its shape.

    Returns:
        The given bytes of the literal, or of each literal part in their order.
    """
    if law["law"] == "literal":
        return (whole,)
    made = list[Literal]()
    for part in law["parts"]:
        if part["law"]["law"] == "literal":
            box = tuple((start, stop) for start, stop in part["box"])
            if len(box) > len(shape) or any(stop > length for (_, stop), length in zip(box, shape, strict=False)):
                raise BadInput(f"a part is not inside the shape {shown(shape)}")
            box += tuple((0, length) for length in shape[len(box) :])
            made.append(BoxLiteral(whole, shape, box, BITS[dtype] // 8))
    return tuple(made)


def save(
    path: str | PathLike[str], seed: int, tensors: Iterable[TensorRecipe], run_id: str | None, force: bool
) -> None:
    """Writes a recipe file, and its literals beside it.

    Args:
        path: The path of the JSON, which ends in `.json`.
        seed: The seed of the run.
        tensors: The recipes, in the order of a manifest.
        run_id: The id, if it is known; it becomes metadata of the file of literals.
        force: Replace files that exist.

    Raises:
        BadInput: If a file exists, the path does not end in `.json`, or a literal is not at hand.
        NotFound: If the folder does not exist.
        Unavailable: If a file cannot be written.
    """
    path = os.fspath(path)
    if not path.endswith(".json"):
        raise BadInput(f"the name of a recipe ends in .json; {quoted(path)} does not")
    tensors = list(tensors)
    given = [tensor for tensor in tensors if tensor.has_literal]
    missing = [tensor.name for tensor in given if not tensor.literals and tensor.count]
    if missing:
        raise BadInput(f"the given bytes of {quoted(missing[0])} are not at hand ({counted(len(missing), 'literal')})")
    files = list[tuple[str, Iterable[bytes]]]()
    if given:
        files.append((literals_path(path), _literals_bytes(given, run_id)))
    files.append((path, [lines_text(seed, tensors).encode("utf-8")]))
    write_whole(files, force=force)


def _literals_bytes(tensors: list[TensorRecipe], run_id: str | None) -> Iterator[bytes]:
    metadata = {"format": "pt", **({"winit_id": run_id} if run_id else {})}
    header, order = header_bytes(((t.name, t.dtype, t.shape) for t in tensors), metadata)
    yield header
    by_name = {tensor.name: tensor for tensor in tensors}
    for name in order:
        yield from literal_tensor_pieces(by_name[name])
