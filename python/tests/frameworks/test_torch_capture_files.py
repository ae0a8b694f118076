"""A captured spec as a YAML file: the command resolves it to the same laws."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import winit  # noqa: E402
from winit.torch import capture, init_  # noqa: E402
from winit.torch.capturing import deviations  # noqa: E402

nn = torch.nn


def block() -> Any:
    module = nn.Module()
    module.embedding = nn.Embedding(20, 8, padding_idx=1)
    module.first = nn.Linear(8, 12)
    module.copy = copy.deepcopy(module.first)
    module.head = nn.Linear(8, 20, bias=False)
    module.head.weight = module.embedding.weight
    module.norm = nn.utils.parametrizations.weight_norm(nn.Linear(8, 6))
    module.dt = nn.Parameter(torch.exp(torch.rand(16) * 2 - 3).clamp(min=0.06))
    module.cut = nn.Parameter(nn.init.trunc_normal_(torch.empty(6, 8), std=0.3))
    module.gates = nn.Parameter(torch.cat([nn.init.orthogonal_(torch.empty(8, 8), math.sqrt(2)) for _ in range(2)]))
    half = torch.randn(3, 4)
    module.mirrored = nn.Parameter(torch.cat([half, -half]))
    module.register_buffer("table", torch.sin(torch.arange(24.0)).view(4, 6))
    return module


MODELS: dict[str, Callable[[], Any]] = {
    "every kind of law": block,
    "copied layers": lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_command_reads_a_captured_spec_as_the_same_laws(name: str, command: str, tmp_path: Path) -> None:
    spec = capture(MODELS[name])
    spec.save(tmp_path / "model.yaml")
    loaded = winit.Spec.load(tmp_path / "model.yaml").recipe(1)
    own = spec.recipe(1)
    assert {name: recipe.law_text for name, recipe in loaded.items()} == {
        name: recipe.law_text for name, recipe in own.items()
    }
    assert {name: recipe.stream for name, recipe in loaded.items()} == {
        name: recipe.stream for name, recipe in own.items()
    }


@pytest.mark.parametrize("name", MODELS)
def test_a_module_that_init_fills_has_the_values_of_the_captured_laws(name: str) -> None:
    spec = capture(MODELS[name])
    module = MODELS[name]()
    recipe = init_(module, spec, 42)
    assert deviations(module, spec) == []
    assert set(recipe) == {tensor.name for tensor in spec.tensors}
