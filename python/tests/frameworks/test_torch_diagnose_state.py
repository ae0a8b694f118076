"""`winit.torch.diagnose` restores everything, and takes the models and batches that people have."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import winit

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import winit.torch  # noqa: E402

diagnose: Any = winit.torch.diagnose  # untyped: what a test looks at is there


def made(seed: int, build: Callable[[], Any]) -> Any:
    torch.manual_seed(seed)
    return build()


class Everything(nn.Module):  # type: ignore[misc]
    """A model with all that a pass can change."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.relu = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        self.drop, self.rnn = nn.Dropout(0.5), nn.GRU(8, 8, 2, batch_first=True, dropout=0.3)
        self.head = nn.Linear(8, 5)
        self.register_buffer("seen", torch.zeros(()), persistent=False)
        self.steps, self.cache, self.plain = 0, None, torch.zeros(2)
        self.fails = False

    def forward(self, x: Any) -> Any:
        self.steps += 1
        self.seen += 1
        self.plain.add_(1)
        self.cache, self.fresh = x, 1
        x = self.drop(self.relu(self.bn(self.conv(x))))
        x = x + torch.randn_like(x) + float(np.random.rand()) + random.random()
        if self.fails:
            raise RuntimeError("it fails")
        return self.head(self.rnn(x.mean(2).transpose(1, 2))[0][:, -1])


def snapshot(model: Any) -> dict[str, Any]:
    """Returns everything that a diagnosis must leave as it is, in values that compare."""
    modules = dict(model.named_modules())
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return {
        "state": {name: value.numpy().tobytes() for name, value in model.state_dict().items()},
        "objects": [id(each) for each in [*model.parameters(), *model.buffers()]],
        "buffers": {name: value.numpy().tobytes() for name, value in model.named_buffers()},
        "gradients": [None if p.grad is None else (id(p.grad), p.grad.numpy().tobytes()) for p in model.parameters()],
        "requires": [p.requires_grad for p in model.parameters()],
        "modes": {name: module.training for name, module in modules.items()},
        "inplace": {name: getattr(module, "inplace", None) for name, module in modules.items()},
        "dropout": model.rnn.dropout,
        "attributes": {name: sorted(vars(module)) for name, module in modules.items()},
        "hooks": {name: [len(getattr(module, each)) for each in hooks] for name, module in modules.items()},
        "tensor hooks": [len(p._backward_hooks or ()) for p in model.parameters()],
        "plain": (model.steps, model.cache, model.plain.tolist(), model.fails),
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": str(np.random.get_state()),
        "python": random.getstate(),
        "grad mode": torch.is_grad_enabled(),
    }


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("fails", [False, True])
def test_everything_is_restored_also_after_an_error(training: bool, fails: bool) -> None:
    model = made(0, Everything).train(training)
    model.bn.eval()
    model.fails = fails
    model.conv.weight.requires_grad_(False)
    model.head.weight.grad = torch.ones_like(model.head.weight)
    batch = torch.randn(4, 3, 8, 8)
    given = batch.clone()
    before = snapshot(model)
    if fails:
        with pytest.raises(RuntimeError, match="it fails"):
            diagnose(model, batch)
    else:
        diagnose(model, batch, lambda output, batch: output.sum())
    after = snapshot(model)
    assert [name for name in before if before[name] != after[name]] == []
    assert torch.equal(batch, given) and not batch.requires_grad


def test_a_build_draws_as_the_next_build_would() -> None:
    torch.manual_seed(3)
    diagnosis = diagnose(lambda: nn.Linear(8, 4), torch.randn(4, 8, generator=torch.Generator().manual_seed(0)))
    model = nn.Linear(8, 4)
    assert diagnosis.tensors[0].mean == pytest.approx(float(model.weight.detach().double().mean()), rel=1e-12)


def test_two_diagnoses_of_one_model_are_equal() -> None:
    model, batch = made(0, Everything), torch.randn(4, 3, 8, 8)
    model.forward = lambda x: model.head(torch.relu(model.conv(x)).mean((2, 3)))
    assert diagnose(model, batch).json() == diagnose(model, batch).json()


