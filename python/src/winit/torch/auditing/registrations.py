"""Registrations: which parameters modules shared when they were registered, so that a broken tie is found."""

from __future__ import annotations

import itertools
import sys
import weakref
from typing import Any

from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.utils.weak import WeakIdKeyDictionary


class Registrations:
    """The parameter that each module registered last under each name, as a number that no other parameter has."""

    def __init__(self) -> None:
        """Makes an empty table."""
        self._numbers: Any = WeakIdKeyDictionary()
        self._counter = itertools.count()
        self._registered: dict[tuple[int, str], tuple[weakref.ref[Any], int]] = {}
        self._handle: Any = None

    def start(self) -> None:
        """Starts to record the registrations of all modules of the process."""
        self._handle = register_module_parameter_registration_hook(self._register)

    def stop(self) -> None:
        """Stops recording."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def number(self, owner: Any, name: str) -> int | None:
        """Returns the number of the parameter that a module registered last under a name."""
        found = self._registered.get((id(owner), name))
        return found[1] if found is not None and found[0]() is owner else None

    def _register(self, module: Any, name: str, parameter: Any) -> None:
        if parameter is None or _is_loading():
            return
        if parameter not in self._numbers:
            self._numbers[parameter] = next(self._counter)
        self._registered[id(module), name] = (weakref.ref(module), self._numbers[parameter])


def _is_loading() -> bool:
    """Tells whether `load_state_dict(assign=True)` registers a parameter, which is no intention to break a tie."""
    frame: Any = sys._getframe(2)
    for _ in range(6):
        if frame is None:
            return False
        if frame.f_code.co_name == "_load_from_state_dict":
            return True
        frame = frame.f_back
    return False
