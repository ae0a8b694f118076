"""What libraries promise of the initial values of their models, so that a promise which is not kept is found.

An entry needs a source that states the number. A library's own code that draws another number than it says is the bug
to find: transformers 5.0 to 5.14 never applied the scaling of GPT-2's residual projections (its issue 47458).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .expectations import Expectation
from .moments import Moments


@dataclass(frozen=True)
class Promise:
    """A standard deviation that a model class of a library states.

    Attributes:
        module: The module of the class.
        name: The name of the class.
        suffix: The end of the names of its tensors.
        std: The standard deviation, as a function of the model's config.
        source: Who states it.
    """

    module: str
    name: str
    suffix: str
    std: Callable[[Any], float]
    source: str


PROMISES = (
    Promise(
        "transformers.models.gpt2.modeling_gpt2",
        "GPT2PreTrainedModel",
        ".c_proj.weight",
        lambda config: float(config.initializer_range) / math.sqrt(2 * int(config.n_layer)),
        "GPT-2 scales its residual projections: initializer_range / √(2 · n_layer) (Radford et al. 2019, section 2.3)",
    ),
)


def promised(module: Any) -> Iterator[Expectation]:
    """Iterates over the promises about a module and its submodules.

    A subclass with an `_init_weights` of its own is left out; so is a tensor that other code than the library's drew.
    """
    for prefix, owner in module.named_modules():
        for promise in PROMISES:
            if not any(
                base.__module__ == promise.module and base.__name__ == promise.name for base in type(owner).__mro__
            ):
                continue
            if getattr(type(owner)._init_weights, "__module__", "") != promise.module:
                continue
            try:
                std = promise.std(owner.config)
            except (AttributeError, TypeError, ValueError, ZeroDivisionError):
                continue
            dot = f"{prefix}." if prefix else ""
            yield Expectation(
                f"{dot}*{promise.suffix}",
                False,
                promise.source,
                Moments(0.0, std),
                library=promise.module.partition(".")[0],
            )
