"""What users of PyTorch and JAX do with the law on a GPU: modules, compiled functions, and functions under jit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from winit import Recipe, reference
from winit.torch import fill_, init_
from winit.torch.dtypes import memory_of

from .place import Place

_SEED = 2**64 - 5
_NORMAL = reference.normal(0.1, 0.02)


def check_modules(place: Place) -> Iterator[str | None]:
    """Fills modules by `init_`: one that is on the device, and one that is built there; yields problems or None."""
    laws = {
        "0.weight": ("float32", (33, 17), _NORMAL),
        "0.bias": ("float32", (33,), reference.constant(0.0)),
        "1.weight": ("bfloat16", (65, 33), reference.truncated_normal(0, 0.02)),
    }
    recipe = Recipe.from_laws(_SEED, laws)

    def build() -> Any:
        second = torch.nn.Linear(33, 65, bias=False, dtype=torch.bfloat16)
        return torch.nn.Sequential(torch.nn.Linear(17, 33), second)

    there = build().to(place.device)
    init_(there, recipe)
    made, _ = init_(build, recipe, device=place.device)
    for which, module in (("in place", there), ("built", made)):
        for name, parameter in module.named_parameters():
            yield _compared(f"init_, {which}, {name}", parameter, recipe[name][...])


def check_compiled(place: Place) -> Iterator[str | None]:
    """Compiles a function that fills a tensor: `fill_` must run outside of it, with the bits of the law."""
    recipe = Recipe.from_laws(_SEED, {"w": ("float32", (129, 65), _NORMAL)})["w"]

    def step(x: torch.Tensor) -> torch.Tensor:
        y = x * 1.0
        fill_(y, recipe)
        return y + 0.0

    start = torch.zeros(129, 65, device=place.device)
    backend = "eager" if place.is_interpreted else "inductor"
    yield _compared("torch.compile", torch.compile(step, backend=backend)(start), recipe[...])


def check_jax(place: Place) -> Iterator[str | None]:
    """Generates tensors inside `jax.jit`; yields problems or None. Raises `ImportError` where JAX sees no GPU."""
    import jax

    wanted = "cpu" if place.is_interpreted else "gpu"
    try:
        device = jax.devices(wanted)[0]
    except RuntimeError as error:
        raise ImportError(f"JAX {jax.__version__} sees no {wanted}: {str(error)[:80]}") from error
    from winit.jax import generate

    laws = {"uniform": reference.uniform(-0.3, 0.1), "normal": _NORMAL, "truncated": reference.truncated_normal(0, 1)}
    for dtype in ("float32", "bfloat16", "float16"):
        recipe = Recipe.from_laws(_SEED, {name: (dtype, (129, 65), law) for name, law in laws.items()})
        for name in laws:
            with jax.default_device(device):
                made = np.asarray(jax.jit(lambda own=recipe[name]: generate(own))())
            same = made.tobytes() == np.asarray(recipe[name][...]).tobytes()
            yield None if same else f"winit.jax.generate inside jit, {name} {dtype}"


def _compared(what: str, tensor: torch.Tensor, values: Any) -> str | None:
    return None if memory_of(tensor.cpu()).tobytes() == np.ascontiguousarray(values).tobytes() else what
