"""Tensors by name, in the order of a manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, overload

from ..caching import computed_once
from ..errors import NotFound
from ..quoting import quoted
from .tensor_recipe import TensorRecipe

Default = TypeVar("Default")


class Tensors(Mapping[str, TensorRecipe]):
    """The recipes of tensors by name, in the order of the UTF-8 bytes of the names."""

    _tensors: dict[str, TensorRecipe]

    def __getitem__(self, name: str) -> TensorRecipe:
        """Returns the recipe of a tensor; raises `NotFound`, with the nearest name."""
        try:
            return self._tensors[name]
        except KeyError:
            import difflib

            near = difflib.get_close_matches(str(name), list(self._tensors)[:1000], 1)
            hint = f"; did you mean {quoted(near[0])}?" if near else ""
            raise NotFound(f"there is no tensor {quoted(str(name))}{hint}") from None

    @overload
    def get(self, key: str, /) -> TensorRecipe | None: ...
    @overload
    def get(self, key: str, /, default: TensorRecipe | Default) -> TensorRecipe | Default: ...
    def get(self, key: str, /, default: Any = None) -> Any:
        """Returns the recipe of a tensor, or `default` if there is none."""
        return self._tensors.get(key, default)

    def __contains__(self, name: object) -> bool:
        """Returns whether there is a tensor of this name."""
        return name in self._tensors

    def __iter__(self) -> Iterator[str]:
        """Iterates over the names, in the order of their UTF-8 bytes."""
        return iter(self._tensors)

    def __len__(self) -> int:
        """Returns the number of tensors."""
        return len(self._tensors)

    @computed_once
    def parameter_count(self) -> int:
        """The number of elements of all tensors; those of tied tensors count once."""
        return sum(tensor.count for tensor in self._tensors.values() if tensor.tied_to is None)

    @computed_once
    def byte_count(self) -> int:
        """The size of all tensors in bytes; those of tied tensors count once."""
        return sum(tensor.byte_count for tensor in self._tensors.values() if tensor.tied_to is None)
