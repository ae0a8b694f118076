"""The recipe of one tensor."""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from ..caching import computed_once
from ..errors import BadInput
from ..quoting import quoted
from .checking import parsed_law
from .dtypes import byte_count
from .indexing import Index, check_out, checked_box, selected_box
from .laws import has_literal, is_random, needs_whole
from .literals import Literal

__all__ = ["Index", "TensorRecipe"]

Array: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(frozen=True, eq=False)
class TensorRecipe:
    """What one tensor's bytes follow from: hashable, picklable, independent of any file or process.

    Two recipes are equal if they give the same bytes for the same reasons: name, shape, dtype, law, stream and seed
    are equal, and the given bytes of literals. A digest is a consequence of these, and does not count.

    Attributes:
        name: The name of the tensor.
        shape: The lengths of the axes; () for rank 0.
        dtype: The dtype as docs/manifest.md names it, such as "bfloat16".
        law_text: The law as canonical JSON (docs/manifest.md); `law` is the object.
        stream: The stream of the words, 0 ..< 2^64. A tied tensor has that of its target.
        seed: The seed, 0 ..< 2^64: the run's, or one of the tensor's own.
        digest: The tensor digest, "sha256:…"; None where it was not computed.
        source: The recipe of the tensor that a law `same_as` or `norm_of` names.
        literals: The given bytes of a literal, or of the literal parts in their order.

    Example:
        >>> import winit
        >>> from winit.recipes import law_text
        >>> bias = TensorRecipe("b", (2, 3), "float32", law_text({"law": "constant", "value": 1}), 7, 42)
        >>> bias[0:1]
        array([[1., 1., 1.]], dtype=float32)
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    law_text: str
    stream: int
    seed: int
    digest: str | None = None
    source: TensorRecipe | None = field(default=None, repr=False)
    literals: tuple[Literal, ...] = field(default=(), repr=False)

    @computed_once
    def law(self) -> Mapping[str, Any]:
        """The law with its parameters, as in a manifest. Do not change the object."""
        return copy.deepcopy(parsed_law(self.law_text))  # what is parsed is shared by all tensors of the law

    @property
    def tied_to(self) -> str | None:
        """The name of the tensor whose bytes this one shares, or None."""
        law = parsed_law(self.law_text)
        return law["name"] if law["law"] == "same_as" else None

    @property
    def count(self) -> int:
        """The number of elements: 1 for rank 0, 0 where an axis is 0."""
        return math.prod(self.shape)

    @property
    def byte_count(self) -> int:
        """The size of all elements in bytes."""
        return byte_count(self.dtype, self.count)

    @property
    def is_random(self) -> bool:
        """Whether the bytes depend on the seed."""
        return is_random(parsed_law(self.law_text)) or (self.source is not None and self.source.is_random)

    @property
    def has_literal(self) -> bool:
        """Whether given bytes are a part of the tensor, or all of it. A tied tensor has those of its target."""
        return has_literal(parsed_law(self.law_text))

    @property
    def needs_whole(self) -> bool:
        """Whether an element costs as much as the whole tensor: orthogonal, sparse and norms."""
        if self.tied_to is not None and self.source is not None:
            return self.source.needs_whole
        return needs_whole(parsed_law(self.law_text))

    def plain(self) -> TensorRecipe:
        """Returns the recipe without what a subclass adds, such as the place where a run is recorded."""
        source = None if self.source is None else self.source.plain()
        if type(self) is TensorRecipe and source is self.source:
            return self
        return TensorRecipe(
            self.name,
            self.shape,
            self.dtype,
            self.law_text,
            self.stream,
            self.seed,
            self.digest,
            source,
            self.literals,
        )

    def __len__(self) -> int:
        """Returns the length of the first axis, as of an array; raises `TypeError` for rank 0."""
        if not self.shape:
            raise TypeError(f"{quoted(self.name)} has rank 0 and no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Array]:
        """Makes one slice of the first axis after the other, as an array gives them."""
        for index in range(len(self)):
            yield self[index]

    def __bool__(self) -> bool:
        """Returns True: a recipe is no container that could be empty."""
        return True

    def __getitem__(self, index: Index) -> Array:
        """Makes a slice of step 1, as NumPy indexes. It costs only its elements, except for whole tensors.

        Args:
            index: Integers, also NumPy's and negative ones, slices of step 1, and at most one `...`.

        Returns:
            A new array of the tensor's dtype (`winit.filling.numpy_dtype`). An axis with an integer is dropped, as in
            NumPy; with an integer for every axis, the array has rank 0.

        Raises:
            IndexError: If an integer is out of range, a slice has another step, or there are more indices than axes.

        Example:
            >>> from winit.recipes import law_text
            >>> zeros = TensorRecipe("z", (4, 3), "int64", law_text({"law": "constant", "value": 0}), 7, 42)
            >>> zeros[-1].shape, zeros[..., 0].shape, zeros[1:1].shape
            ((3,), (4,), (0, 3))
        """
        offset, size, dropped = selected_box(self.name, self.shape, index)
        box = self.box(offset, size)
        return box.reshape([length for axis, length in enumerate(size) if axis not in dropped])

    def box(
        self, offset: Sequence[int], size: Sequence[int], out: Array | None = None, *, threads: int | None = None
    ) -> Array:
        """Makes the box [offset, offset + size).

        Args:
            offset: The first index on each axis.
            size: The length of the box on each axis.
            out: Where to write: a writable array of this shape and of the tensor's dtype, with any strides. A new array
                by default.
            threads: How many threads to use at most; all cores by default.

        Returns:
            The box: `out` if it is given.

        Raises:
            BadInput: If the box is not within the tensor, or `out` does not fit. Then nothing is written.

        Example:
            >>> from winit.recipes import law_text
            >>> ones = TensorRecipe("o", (4, 4), "float32", law_text({"law": "constant", "value": 1}), 7, 42)
            >>> both = np.zeros((2, 8), np.float32)
            >>> _ = ones.box((0, 0), (2, 4), out=both[:, ::2])
            >>> both[0]
            array([1., 0., 1., 0., 1., 0., 1., 0.], dtype=float32)
        """
        from ..filling import fill_box, numpy_dtype

        start, length = checked_box(self.name, self.shape, offset, size)
        if threads is not None and threads < 1:
            raise BadInput(f"{threads} threads cannot make {quoted(self.name)}; use at least 1")
        if out is not None:
            check_out(self.name, out, length, numpy_dtype(self.dtype))
        if self.has_literal and not self.literals:
            raise BadInput(
                f"the given bytes of {quoted(self.name)} are not at hand. Load the recipe with its literals."
            )
        return fill_box(self, start, length, out, threads)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Makes the whole tensor, so that `np.asarray(recipe["w"])` works."""
        if copy is False:
            raise ValueError(
                f"the elements of {quoted(self.name)} are filled for each call; copy=False is not possible"
            )
        whole = self[...]
        return whole if dtype is None else whole.astype(dtype, copy=False)

    @computed_once
    def _given(self) -> str | None:
        """What stands for the given bytes in a comparison; None if there are none."""
        if not self.has_literal:
            return None
        if not self.literals:
            return self.digest
        return ",".join(_sha256(literal) for literal in self.literals)

    def _key(self) -> tuple[object, ...]:
        return self.name, self.shape, self.dtype, self.law_text, self.stream, self.seed

    def __eq__(self, other: object) -> bool:
        """Returns whether another recipe gives the same bytes for the same reasons."""
        if not isinstance(other, TensorRecipe):
            return NotImplemented
        if self is other:
            return True
        if self._key() != other._key() or self.source != other.source:
            return False
        if self.has_literal and self.digest is not None and other.digest is not None:
            return self.digest == other.digest  # bytes that do not have their digest cannot be read
        return self._given == other._given

    def __hash__(self) -> int:
        """Returns the hash of the fields that a comparison compares, without the given bytes."""
        return hash(self._key())

    def __getstate__(self) -> dict[str, object]:
        """Leaves out what was computed for comparisons."""
        return {key: value for key, value in self.__dict__.items() if key not in ("_given", "law")}


def _sha256(literal: Literal) -> str:
    made = hashlib.sha256()
    for start in range(0, literal.byte_count, 1 << 20):
        made.update(literal.read(start, min(start + (1 << 20), literal.byte_count)))
    return made.hexdigest()
