"""The digests of some or all chunks of a recipe, as a worker hands them on."""

from __future__ import annotations

import hashlib
import json
import operator
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any, NamedTuple

from ..errors import BadInput
from ..quoting import counted, quoted
from ..recipes import Recipe, TensorRecipe
from ..recipes.hashing import chunk_count
from ..recipes.manifest import canonical_text
from ..recipes.references import is_digest
from ..strict_json import parse
from ..whole_files import read_whole, write_whole

FORMAT = "winit-chunk-digests/1"

_LONGEST = 1 << 30
"""The maximum size of a file. That of 47 G parameters in bfloat16 has 6 MB."""


class ChunkRange(NamedTuple):
    """Neighboring chunks of a tensor, of 1 MiB each; the last chunk of a tensor may be shorter.

    Attributes:
        tensor: The name of the tensor.
        start: The number of the first chunk, from 0.
        stop: The number after that of the last chunk.

    Example:
        >>> chunks = ChunkRange("w", 2, 5)
        >>> len(range(*chunks[1:]))
        3
    """

    tensor: str
    start: int
    stop: int


@dataclass(frozen=True)
class ChunkDigests:
    """The digests of some or all chunks of a recipe: those of a share, or those that are recorded of a run.

    It says which recipe and which chunks it is about, so digests are assembled in any order, and those of other
    recipes are refused. It is picklable, and `save` writes it as JSON for workers that share only a folder.

    Attributes:
        recipe: The SHA-256 of the manifest without digests, "sha256:…": the same for all shares of a recipe.
        ranges: The chunks.
        digests: 32 bytes for each chunk, in the order of `ranges`.

    Example:
        >>> from winit import Recipe, dist, reference
        >>> recipe = Recipe.from_laws(42, {"w": ("float32", (1024, 1024), reference.normal(std=0.02))})
        >>> done = dist.digests(recipe, dist.shares(recipe, 2)[0])
        >>> done
        ChunkDigests(2 chunks of 1 tensor)
        >>> done.save("share-0.json")
        >>> ChunkDigests.load("share-0.json") == done
        True
    """

    recipe: str
    ranges: tuple[ChunkRange, ...]
    digests: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Checks that there is a digest for each chunk."""
        for name, start, stop in self.ranges:
            if not 0 <= start <= stop:
                raise BadInput(f"{start} ..< {stop} is no range of chunks of {quoted(name)}")
        if len(self.digests) != 32 * len(self):
            raise BadInput(f"{counted(len(self), 'chunk')} cannot have {len(self.digests)} bytes of digests: 32 each")

    def __len__(self) -> int:
        """Returns the number of chunks."""
        return sum(chunks.stop - chunks.start for chunks in self.ranges)

    def __bool__(self) -> bool:
        """Returns True: an empty share has digests too, none."""
        return True

    def __repr__(self) -> str:
        """Returns the number of chunks and of tensors."""
        tensors = len({chunks.tensor for chunks in self.ranges})
        return f"ChunkDigests({counted(len(self), 'chunk')} of {counted(tensors, 'tensor')})"

    def save(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Writes the digests as JSON. The file appears whole or not at all.

        Args:
            path: The path.
            force: Replace a file that exists.

        Raises:
            BadInput: If the file exists.
            NotFound: If the folder does not exist.
            Unavailable: If the file cannot be written.
        """
        rows, place = list[str](), 0
        for chunks in self.ranges:
            stop = place + 32 * (chunks.stop - chunks.start)
            texts = ",".join(f'"{self.digests[at : at + 32].hex()}"' for at in range(place, stop, 32))
            name = json.dumps(chunks.tensor, ensure_ascii=False)
            rows.append(f'{{"tensor":{name},"start":{chunks.start},"digests":[{texts}]}}')
            place = stop
        text = f'{{"format":"{FORMAT}","recipe":"{self.recipe}","ranges":[\n' + ",\n".join(rows) + "\n]}\n"
        write_whole([(os.fspath(path), [text.encode("utf-8")])], force=force)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> ChunkDigests:
        """Reads what `save` wrote.

        Args:
            path: The path.

        Raises:
            BadInput: If the file is not valid; the text names the file.
            NotFound: If there is no such file.
            Unavailable: If it cannot be read.
        """
        path = os.path.abspath(os.fspath(path))
        data = read_whole(path, _LONGEST, "chunk digests")
        try:
            return cls._parsed(data)
        except BadInput as error:
            raise BadInput(f"{path}: {error}") from None

    @classmethod
    def _parsed(cls, data: bytes) -> ChunkDigests:
        document = parse(data)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise BadInput(f"it has no chunk digests: its member `format` is not {FORMAT}")
        if document.keys() != {"format", "recipe", "ranges"} or not is_digest(document["recipe"]):
            raise BadInput("its members must be `format`, `recipe`, which is a digest, and `ranges`")
        if not isinstance(document["ranges"], list):
            raise BadInput("its member `ranges` is not a list")
        ranges, digests = list[ChunkRange](), list[bytes]()
        for number, row in enumerate(document["ranges"]):
            try:
                chunks, joined = _parsed_range(row)
            except (KeyError, TypeError, ValueError):
                raise BadInput(
                    f"range {number} must have the members `tensor`, a text, `start`, an integer from 0, and "
                    "`digests`, a list of 64 hexadecimal digits each"
                ) from None
            ranges.append(chunks)
            digests.append(joined)
        return cls(document["recipe"], tuple(ranges), b"".join(digests))


