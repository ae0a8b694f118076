"""The examples in the docstrings of the package, run by doctest."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

import winit

FRAMEWORKS = ("jax", "keras", "mlflow", "pytest", "torch")
"""The modules of the package that import a framework, when they are imported or when an example runs."""

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def module_names(*packages: str) -> list[str]:
    """Returns the names of the modules of the package.

    Args:
        packages: The packages and modules within `winit` to list; without any, all that need only NumPy.
    """
    found = [module.name for module in pkgutil.walk_packages(winit.__path__, "winit.", onerror=_ignored)]
    parts = {name: name.split(".")[1] for name in found}
    wanted = [name for name in found if (parts[name] in packages if packages else parts[name] not in FRAMEWORKS)]
    # The kernels are a library for ctypes and no module, though its name looks like one.
    return [name for name in wanted if name not in ("winit.__main__", "winit.kernels.libwinit_kernels")]


def examples(name: str) -> list[doctest.DocTest]:
    """Returns the docstrings with examples of a module.

    Args:
        name: The name of the module.
    """
    module = importlib.import_module(name)
    return [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]


def failures(test: doctest.DocTest) -> str:
    """Runs the examples of a docstring and returns what fails, as doctest reports it.

    Args:
        test: The examples.
    """
    printed: list[str] = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=printed.append)
    return "".join(printed)


def without_example(name: str) -> list[str]:
    """Returns the public functions and classes of a module whose docstring, with those of the methods, has no example.

    Exceptions, and dataclasses, which are results, need none.

    Args:
        name: The name of the module, which has `__all__`.
    """
    module = importlib.import_module(name)
    return [each for each in module.__all__ if _lacks_example(getattr(module, each))]


def _lacks_example(thing: Any) -> bool:
    is_class = inspect.isclass(thing) and not issubclass(thing, BaseException) and not is_dataclass(thing)
    if not (inspect.isfunction(thing) or is_class):
        return False
    return not any(">>> " in (text or "") for text in _docstrings(thing))


def _docstrings(thing: Any) -> Iterator[str | None]:
    yield inspect.getdoc(thing)
    if inspect.isclass(thing):
        for member in vars(thing).values():
            yield getattr(member, "__doc__", None)


def _ignored(name: str) -> None:
    """Lets a package whose framework is not installed out of the list of modules."""
