"""Attributes that are computed when they are first used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")


class computed_once(Generic[Value]):
    """A method as an attribute whose value is kept in the object, without a lock.

    `functools.cached_property` has a lock up to Python 3.11, which stays locked in a process that is forked while
    another thread computes. Two threads may both compute a value here; it must not matter which one is kept.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        """Takes the method, whose name and docstring the attribute has."""
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> computed_once[Value]: ...

    @overload
    def __get__(self, owner: object, kind: type) -> Value: ...

    def __get__(self, owner: object | None, kind: type) -> computed_once[Value] | Value:
        """Computes the value and keeps it in the object, where it hides this descriptor."""
        if owner is None:
            return self
        value = self._compute(owner)
        owner.__dict__[self._name] = value
        return value
