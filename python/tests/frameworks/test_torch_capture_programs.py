"""Random programs of tensor operations: the captured laws against many real builds, element by element."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from winit.torch import capture  # noqa: E402

BUILDS = 200
"""Real builds of each program. A correlation of 0 is then within 6 / √200 = 0.42 of 0."""

Step = Callable[[list[Any]], Any]


def view(tensor: Any, rng: random.Random) -> Any:
    """Takes a random view of a tensor."""
    kind = rng.choice(["all", "rows", "columns", "row", "transposed", "chunk", "flat", "strided"])
    if tensor.dim() == 1:
        a = rng.randrange(tensor.shape[0])
        return tensor[a : rng.randrange(a, tensor.shape[0]) + 1] if kind != "all" else tensor
    rows, columns = tensor.shape
    if kind == "rows":
        a = rng.randrange(rows)
        return tensor[a : rng.randrange(a, rows) + 1]
    if kind == "columns":
        a = rng.randrange(columns)
        return tensor[:, a : rng.randrange(a, columns) + 1]
    if kind == "row":
        return tensor[rng.randrange(rows)]
    if kind == "transposed":
        return tensor.t()
    if kind == "chunk":
        return rng.choice(tensor.chunk(2, dim=rng.randrange(2)))
    if kind == "flat" and tensor.is_contiguous():
        return tensor.view(-1)
    return tensor[:, ::2] if kind == "strided" else tensor


def step(tensors: list[Any], rng: random.Random) -> None:
    """Does one operation on random tensors of the list."""
    tensor = rng.choice(tensors)
    kind = rng.choice(["draw", "fill", "scale", "scale", "shift", "copy", "new", "new", "function", "clamp", "place"])
    place = view(tensor, rng)
    if kind == "draw":
        if rng.random() < 0.5:
            place.normal_(1.0, 0.5)
        else:
            place.uniform_(-1.0, 2.0)
    elif kind == "fill":
        place.fill_(rng.choice([0.0, 1.0, -0.5]))
    elif kind == "scale":
        place.mul_(rng.choice([0.5, -1.0, 2.0]))
    elif kind == "shift":
        place.add_(rng.choice([0.25, -1.0]))
    elif kind == "copy":
        others = [v for t in tensors for v in [view(t, rng)] if v.shape == place.shape]
        if others:
            place.copy_(rng.choice(others).clone())
    elif kind == "function":
        place.copy_(rng.choice([torch.tanh, torch.abs, torch.cos])(place))
    elif kind == "clamp":
        place.clamp_(min=rng.choice([-0.5, 0.0]))
    elif kind == "place":
        place[0] = 1.5
    else:
        made = new(rng.randrange(6), tensor, place, rng)
        if made.dim() in (1, 2) and made.numel() <= 48:
            tensors.append(made)


def new(kind: int, tensor: Any, place: Any, rng: random.Random) -> Any:
    """Makes a tensor of other tensors, or of new draws."""
    if kind == 0:
        return torch.cat([tensor, tensor])
    if kind == 1:
        return tensor.t().contiguous() if tensor.dim() == 2 else tensor.clone()
    if kind == 2:
        return torch.randn(3, 4) * 0.5
    if kind == 3:
        return tensor * torch.tanh(tensor) if rng.random() < 0.5 else tensor - 0.5
    if kind == 4:
        return place.clone()
    rows = torch.arange(tensor.shape[0]).view(-1, *[1] * (tensor.dim() - 1))
    return torch.where(rows > 0, tensor, 0.0)


def program(number: int) -> Any:
    """Builds a module by a random program. The number alone decides the operations."""
    rng = random.Random(number)
    tensors = [torch.empty(rng.choice([2, 3, 4]), rng.choice([2, 4, 6])).normal_(), torch.rand(rng.choice([4, 6]))]
    for _ in range(rng.randrange(2, 8)):
        step(tensors, rng)
    module = torch.nn.Module()
    for position, tensor in enumerate(tensors[-4:]):
        module.register_parameter(f"p{position}", torch.nn.Parameter(tensor))
    return module


def samples_of_builds(number: int, names: list[str]) -> np.ndarray[Any, Any]:
    rows = []
    for seed in range(BUILDS):
        torch.manual_seed(seed + 1000 * number)
        values = dict(program(number).named_parameters(remove_duplicate=False))
        rows.append(np.concatenate([values[name].detach().numpy().astype(np.float64).reshape(-1) for name in names]))
    return np.array(rows)


def samples_of_laws(spec: Any, names: list[str]) -> np.ndarray[Any, Any]:
    from dataclasses import replace

    resolved = replace(spec, unresolved={})
    rows = []
    for seed in range(BUILDS):
        recipe = resolved.recipe(seed)
        values = [recipe[name].box((0,) * len(recipe[name].shape), recipe[name].shape) for name in names]
        rows.append(np.concatenate([np.asarray(value, np.float64).reshape(-1) for value in values]))
    return np.array(rows)


@pytest.mark.parametrize("number", [*range(18), 110, 361])
def test_the_laws_of_a_program_have_the_moments_and_correlations_of_its_builds(number: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec = capture(lambda: program(number))
    names = [tensor.name for tensor in spec.tensors]
    assert all("no operation wrote" not in reason for reason in spec.unresolved.values())
    if not names:
        return
    built, law = samples_of_builds(number, names), samples_of_laws(spec, names)
    root = np.sqrt(BUILDS)
    spread = np.maximum(built.std(axis=0), law.std(axis=0))
    # Constants are exact up to the rounding of binary32 operations.
    assert np.all(np.abs(built.mean(axis=0) - law.mean(axis=0)) <= 6 * np.sqrt(2) * spread / root + 1e-6)
    drawn = spread > 1e-6
    assert np.array_equal(built.std(axis=0) > 1e-6, law.std(axis=0) > 1e-6)
    built, law = built[:, drawn], law[:, drawn]
    # The standard error of a standard deviation is at most about 1.5 / √n for these laws.
    ratio = np.log(built.std(axis=0) / law.std(axis=0)) if drawn.any() else np.zeros(1)
    assert np.all(np.abs(ratio) < 6 * 1.5 * np.sqrt(2) / root)
    if drawn.sum() > 1:
        # Two elements that share a draw have a correlation near 1 or −1 in both, and no other two have one in either.
        apart = np.abs(np.corrcoef(built.T) - np.corrcoef(law.T))
        assert apart.max() < 6 * np.sqrt(2) / root
