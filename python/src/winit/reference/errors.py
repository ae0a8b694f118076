"""The errors that refused recipes and an inexact floating-point mode raise."""

from __future__ import annotations

from ..errors import BadInput, Error


class LawError(BadInput):
    """The law or the manifest does not allow this recipe or value."""


class ElementError(LawError):
    """The law gives an element no value that the dtype can hold.

    Attributes:
        element: The row-major index of the element among those that were computed.
        reason: What is wrong with it.
    """

    def __init__(self, element: int, reason: str) -> None:
        """Makes the error."""
        super().__init__(f"element {element}: {reason}")
        self.element = element
        self.reason = reason

    def __reduce__(self) -> tuple[type[ElementError], tuple[int, str]]:
        """Says how to make the error again in another process."""
        return ElementError, (self.element, self.reason)


class FloatingPointModeError(Error, FloatingPointError):
    """This thread's floating-point mode flushes subnormal numbers to zero, or does not round to nearest."""
