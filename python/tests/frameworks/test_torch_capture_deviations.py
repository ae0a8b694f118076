"""Values that are not those of the captured laws are found, each kind."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from winit import reference  # noqa: E402
from winit.torch import capture  # noqa: E402
from winit.torch.capturing import deviations  # noqa: E402
from winit.torch.capturing.moments import moments  # noqa: E402

nn = torch.nn


def build() -> Any:
    module = nn.Module()
    module.linear = nn.Linear(32, 48)
    module.norm = nn.LayerNorm(32)
    module.embedding = nn.Embedding(40, 32, padding_idx=3)
    module.head = nn.Linear(32, 40, bias=False)
    module.head.weight = module.embedding.weight
    module.again = copy.deepcopy(module.linear)
    module.scaled = nn.utils.parametrizations.weight_norm(nn.Linear(16, 8))
    module.cut = nn.Parameter(nn.init.trunc_normal_(torch.empty(64, 8)))
    module.orthogonal = nn.Parameter(nn.init.orthogonal_(torch.empty(12, 8)))
    module.sparse = nn.Parameter(nn.init.sparse_(torch.empty(20, 8), 0.3))
    module.eye = nn.Parameter(nn.init.eye_(torch.empty(6, 6)))
    half = torch.randn(10, 8)
    module.mirrored = nn.Parameter(torch.cat([half, -half]))
    module.dt = nn.Parameter(torch.exp(torch.rand(200) * 2 - 3))
    module.register_buffer("positions", torch.arange(30), persistent=False)
    return module


BREAKS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "a constant": (lambda m: m.norm.weight.data[3].fill_(1.0001), "norm.weight", "constant"),
    "a padding row": (lambda m: m.embedding.weight.data[3, 1].fill_(0.1), "embedding.weight", "constant"),
    "a mean": (lambda m: m.again.bias.data.add_(0.1), "again.bias", "range"),
    "a std": (lambda m: m.linear.weight.data.mul_(0.85), "linear.weight", "std"),
    "a normal std": (lambda m: m.embedding.weight.data.mul_(1.15), "embedding.weight", "std"),
    "a normal mean": (lambda m: m.embedding.weight.data[4:].add_(0.2), "embedding.weight", "mean"),
    "a cut": (lambda m: m.cut.data[0, 0].fill_(2.1), "cut", "range"),
    "a copy": (lambda m: m.again.weight.data.uniform_(-(32**-0.5), 32**-0.5), "again.weight", "copy"),
    "a mirrored half": (lambda m: m.mirrored.data[10:].normal_(), "mirrored", "copy"),
    "a norm": (lambda m: m.scaled.parametrizations.weight.original0.data.mul_(1.1),
               "scaled.parametrizations.weight.original0", "norm"),
    "a matrix": (lambda m: m.orthogonal.data[0].mul_(1.2), "orthogonal", "matrix"),
    "zeros": (lambda m: m.sparse.data.fill_(0.01), "sparse", "matrix"),
    "the identity": (lambda m: m.eye.data[1, 0].fill_(1.0), "eye", "matrix"),
    "an expression": (lambda m: m.dt.data.mul_(1.4), "dt", "std"),
    "a literal": (lambda m: m.positions[2].fill_(7), "positions", "literal"),
    "a shape": (lambda m: setattr(m, "dt", nn.Parameter(torch.ones(3))), "dt", "shape"),
    "NaN": (lambda m: m.dt.data[0].fill_(float("nan")), "dt", "range"),
}  # fmt: skip


def untie(module: Any) -> None:
    module.head.weight = nn.Parameter(module.head.weight.detach().clone().normal_())


def test_a_module_as_it_is_built_does_not_deviate() -> None:
    torch.manual_seed(2)
    assert deviations(build(), capture(build)) == []


@pytest.mark.parametrize("name", BREAKS)
def test_a_changed_value_is_found(name: str) -> None:
    damage, tensor, what = BREAKS[name]
    torch.manual_seed(2)
    module, spec = build(), capture(build)
    with torch.no_grad():
        damage(module)
    found = deviations(module, spec)
    assert (tensor, what) in {(d.tensor, d.what) for d in found}, found
    assert all(f"`{d.tensor}`" in str(d) for d in found)


def test_a_broken_tie_is_found() -> None:
    torch.manual_seed(2)
    module, spec = build(), capture(build)
    untie(module)
    assert [(d.tensor, d.what) for d in deviations(module, spec)] == [("head.weight", "tie")]


def test_moments_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for mean, std, low, high in ((0.0, 1.0, -2.0, 2.0), (0.5, 0.1, -1.0, 3.0), (-1.0, 2.0, 1.0, 4.0)):
        expected = stats.truncnorm(low, high, mean, std).stats("mvk")
        found = moments(reference.truncated_normal(mean, std, low, high))
        assert found.mean == pytest.approx(float(expected[0]), rel=1e-6, abs=1e-6)
        assert found.std == pytest.approx(float(expected[1]) ** 0.5, rel=1e-5)
        assert found.kurtosis == pytest.approx(float(expected[2]) + 3, rel=1e-2)
    law: Any = reference.expression(["exp", "draw"], reference.normal(0.0, 0.5))
    expected = stats.lognorm(0.5).stats("mv")
    assert moments(law).mean == pytest.approx(float(expected[0]), rel=1e-3)
    assert moments(law).std == pytest.approx(float(expected[1]) ** 0.5, rel=1e-2)
