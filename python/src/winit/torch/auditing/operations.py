"""What PyTorch's operations do to memory: which allocate, which write, which draw random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

ALLOCATING = {"empty", "empty_like", "empty_strided", "empty_permuted", "new_empty", "new_empty_strided"}
"""Operations whose result is memory that nothing has written."""

RESIZING = {"resize_", "resize_as_"}
"""Operations that may enlarge a storage by memory that nothing has written."""

SHAPED = ALLOCATING | {
    "zeros_like", "ones_like", "full_like", "rand_like", "randn_like", "randint_like", "new_zeros", "new_ones",
    "new_full", "resize_as_", "resize_", "set_",
}  # fmt: skip
"""Operations that take shape and dtype of a tensor, and do not read its elements."""

OVERWRITING = {
    "copy_", "fill_", "zero_", "normal_", "uniform_", "random_", "bernoulli_", "exponential_", "geometric_",
    "log_normal_", "cauchy_", "_foreach_copy_", "_foreach_zero_",
}  # fmt: skip
"""Operations in place that write each element of the tensor and read none of them."""

SCATTERING = {
    "index_put_", "_index_put_impl_", "index_copy_", "index_fill_", "masked_fill_", "masked_scatter_", "scatter_",
    "put_", "fill_diagonal_", "resize_", "resize_as_", "set_",
}  # fmt: skip
"""Operations in place that write some elements of the tensor and read none of them."""


@dataclass(frozen=True)
class Operation:
    """What an operation does to memory.

    Attributes:
        name: The name without namespace and overload, such as "normal_".
        written: The positions of the arguments that it writes, and the names of those that are keywords.
        is_view: Whether its result is a view of an argument, and no element is read.
        is_random: Whether it draws from a random generator.
    """

    name: str
    written: tuple[int | str, ...]
    is_view: bool
    is_random: bool

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Returns the arguments that the operation writes."""
        found = list[Any]()
        for place in self.written:
            if isinstance(place, int):
                found.append(args[place] if place < len(args) else None)
            else:
                found.append(kwargs.get(place))
        return found


@lru_cache(maxsize=4096)
def operation(function: Any) -> Operation | None:
    """Looks up an operator overload; None for a higher-order operator, which has no schema."""
    schema = getattr(function, "_schema", None)
    if schema is None:
        return None
    written = list[int | str]()
    for position, argument in enumerate(schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            written.append(argument.name if argument.kwarg_only else position)
    views = any(result.alias_info is not None and not result.alias_info.is_write for result in schema.returns)
    name = schema.name.partition("::")[2]
    is_random = torch.Tag.nondeterministic_seeded in getattr(function, "tags", ())
    return Operation(name, tuple(written), views and not written, is_random)