def test_dropout_is_off_and_batch_norm_takes_the_statistics_of_the_batch() -> None:
    model = nn.Sequential(nn.Linear(8, 64), nn.BatchNorm1d(64), nn.Dropout(0.9), nn.Linear(64, 4))
    nn.init.normal_(model[0].weight, std=100)
    norm = diagnose(model.eval(), torch.randn(256, 8)).layers[1]
    assert norm.measured.rms == pytest.approx(1, rel=0.01)
    assert diagnose(model, torch.randn(256, 8), training=False).layers[1].measured.rms > 50


@pytest.mark.parametrize("training", [None, True, False])
def test_the_modes_of_the_pass(training: bool | None) -> None:
    seen = dict[str, Any]()

    class Watched(Everything):
        def forward(self, x: Any) -> Any:
            seen.update({name: module.training for name, module in self.named_children()})
            seen.update(inplace=self.relu.inplace, dropout=self.rnn.dropout)
            return super().forward(x)

    diagnose(made(0, Watched), torch.randn(4, 3, 8, 8), training=training)
    # cuDNN runs a recurrent net backward in training mode only; without dropout that is its evaluation mode.
    assert (seen["bn"], seen["rnn"]) == ((True, True) if training is None else (training, training))
    assert (seen["drop"], seen["dropout"]) == (bool(training), 0.0 if training is None else 0.3)
    assert not seen["inplace"]


def test_hooks_and_optimizers_that_act_on_gradients_see_none() -> None:
    model, seen = made(0, lambda: nn.Linear(8, 4)), list[Any]()
    model.weight.register_hook(seen.append)
    model.weight.register_post_accumulate_grad_hook(seen.append)
    assert diagnose(model, torch.randn(4, 8)).layers[0].measured.gradient > 0
    assert seen == []
    net = nn.Sequential(model, nn.ReLU(inplace=True), nn.Linear(4, 2))
    handle = model.register_full_backward_hook(lambda *gradients: seen.append(gradients))
    assert diagnose(net, torch.randn(4, 8)).layers[0].activation == "relu"
    assert seen == [] and len(model._backward_hooks) == 1
    handle.remove()
    assert len(model._backward_hooks) == 0


@pytest.mark.parametrize("frozen", [False, True])
def test_frozen_layers_have_gradients_too(frozen: bool) -> None:
    model = made(0, lambda: nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4)))
    model[0].requires_grad_(not frozen)
    assert diagnose(model, torch.randn(4, 8)).layers[0].measured.gradient > 0
    words = made(0, lambda: nn.Sequential(nn.Embedding(9, 8), nn.Flatten(), nn.Linear(24, 4)))
    words[0].requires_grad_(not frozen)
    assert diagnose(words, torch.randint(9, (4, 3))).layers[0].measured.gradient > 0


def test_within_no_grad_and_inference_mode() -> None:
    model, batch = made(0, lambda: nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4))), torch.randn(4, 8)
    expected = diagnose(model, batch).json()
    with torch.no_grad():
        assert diagnose(model, batch).json() == expected
    with torch.inference_mode():
        assert diagnose(model, batch.clone()).json() == expected
        assert torch.is_inference_mode_enabled()


def test_a_part_without_autograd_is_said() -> None:
    class Cut(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 4)

        def forward(self, x: Any) -> Any:
            with torch.no_grad():
                x = self.a(x)
            return self.b(x)

    diagnosis = diagnose(made(0, Cut), torch.randn(4, 8))
    assert diagnosis.layers[0].measured.gradient is None and diagnosis.layers[1].measured.gradient > 0
    assert diagnosis.findings == ()
    model = made(0, lambda: nn.Linear(8, 4))
    cut = diagnose(model, torch.randn(4, 8), lambda output, batch: output.detach().sum())
    assert cut.layers[0].measured.gradient is None and any("no gradient" in note for note in cut.notes)


