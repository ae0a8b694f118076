"""The laws as a manifest holds them (docs/manifest.md, "Content").

A law is a JSON object: its name under `law`, and its parameters.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypedDict

Tree: TypeAlias = float | str | list[Any]
"""An expression: a number, "draw", ["index", k], or [operation, tree, …]."""


class ConstantLaw(TypedDict):
    """Every element is `value`: an int for an integer or boolean tensor, else a binary32 number."""

    law: Literal["constant"]
    value: int | float


class UniformLaw(TypedDict):
    """min(max(U(w) × half + mid, low), high)."""

    law: Literal["uniform"]
    half: float
    mid: float
    low: float
    high: float


class NormalLaw(TypedDict):
    """Q(w) × std + mean."""

    law: Literal["normal"]
    mean: float
    std: float


class TruncatedNormalLaw(TypedDict):
    """T(w) × std + mean. The cuts `low` and `high` count standard deviations."""

    law: Literal["truncated_normal"]
    alpha: float
    beta: float
    low: float
    high: float
    mean: float
    std: float


DrawLaw: TypeAlias = UniformLaw | NormalLaw | TruncatedNormalLaw
"""A law that uses the element's word."""

ElementwiseLaw: TypeAlias = ConstantLaw | DrawLaw
"""A law in which the element's word alone decides its value."""


class _Drawing(TypedDict, total=False):
    draw: DrawLaw


class ExpressionLaw(_Drawing):
    """The value of `tree` at the element."""

    law: Literal["expression"]
    tree: Tree


class _Batched(TypedDict, total=False):
    batch: list[int]


class EyeLaw(_Batched):
    """`value` on the diagonal of a matrix, else 0."""

    law: Literal["eye"]
    value: float


class _Keras(TypedDict, total=False):
    layout: Literal["keras"]


class DiracLaw(_Batched, _Keras):
    """1 at the center of the kernel that connects a channel with itself, else 0."""

    law: Literal["dirac"]
    groups: int


class OrthogonalLaw(_Batched):
    """An orthogonal matrix times `gain`; the elements are read row-major as a matrix of `rows` rows.

    With rank 1 it is a vector of length `gain`, and `rows` is 1.
    """

    law: Literal["orthogonal"]
    gain: float
    rows: int


class _Torch(TypedDict, total=False):
    layout: Literal["torch"]


class DeltaOrthogonalLaw(_Batched, _Torch):
    """An orthogonal matrix times `gain` at the middle of the spatial axes, else 0."""

    law: Literal["delta_orthogonal"]
    gain: float


class SparseLaw(_Batched):
    """Q(w) × std, with `zeros` zeros in each column of a matrix."""

    law: Literal["sparse"]
    std: float
    zeros: int


WholeLaw: TypeAlias = EyeLaw | DiracLaw | OrthogonalLaw | DeltaOrthogonalLaw | SparseLaw
"""A law of a whole tensor, in which the element's place decides. A part takes its box as the tensor."""


class LiteralLaw(TypedDict):
    """Bytes that were given. They follow from no law, and only their digest is recorded."""

    law: Literal["literal"]


class _PartFields(TypedDict):
    box: list[list[int]]
    law: ElementwiseLaw | ExpressionLaw | WholeLaw | LiteralLaw


class Part(_PartFields, total=False):
    """A box of a tensor, [start, stop] for each leading axis, with its law and, if it names one, its own stream."""

    stream: str


class PartsLaw(TypedDict):
    """The last part whose box holds the element decides."""

    law: Literal["parts"]
    parts: list[Part]


class SameAsLaw(TypedDict):
    """The bytes of the tensor called `name`."""

    law: Literal["same_as"]
    name: str


class NormOfLaw(TypedDict):
    """The Euclidean norm over `axes` of the tensor called `name`."""

    law: Literal["norm_of"]
    axes: list[int]
    name: str


Law: TypeAlias = ElementwiseLaw | ExpressionLaw | WholeLaw | PartsLaw | LiteralLaw | SameAsLaw | NormOfLaw
"""Any law that a manifest can hold."""
