"""`winit.torch.diagnose` says what is wrong with a batch."""

from __future__ import annotations

from typing import Any

import pytest

import winit

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import winit.torch  # noqa: E402

diagnose: Any = winit.torch.diagnose  # untyped: what a test looks at is there


def chain(activation: Any = nn.Tanh) -> Any:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 8), activation(), nn.Linear(8, 8), activation(), nn.Linear(8, 2))


def noise(*shape: int) -> Any:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


class Imputed(nn.Module):  # type: ignore[misc]
    """A model that takes NaN for a missing value, as forecasters do."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = chain()

    def forward(self, values: Any) -> Any:
        return self.layers(torch.nan_to_num(values, posinf=0, neginf=0))


class Conditioned(nn.Module):  # type: ignore[misc]
    """A model with two inputs, such as a time and an image."""

    def __init__(self) -> None:
        super().__init__()
        self.time, self.layers = nn.Linear(1, 8), chain()

    def forward(self, time: Any, image: Any) -> Any:
        return self.layers(self.time(time) + image)


@pytest.mark.parametrize(
    ("value", "said"),
    [(float("nan"), "1 NaN of 512"), (float("inf"), "1 infinite of 512"), (-float("inf"), "1 infinite of 512")],
)
def test_a_batch_with_elements_that_are_no_numbers_is_an_error(value: float, said: str) -> None:
    batch = noise(64, 8)
    batch[3, 5] = value
    model = chain(nn.ReLU)
    before = {name: each.clone() for name, each in model.state_dict().items()}
    with pytest.raises(winit.BadInput, match=said):
        diagnose(model, batch)
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_model_that_takes_nan_has_a_note() -> None:
    batch = noise(64, 8)
    batch[3, 5] = float("nan")
    batch[0, 0] = float("inf")
    notes = diagnose(Imputed(), batch).notes
    assert any("1 NaN and 1 infinite of 512 elements" in note for note in notes)


def test_an_infinity_that_a_tanh_bounds_has_a_note() -> None:
    batch = noise(64, 8)
    batch[0, 0] = float("inf")
    assert any("1 infinite of 512 elements" in note for note in diagnose(chain(), batch).notes)


@pytest.mark.parametrize("batch", [torch.ones(64, 8), noise(1, 8).expand(64, 8), torch.zeros(64, 8)])
def test_a_batch_of_equal_samples_is_an_error(batch: Any) -> None:
    with pytest.raises(winit.BadInput, match="all samples in the first tensor of the batch are equal"):
        diagnose(chain(), batch)


def test_equal_tokens_are_an_error_and_different_ones_are_none() -> None:
    model = nn.Sequential(nn.Embedding(10, 8), chain())
    with pytest.raises(winit.BadInput, match="equal"):
        diagnose(model, torch.full((16, 5), 7))
    assert not any("equal" in note for note in diagnose(model, torch.arange(80).reshape(16, 5) % 10).notes)


def test_equal_samples_along_another_axis_are_found() -> None:
    batch = noise(5, 1, 8).expand(5, 16, 8)  # [time, batch, features]
    with pytest.raises(winit.BadInput, match="equal"):
        diagnose(chain(), batch, batch_axis=1)


def test_equal_samples_beside_another_input_have_a_note() -> None:
    diagnosis = diagnose(Conditioned(), (torch.full((64, 1), 0.5), noise(64, 8)))
    assert any("all samples in the first tensor of the batch are equal" in note for note in diagnosis.notes)
    assert diagnosis.layers[1].measured.signal > 0


def test_a_sound_batch_has_no_note_about_itself() -> None:
    assert not any("of the batch" in note for note in diagnose(chain(), noise(64, 8)).notes)


def test_nan_in_the_weights_is_a_finding_and_no_fault_of_the_batch() -> None:
    model = chain()
    with torch.no_grad():
        model[2].weight[0, 0] = float("nan")
    found = diagnose(model, noise(64, 8)).findings
    assert [finding.code for finding in found if finding.severity == "error"] == ["non-finite"]