# Batches, outputs and losses


def test_a_batch_is_a_tensor_a_tuple_or_a_mapping() -> None:
    class Two(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(8, 4)

        def forward(self, x: Any, scale: Any) -> dict[str, Any]:
            return {"mask": torch.ones(4, dtype=torch.bool), "logits": self.a(x) * scale, "aux": [torch.ones(1)]}

    model, x = made(0, Two), torch.randn(4, 8)
    by_position = diagnose(model, (x, torch.full((4, 1), 2.0)))
    by_name = diagnose(model, {"x": x, "scale": 2.0})
    by_hand = diagnose(model, {"x": x}, forward=lambda model, batch: model(batch["x"], scale=2.0))
    gradients = [each.layers[0].measured.gradient for each in (by_position, by_name, by_hand)]
    assert gradients == [pytest.approx(gradients[0])] * 3
    assert any("`logits`" in note for note in by_name.notes)


def test_an_output_with_a_loss_is_taken_at_its_word() -> None:
    class Output(dict[str, Any]):
        __getattr__ = dict.get

    class Model(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(8, 4)

        def forward(self, x: Any) -> Any:
            y = self.a(x)
            return Output(loss=nn.functional.cross_entropy(y, torch.zeros(len(y), dtype=torch.long)), logits=y)

    diagnosis = diagnose(made(0, Model), {"x": torch.randn(4, 8)})
    assert diagnosis.loss.classes == 4


def test_a_sequence_that_comes_first_needs_batch_axis() -> None:
    model = made(0, lambda: nn.LSTM(8, 8))
    x = torch.randn(12, 4, 8)
    x[:] = x[:, :1] + 1e-7 * torch.randn(12, 4, 8)  # all samples are nearly one
    assert diagnose(model, x, batch_axis=1).layers[0].measured.signal < 1e-6
    assert diagnose(model, x).layers[0].measured.signal > 1e-2


def test_packed_sequences_integers_and_modules_without_tensors_are_no_obstacle() -> None:
    class Odd(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.rnn, self.head = (
                nn.Embedding(9, 8, sparse=True),
                nn.GRU(8, 8, batch_first=True),
                nn.Linear(8, 2),
            )
            self.counter, self.names = nn.Linear(8, 8), nn.Identity()
            self.counter.forward = lambda x: x.argmax(1)  # a layer that gives integers

        def forward(self, tokens: Any) -> Any:
            x = self.embed(tokens)
            self.names("a text")
            self.counter(x[:, 0])
            packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([5, 4, 3, 2]), batch_first=True)
            return self.head(self.rnn(packed)[1][-1])

    diagnosis = diagnose(made(0, Odd), torch.randint(9, (4, 5)))
    assert [layer.name for layer in diagnosis.layers] == ["embed.weight", "rnn", "head.weight"]
    assert all(layer.measured.gradient > 0 for layer in diagnosis.layers)


def test_layers_without_tokens() -> None:
    class Experts(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, x: Any) -> Any:
            return torch.cat([torch.relu(self.used(x)), torch.relu(self.unused(x[:0]))])

    layers = diagnose(made(0, Experts), torch.randn(4, 8)).layers
    assert layers[0].measured.signal > 0 and layers[1].measured.signal == 0


def test_half_precision_autocast_and_wrappers() -> None:
    build = lambda: nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))  # noqa: E731
    model, batch = made(0, build), torch.randn(16, 8)
    plain = diagnose(model, batch)
    parallel = diagnose(nn.DataParallel(model), batch)
    assert parallel.json() == plain.json() and parallel.tensors[0].name == "0.weight"
    halved = diagnose(made(0, build).bfloat16(), batch.bfloat16())
    assert halved.tensors[0].dtype == "bfloat16"
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = diagnose(model, batch)
    for other in (halved, mixed):
        assert other.layers[0].measured.signal == pytest.approx(plain.layers[0].measured.signal, rel=0.02)
        assert other.layers[0].activation == "relu" and other.findings == plain.findings