def recipe_digest(recipe: Recipe) -> str:
    """Returns what all shares of a recipe have in common, whether digests are known or not.

    The given bytes of literals do not count, because they are not in a manifest.

    Args:
        recipe: The recipe.
    """
    tensors = (replace(tensor.plain(), digest=None) for tensor in recipe.values())
    text = canonical_text(recipe.seed or 0, tensors)
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()


def checked_recipe(recipe: Recipe) -> Recipe:
    """Returns a recipe; raises `BadInput` if it is something else."""
    if not isinstance(recipe, Recipe):
        raise BadInput(f"a recipe is expected, not {type(recipe).__name__}. winit.Recipe.load(path) reads a file")
    return recipe


def checked_share(share: Iterable[ChunkRange]) -> tuple[ChunkRange, ...]:
    """Returns the ranges of a share, of which a scheduler may have made plain tuples or lists.

    Args:
        share: The ranges.

    Raises:
        BadInput: If they are something else.
    """
    try:
        if isinstance(share, ChunkRange | str):
            raise TypeError
        ranges = list[ChunkRange]()
        for name, start, stop in share:
            if not isinstance(name, str):
                raise TypeError
            ranges.append(ChunkRange(name, operator.index(start), operator.index(stop)))
    except (TypeError, ValueError):
        raise BadInput("a share is a list of ChunkRange(tensor, start, stop), as winit.dist.shares gives it") from None
    return tuple(ranges)


def checked_ranges(recipe: Recipe, ranges: Iterable[ChunkRange]) -> list[tuple[TensorRecipe, int, int]]:
    """Checks that a recipe has chunks.

    Args:
        recipe: The recipe.
        ranges: The chunks.

    Returns:
        Each tensor, with the range [start, stop) of its chunks.

    Raises:
        BadInput: If the recipe does not have them.
    """
    checked = list[tuple[TensorRecipe, int, int]]()
    for name, start, stop in ranges:
        tensor = recipe.get(name)
        if tensor is None or tensor.tied_to is not None:
            what = "is tied, and has no chunks of its own" if tensor is not None else "is not in the recipe"
            raise BadInput(f"the tensor {quoted(name)} of a share {what}. Share out the recipe that is made")
        total = chunk_count(tensor)
        if not 0 <= start <= stop <= total:
            raise BadInput(f"{quoted(name)} has {counted(total, 'chunk')}, and no chunks {start} ..< {stop}")
        checked.append((tensor, start, stop))
    return checked


def _parsed_range(row: Any) -> tuple[ChunkRange, bytes]:
    if not isinstance(row, dict) or row.keys() != {"tensor", "start", "digests"}:
        raise ValueError
    name, start, texts = row["tensor"], row["start"], row["digests"]
    if not isinstance(name, str) or isinstance(start, bool) or not isinstance(start, int) or start < 0:
        raise ValueError
    if not isinstance(texts, list) or not all(is_digest(f"sha256:{text}") for text in texts):
        raise ValueError
    return ChunkRange(name, start, start + len(texts)), bytes.fromhex("".join(texts))
