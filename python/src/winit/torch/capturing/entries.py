"""The tensors of a built model, and what was found about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...recipes import BytesLiteral
from .values import Empty, Tensor, Value

MAXIMUM_LITERAL = 1 << 28
"""The maximum number of elements of a literal."""


@dataclass
class Entry:
    """A tensor of the model.

    Attributes:
        name: Its name.
        tensor: The tensor.
        buffer: True for a buffer.
        persistent: False for a buffer that the state dict leaves out.
        owner: The class of the module that has it.
        value: What it holds.
        tied: The name of an earlier tensor that is the same one, or "".
    """

    name: str
    tensor: Tensor
    buffer: bool
    persistent: bool
    owner: str
    value: Value = field(default_factory=Empty)
    tied: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return tuple(map(int, self.tensor.shape))


@dataclass(frozen=True)
class Resolved:
    """The law of a tensor, or why there is none.

    Attributes:
        law: The law, as docs/manifest.md has it.
        literals: The bytes of its literals.
        origin: Where it comes from, for people.
        reason: Why there is no law; "" if there is one.
        unwritten: True if no operation wrote some elements, whose bytes are garbage in any build.
        given: Where the bytes of a literal came from, as `Known.given` says.
    """

    law: Mapping[str, Any] | None
    literals: tuple[BytesLiteral, ...] = ()
    origin: str = ""
    reason: str = ""
    unwritten: bool = False
    given: int = 0


class Unresolvable(Exception):
    """A tensor has no law; the text says why."""

    def __init__(self, reason: str, unwritten: bool = False) -> None:
        """Takes the reason, and whether no operation wrote the elements."""
        super().__init__(reason)
        self.unwritten = unwritten