def test_parametrized_weights() -> None:
    model = made(
        0, lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(8, 16)), nn.ReLU(), nn.Linear(16, 4))
    )
    diagnosis = diagnose(model, torch.randn(4, 8))
    assert [layer.kind for layer in diagnosis.layers] == ["linear", "linear"]
    assert diagnosis.findings == ()


def test_checkpointed_blocks_are_recorded_once() -> None:
    class Checkpointed(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 4)

        def forward(self, x: Any) -> Any:
            return self.b(torch.utils.checkpoint.checkpoint(lambda x: torch.tanh(self.a(x)), x, use_reentrant=False))

    import torch.utils.checkpoint

    layers = diagnose(made(0, Checkpointed), torch.randn(4, 8)).layers
    assert [layer.name for layer in layers] == ["a.weight", "b.weight"] and layers[0].measured.gradient > 0


def test_a_module_that_is_called_often_is_listed_sixteen_times() -> None:
    class Unrolled(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.RNNCell(4, 4)

        def forward(self, x: Any) -> Any:
            h = torch.zeros(len(x), 4)
            for _ in range(100):
                h = self.cell(x, h)
            return h

    diagnosis = diagnose(made(0, Unrolled), torch.randn(4, 4))
    assert [diagnosis.layers[0].name, diagnosis.layers[-1].name] == ["cell", "cell, call 100"]
    assert len(diagnosis.layers) == 16 and any("84 calls" in note for note in diagnosis.notes)


# Errors


def test_what_cannot_be_diagnosed_is_refused_with_the_remedy() -> None:
    x = torch.randn(4, 8)
    with pytest.raises(winit.BadInput, match="init_ first"):
        diagnose(nn.Linear(8, 4, device="meta"), x)
    with pytest.raises(winit.BadInput, match="lazy"):
        diagnose(nn.LazyLinear(4), x)
    with pytest.raises(winit.BadInput, match="ScriptModule"):
        diagnose(torch.jit.trace(nn.Linear(8, 4), x), x)
    with pytest.raises(winit.BadInput, match="two samples or more"):
        diagnose(nn.Linear(8, 4), x[:1])
    with pytest.raises(winit.BadInput, match="got str"):
        diagnose(nn.Linear(8, 4), "a text")
    with pytest.raises(winit.BadInput, match="returned int"):
        diagnose(lambda: 3, x)
    with pytest.raises(winit.BadInput, match="one element"):
        diagnose(nn.Linear(8, 4), x, lambda output, batch: output)
    with pytest.raises(winit.BadInput, match="there is no finding `vanishing`"):
        diagnose(nn.Linear(8, 4), x, allow={"vanishing": "*"})
    with pytest.raises(winit.BadInput, match="keep needs a run"):
        diagnose(nn.Linear(8, 4), x, keep=3)


# The document


def test_the_document_is_read_back_as_it_was(tmp_path: Path) -> None:
    diagnosis = diagnose(made(0, Everything), torch.randn(4, 3, 8, 8), lambda output, batch: output.square().mean())
    diagnosis.save(tmp_path / "diagnosis.json")
    again = winit.read_diagnosis(tmp_path / "diagnosis.json")
    assert again.as_dict() == json.loads(diagnosis.json()) and str(again) == str(diagnosis)
    with pytest.raises(winit.BadInput, match="exists"):
        diagnosis.save(tmp_path / "diagnosis.json")


def test_names_of_modules_cannot_harm_the_terminal_or_the_notebook() -> None:
    model = nn.Module()
    model.add_module("<script>\x1b[31m", nn.Linear(8, 8))
    model.forward = lambda x: model._modules["<script>\x1b[31m"](x)
    nn.init.zeros_(model._modules["<script>\x1b[31m"].weight)
    diagnosis = diagnose(model, torch.randn(4, 8))
    assert "\x1b" not in str(diagnosis) and "<script>" not in diagnosis._repr_html_()
    assert "&lt;script&gt;" in diagnosis._repr_html_()
