"""`winit.torch.diagnose` of what is meant: allowed findings, trained weights, computed tables."""

from __future__ import annotations

from typing import Any

import pytest

import winit

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import winit.torch  # noqa: E402

diagnose: Any = winit.torch.diagnose  # untyped: what a test looks at is there


def places(diagnosis: Any) -> list[tuple[str, str, str]]:
    loud = [finding for finding in diagnosis.findings if finding.severity != "information"]
    return [(finding.code, finding.severity, finding.tensor or finding.layer) for finding in loud]


def chain_with_zeros() -> Any:
    torch.manual_seed(0)
    model = nn.Sequential(*[layer for _ in range(5) for layer in (nn.Linear(32, 32), nn.Tanh())], nn.Linear(32, 4))
    nn.init.zeros_(model[4].weight)
    return model


def batch() -> Any:
    return torch.randn(64, 32, generator=torch.Generator().manual_seed(1))


# What is allowed


def test_an_allowed_weight_of_zeros_leaves_the_findings_about_the_signal() -> None:
    explained = diagnose(chain_with_zeros(), batch())
    assert places(explained) == [("all-zero-weights", "warning", "4.weight")]
    assert any("no finding of its own" in note for note in explained.notes)
    allow = {"all-zero-weights": "4.*"}
    for allowed in (diagnose(chain_with_zeros(), batch(), allow=allow), explained.allowing(allow)):
        assert [each.finding.code for each in allowed.allowed] == ["all-zero-weights"]
        codes = {code for code, severity, _ in places(allowed) if severity == "error"}
        assert codes == {"vanishing-forward", "vanishing-backward"}
        assert not any("no finding of its own" in note for note in allowed.notes)
    with pytest.raises(winit.Mismatch, match="vanishing-forward"):
        explained.assert_healthy(allow=allow)


def test_what_an_allowed_finding_explained_can_be_allowed_too() -> None:
    follow = ("vanishing-forward", "vanishing-backward", "look-alike-inputs")
    allow = dict.fromkeys(("all-zero-weights", *follow), "*")
    allowed = diagnose(chain_with_zeros(), batch(), allow=allow)
    assert places(allowed) == []
    assert {each.finding.code for each in allowed.allowed} == set(allow)


def test_one_of_two_causes_explains_as_long_as_it_is_not_allowed() -> None:
    def build() -> Any:
        model = chain_with_zeros()
        nn.init.constant_(model[8].weight, 0.1)
        return model

    once = diagnose(build(), batch(), allow={"all-zero-weights": "*"})
    assert places(once) == [("constant-weights", "warning", "8.weight")]
    assert "vanishing-forward" in {code for code, *_ in places(once.allowing({"constant-weights": "*"}))}


def test_an_allowed_mean_leaves_the_finding_about_the_scale() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(*[nn.Linear(64, 64, bias=False) for _ in range(8)])
    nn.init.uniform_(model[3].weight, 0, 4)
    found = diagnose(model, torch.randn(64, 64))
    assert "odd-one-out" not in {finding.code for finding in found.findings}
    allowed = found.allowing({"nonzero-mean": "3.weight"})
    assert [finding.tensor for finding in allowed.findings if finding.code == "odd-one-out"] == ["3.weight"]


# What has been trained


class Normed(nn.Module):  # type: ignore[misc]
    def __init__(self, norm: Any) -> None:
        super().__init__()
        self.layers = nn.Sequential(*[each for _ in range(3) for each in (nn.Linear(32, 32), norm(32), nn.ReLU())])

    def forward(self, values: Any) -> Any:
        return self.layers(values)


def looks_trained(model: Any) -> bool:
    return any("look trained" in note for note in diagnose(model, batch()).notes)


@pytest.mark.parametrize("norm", [nn.LayerNorm, nn.BatchNorm1d, nn.RMSNorm])
def test_one_step_of_training_shows_in_the_scales_of_norms(norm: Any) -> None:
    torch.manual_seed(0)
    model = Normed(norm)
    assert not looks_trained(model)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    model(batch()).square().mean().backward()
    optimizer.step()
    assert looks_trained(model)


def test_scales_that_a_gan_draws_are_not_trained() -> None:
    torch.manual_seed(0)
    model = Normed(nn.BatchNorm1d)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d):
            nn.init.normal_(layer.weight, 1.0, 0.02)  # Radford et al. 2016, as in PyTorch's example of DCGAN
    assert not looks_trained(model)


# What is computed


def table(positions: int, channels: int = 32) -> Any:
    # Vaswani et al. 2017: the sines, then the cosines, as in transformers.
    angles = torch.arange(positions)[:, None] / 10_000 ** (2 * torch.arange(channels // 2) / channels)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class Positioned(nn.Module):  # type: ignore[misc]
    def __init__(self, values: Any) -> None:
        super().__init__()
        self.position_embeddings = nn.Embedding.from_pretrained(values, freeze=False)
        self.head = nn.Linear(32, 4)

    def forward(self, tokens: Any) -> Any:
        return self.head(self.position_embeddings(tokens))


@pytest.mark.parametrize("positions", [12, 16, 64, 512])
def test_a_trainable_table_of_sinusoids_has_no_warning_and_a_uniform_one_has(positions: int) -> None:
    tokens = torch.arange(64).reshape(16, 4) % positions
    sines = table(positions)
    assert abs(sines.mean() / sines.std()) > (0.5 if positions < 100 else 0.3)
    assert places(diagnose(Positioned(sines), tokens)) == []
    assert ("nonzero-mean", "warning", "position_embeddings.weight") in places(
        diagnose(Positioned(torch.rand(positions, 32)), tokens)
    )
