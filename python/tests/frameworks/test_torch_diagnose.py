"""`winit.torch.diagnose`: what it measures, and what it finds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import winit

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import winit.torch  # noqa: E402

diagnose: Any = winit.torch.diagnose  # untyped: what a test looks at is there


def codes(diagnosis: Any, *severities: str) -> list[str]:
    wanted = severities or ("error", "warning")
    return [finding.code for finding in diagnosis.findings if finding.severity in wanted]


def places(diagnosis: Any) -> list[tuple[str, str, str]]:
    loud = [finding for finding in diagnosis.findings if finding.severity != "information"]
    return [(finding.code, finding.severity, finding.tensor or finding.layer) for finding in loud]


def mlp(depth: int = 30, width: int = 96, activation: Any = nn.ReLU, init: Any = nn.init.kaiming_normal_) -> Any:
    layers = [each for _ in range(depth) for each in (nn.Linear(width, width), activation())]
    model = nn.Sequential(*layers, nn.Linear(width, 10))
    for layer in model:
        if isinstance(layer, nn.Linear):
            init(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


def made(seed: int, build: Callable[[], Any]) -> Any:
    torch.manual_seed(seed)
    return build()


# What is measured


def test_the_activations_of_glorot_and_bengio_are_measured_through_hooks() -> None:
    # Glorot and Bengio 2010, five tanh layers of 1,000 units: the standard deviations of the activations, and the
    # ratio of the gradients of the last and the first layer, recomputed with NumPy for inputs N(0, 1), softmax of ten
    # classes and a batch of 300. Over ten seeds they vary by 0.5% and 2%.
    def standard(weight: Any) -> None:
        nn.init.uniform_(weight, -1 / math.sqrt(weight.shape[1]), 1 / math.sqrt(weight.shape[1]))

    model = made(1, lambda: mlp(5, 1000, nn.Tanh, standard))
    batch = torch.randn(300, 1000), torch.randint(10, (300,))
    diagnosis = diagnose(model, batch, lambda output, batch: nn.functional.cross_entropy(output, batch[1]))
    hidden = diagnosis.layers[:5]
    assert [layer.activation for layer in hidden] == ["tanh"] * 5
    rms = [layer.measured.rms for layer in hidden]
    assert rms == pytest.approx([0.4605, 0.2492, 0.1409, 0.0809, 0.0466], rel=0.02)
    assert hidden[4].measured.gradient / hidden[0].measured.gradient == pytest.approx(12.1, rel=0.06)
    assert diagnosis.loss.classes == 10 and diagnosis.loss.uniform == pytest.approx(math.log(10))


def test_he_against_xavier_with_the_same_draws_differs_by_the_thirtieth_power_of_the_ratio() -> None:
    # A ReLU net without biases is positively homogeneous: the ratio is 2^(−30/2) exactly, for signal and gradient.
    batch = torch.randn(16, 64, generator=torch.Generator().manual_seed(1))

    def measured(init: Any) -> Any:
        model = made(
            0, lambda: nn.Sequential(*[e for _ in range(30) for e in (nn.Linear(64, 64, bias=False), nn.ReLU())])
        )
        made(2, lambda: [init(layer.weight) for layer in model if isinstance(layer, nn.Linear)])
        return diagnose(model.double(), batch.double()).layers

    he, xavier = measured(nn.init.kaiming_normal_), measured(nn.init.xavier_normal_)
    assert xavier[-1].measured.signal / he[-1].measured.signal == pytest.approx(2**-15, rel=1e-6)
    ratios = [each[0].measured.gradient / each[-1].measured.gradient for each in (xavier, he)]
    assert ratios[0] / ratios[1] == pytest.approx(2**-14.5, rel=1e-6)


def test_the_quantities_are_those_of_a_pass_by_hand() -> None:
    class Net(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(8, 16), nn.Linear(16, 4)

        def forward(self, x: Any) -> Any:
            return self.b(nn.functional.relu(self.a(x)))

    model, x = made(0, Net), torch.randn(32, 8)
    z = (x @ model.a.weight.T + model.a.bias).detach().double().requires_grad_()
    y = z.clamp(min=0)
    (y @ model.b.weight.double().T + model.b.bias.double()).square().mean().backward()
    first = diagnose(model, x, lambda output, batch: output.square().mean()).layers[0]
    y = y.detach()
    unit = y / y.norm(dim=1, keepdim=True)
    pairs = unit @ unit.T
    assert (first.name, first.kind, first.activation) == ("a.weight", "linear", "relu")
    assert first.measured.rms == pytest.approx(float(y.square().mean().sqrt()), rel=1e-6)
    assert first.measured.signal == pytest.approx(float((y - y.mean(0)).square().mean().sqrt()), rel=1e-6)
    assert first.measured.gradient == pytest.approx(float(z.grad.norm(dim=1).square().mean().sqrt()), rel=1e-5)
    assert first.measured.cosine == pytest.approx(float((pairs.sum() - 32) / (32 * 31)), rel=1e-5)
    assert first.measured.dead == float((y == 0).all(0).double().mean())


def test_values_below_the_square_root_of_the_least_number_are_measured() -> None:
    model = nn.Sequential(nn.Linear(4, 4, bias=False)).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.eye(4).double() * 1e-200)
    measured = diagnose(model, torch.randn(8, 4).double()).layers[0].measured
    assert 1e-201 < measured.signal < 1e-199


class Block(nn.Module):  # type: ignore[misc]
    def __init__(self, zero: bool = False) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        if zero:
            nn.init.zeros_(self.bn2.weight)

    def forward(self, x: Any) -> Any:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        y += x
        return self.relu(y)


def resnet(zero: bool = False) -> Any:
    stem = (nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
    blocks = [Block(zero) for _ in range(3)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))


def test_the_main_path_leaves_residual_branches_out() -> None:
    diagnosis = diagnose(made(0, resnet), torch.randn(8, 3, 8, 8))
    path = [(layer.name, layer.kind) for layer in diagnosis.layers if layer.main_path]
    blocks = [("3", "residual"), ("4", "residual"), ("5", "residual")]
    assert path == [("0.weight", "convolution"), ("1.weight", "norm"), *blocks, ("8.weight", "linear")]
    assert [layer.activation for layer in diagnosis.layers[:7]] == [None, "relu", None, "relu", None, None, None]
    assert all(layer.measured.gradient > 0 for layer in diagnosis.layers)


def test_layers_are_in_the_order_of_execution_and_calls_are_numbered() -> None:
    class Tied(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.last, self.shared, self.first = nn.Linear(8, 2), nn.Linear(8, 8), nn.Linear(4, 8)

        def forward(self, x: Any) -> Any:
            x = torch.tanh(self.first(x))
            for _ in range(3):
                x = torch.tanh(self.shared(x))
            return self.last(x)

    names = [layer.name for layer in diagnose(made(0, Tied), torch.randn(4, 4)).layers]
    shared = ["shared.weight", "shared.weight, call 2", "shared.weight, call 3"]
    assert names == ["first.weight", *shared, "last.weight"]


def test_classes_are_only_known_where_a_cross_entropy_was_computed() -> None:
    model, batch = made(0, lambda: nn.Linear(8, 5)), (torch.randn(16, 8), torch.randint(5, (16,)))
    known = diagnose(model, batch, lambda output, batch: nn.CrossEntropyLoss()(output, batch[1]))
    assert known.loss.classes == 5 and known.loss.value == pytest.approx(math.log(5), rel=0.5)
    assert diagnose(model, batch, lambda output, batch: output.square().mean()).loss.classes is None
    assert diagnose(model, batch[0]).loss is None


def test_a_bias_that_is_larger_than_what_the_weights_give_is_information() -> None:
    model = made(0, lambda: mlp(3))
    nn.init.constant_(model[2].bias, 1.2)
    assert codes(diagnose(model, torch.randn(64, 96)), "information") == []
    nn.init.constant_(model[2].bias, 1.6)  # the squares are 1.4 and 2.6; what He's weights give has the mean square 2
    found = diagnose(model, torch.randn(64, 96)).findings
    assert [(finding.code, finding.tensor) for finding in found] == [("bias-dominated", "2.weight")]


# What is found


def test_the_default_of_pytorch_under_relu_vanishes_and_is_named() -> None:
    # ±1/√fan_in has a third of the variance that a linear layer keeps: a factor of √(1/6) = 0.408 a layer.
    layers = [each for _ in range(20) for each in (nn.Linear(64, 64), nn.ReLU())]
    diagnosis = diagnose(nn.Sequential(*layers), torch.randn(64, 64))
    assert ("vanishing-backward", "error", "0.weight") in places(diagnosis)
    gain = next(finding for finding in diagnosis.findings if finding.code == "layer-gain")
    assert "PyTorch's default ±1/√fan_in under relu" in gain.message and gain.severity == "information"


@pytest.mark.parametrize("kind", ["default", "std 0.01"])
def test_vgg_16_vanishes_under_the_default_and_under_the_scale_of_alexnet(kind: str) -> None:
    # The signal falls to 1e-6 and 1e-8 of the input: 1,000 times beyond the bound of a warning. The convolutions are
    # those of VGG-16 with a quarter of the channels, which changes no factor: it depends on the variance per layer.
    channels = [16, 16, 0, 32, 32, 0, 64, 64, 64, 0, 128, 128, 128, 0, 128, 128, 128, 0]
    layers, width = list[Any](), 3
    for each in channels:
        layers += [nn.Conv2d(width, each, 3, padding=1), nn.ReLU(inplace=True)] if each else [nn.MaxPool2d(2)]
        width = each or width
    head = [nn.Linear(512, 256), nn.ReLU(True), nn.Dropout(), nn.Linear(256, 256), nn.ReLU(True), nn.Linear(256, 100)]
    model = made(0, lambda: nn.Sequential(*layers, nn.Flatten(), *head))
    if kind != "default":
        for layer in model:
            if hasattr(layer, "weight"):
                nn.init.normal_(layer.weight, std=0.01)
                nn.init.zeros_(layer.bias)
    diagnosis = diagnose(model, torch.randn(4, 3, 64, 64))
    found = {finding.code: finding.severity for finding in diagnosis.findings}
    assert "vanishing-forward" in found and "vanishing-backward" in found
    assert {found["vanishing-forward"], found["vanishing-backward"]} <= {"error", "warning"}
    signals = [layer.measured.signal for layer in diagnosis.layers]
    assert signals[-2] < 1e-4
    assert diagnosis.loss is None and diagnosis.layers[0].activation == "relu"


def test_weights_that_are_too_large_explode() -> None:
    diagnosis = diagnose(
        made(0, lambda: mlp(10, 64, nn.ReLU, lambda w: nn.init.normal_(w, std=1))), torch.randn(64, 64)
    )
    assert places(diagnosis) == [
        ("exploding-backward", "error", "0.weight"),
        ("exploding-forward", "error", "18.weight"),
    ]


def test_a_signal_that_overflows_is_an_error_and_the_document_has_null() -> None:
    model = made(0, lambda: mlp(10, 64, nn.ReLU, lambda w: nn.init.normal_(w, std=1e6)))
    diagnosis = diagnose(model, torch.randn(64, 64))
    assert ("exploding-forward", "error", "18.weight") in places(diagnosis)
    assert "Infinity" not in diagnosis.json() and "NaN" not in diagnosis.json()


def middle(model: Any) -> Any:
    return model.get_parameter("30.weight").data


FAULTS: dict[str, tuple[Callable[[Any], Any], list[tuple[str, str]]]] = {
    "none": (lambda model: None, []),
    "zero": (lambda model: middle(model).zero_(), [("all-zero-weights", "error")]),
    "constant": (lambda model: middle(model).fill_(0.02), [("constant-weights", "warning")]),
    "copied row": (lambda model: middle(model)[7].copy_(middle(model)[3]), [("identical-neurons", "warning")]),
    "all rows equal": (
        lambda model: middle(model).copy_(middle(model)[:1].clone().expand(96, 96)),
        [("identical-neurons", "error")],
    ),
    "NaN": (lambda model: middle(model).view(-1)[11].fill_(math.nan), [("non-finite", "error")]),
    "× 10": (lambda model: middle(model).mul_(10), [("odd-one-out", "warning")]),
    "× 2": (lambda model: middle(model).mul_(2), [("odd-one-out", "warning")]),
    "× 1.2": (lambda model: middle(model).mul_(1.2), [("odd-one-out", "warning")]),
    "Xavier among He": (lambda model: middle(model).mul_(math.sqrt(0.5)), [("odd-one-out", "warning")]),
    "a copied layer": (
        lambda model: middle(model).copy_(model.get_parameter("28.weight").data),
        [("identical-tensors", "warning")],
    ),
    "half the rows zero": (lambda model: middle(model)[::2].zero_(), [("zero-rows", "warning")]),
    "[0, 1)": (lambda model: nn.init.uniform_(middle(model)), [("nonzero-mean", "warning")]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_nothing_else(fault: str) -> None:
    plant, expected = FAULTS[fault]
    model = made(1, mlp)
    plant(model)
    found = places(diagnose(model, torch.randn(64, 96)))
    assert sorted((code, severity) for code, severity, _ in found) == sorted(expected)
    assert {place for _, _, place in found} <= {"30.weight"}


def test_elements_in_0_to_1_have_a_mean_that_is_found() -> None:
    model = made(1, lambda: mlp(4))
    nn.init.uniform_(model[4].weight)
    assert ("nonzero-mean", "warning", "4.weight") in places(diagnose(model, torch.randn(64, 96)))


def test_equal_neurons_are_an_error_only_if_the_weights_behind_them_are_equal_too() -> None:
    model = made(0, lambda: mlp(3))
    with torch.no_grad():
        model[2].weight[7] = model[2].weight[3]
        assert places(diagnose(model, torch.randn(64, 96))) == [("identical-neurons", "warning", "2.weight")]
        model[4].weight[:, 7] = model[4].weight[:, 3]
        assert places(diagnose(model, torch.randn(64, 96))) == [("identical-neurons", "error", "2.weight")]
        model[2].bias[7] = 1.0
        assert places(diagnose(model, torch.randn(64, 96))) == []


def test_equal_channels_are_followed_through_norm_pool_and_flatten() -> None:
    model = made(0, lambda: nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10),
    ))  # fmt: skip
    with torch.no_grad():
        model[0].weight[5], model[0].bias[5] = model[0].weight[2].clone(), model[0].bias[2].clone()
        assert places(diagnose(model, torch.randn(8, 3, 8, 8))) == [("identical-neurons", "warning", "0.weight")]
        model[5].weight[:, 80:96] = model[5].weight[:, 32:48]
    assert places(diagnose(model, torch.randn(8, 3, 8, 8))) == [("identical-neurons", "error", "0.weight")]


def test_a_zero_weight_before_the_output_trains_and_two_do_not() -> None:
    model, batch = made(0, lambda: mlp(3, activation=nn.Tanh, init=nn.init.xavier_normal_)), torch.randn(64, 96)
    nn.init.zeros_(model[6].weight)
    head = diagnose(model, batch)
    assert codes(head) == [] and codes(head, "information") == ["all-zero-weights"]
    nn.init.zeros_(model[4].weight)
    assert ("all-zero-weights", "error", "4.weight") in places(diagnose(model, batch))


def test_a_zero_branch_of_a_residual_block_is_a_common_choice() -> None:
    assert places(diagnose(made(0, lambda: resnet(zero=True)), torch.randn(8, 3, 8, 8))) == []

    class Branches(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.head = nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 4)
            nn.init.zeros_(self.b.weight)
            nn.init.zeros_(self.b.bias)

        def forward(self, x: Any) -> Any:
            return self.head(x + self.b(torch.relu(self.a(x))))

    diagnosis = diagnose(made(0, Branches), torch.randn(8, 16))
    assert places(diagnosis) == [] and codes(diagnosis, "information") == ["all-zero-weights"]


def test_a_layer_that_is_dead_for_64_samples_is_an_error() -> None:
    model = made(0, lambda: mlp(3))
    nn.init.constant_(model[2].bias, -100)
    assert ("dead-units", "error", "2.weight") in places(diagnose(model, torch.randn(64, 96)))
    assert "dead-units" not in codes(diagnose(model, torch.randn(16, 96)))


def test_a_saturated_tanh_is_a_warning_and_he_under_tanh_is_none() -> None:
    large = made(0, lambda: mlp(4, 96, nn.Tanh, lambda weight: nn.init.normal_(weight, std=2)))
    assert "saturating" in codes(diagnose(large, torch.randn(64, 96)))
    healthy = made(0, lambda: mlp(20, 96, nn.Tanh, nn.init.kaiming_normal_))
    assert diagnose(healthy, torch.randn(64, 96)).findings == ()


def test_fifty_layers_of_relu_make_inputs_look_alike_and_twenty_do_not() -> None:
    # Mean cosine 0.993 after 50 layers of He's scheme, and 0.965 after 20.
    found = codes(diagnose(made(0, lambda: mlp(60, 128)), torch.randn(64, 128)))
    assert found == ["look-alike-inputs"]
    assert codes(diagnose(made(0, lambda: mlp(15, 128)), torch.randn(64, 128))) == []


def test_weights_that_float16_cannot_hold_are_found() -> None:
    model = made(0, lambda: nn.Linear(64, 64))
    nn.init.normal_(model.weight, std=1e-7)
    assert codes(diagnose(model.half(), torch.randn(4, 64).half())) == ["truncated-by-dtype"]
    model = made(0, lambda: nn.Linear(64, 64)).half()
    assert codes(diagnose(model, torch.randn(4, 64).half())) == []


# Healthy models


def lstm() -> Any:
    class Recurrent(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.rnn = nn.Embedding(50, 32), nn.LSTM(32, 32, 2, batch_first=True, dropout=0.5)
            self.head = nn.Linear(32, 50)

        def forward(self, tokens: Any) -> Any:
            return self.head(self.rnn(self.embed(tokens))[0])

    return Recurrent()


def test_a_recurrent_net_has_its_module_as_a_layer() -> None:
    diagnosis = diagnose(made(0, lstm), torch.randint(50, (16, 10)))
    assert [(layer.name, layer.kind) for layer in diagnosis.layers] == [
        ("embed.weight", "embedding"),
        ("rnn", "recurrent"),
        ("head.weight", "linear"),
    ]
    assert diagnosis.findings == () and all(layer.main_path for layer in diagnosis.layers)


def test_attention_and_copied_layers_of_torch() -> None:
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    model = made(0, lambda: nn.TransformerEncoder(layer, 3, enable_nested_tensor=False))
    diagnosis = diagnose(model, torch.randn(8, 10, 32))
    assert {layer.kind for layer in diagnosis.layers} == {"attention", "linear", "norm"}
    assert codes(diagnosis) == ["identical-tensors"]
    assert (
        diagnosis.assert_healthy(allow={"identical-tensors": "layers.*"}).allowed[0].finding.code == codes(diagnosis)[0]
    )
    with pytest.raises(winit.Mismatch, match="is equal to") as caught:
        diagnosis.assert_healthy()
    assert [vars(finding)["code"] for finding in caught.value.findings] == ["identical-tensors"]


def test_models_of_transformers_as_the_library_initializes_them(transformers: Any) -> None:
    sizes = dict(hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=128)
    models = {
        "gpt2": lambda: transformers.GPT2LMHeadModel(
            transformers.GPT2Config(n_embd=64, n_layer=6, n_head=4, vocab_size=200)
        ),
        "llama": lambda: transformers.LlamaForCausalLM(transformers.LlamaConfig(vocab_size=200, **sizes)),
        "vit": lambda: transformers.ViTForImageClassification(
            transformers.ViTConfig(image_size=32, patch_size=8, num_labels=10, **sizes)
        ),
    }
    words = torch.randint(200, (8, 32))
    batches = {name: {"input_ids": words, "labels": words} for name in ("gpt2", "llama")}
    batches["vit"] = {"pixel_values": torch.randn(8, 3, 32, 32), "labels": torch.randint(10, (8,))}
    for name, build in models.items():
        diagnosis = diagnose(made(0, build), batches[name])
        assert codes(diagnosis) == [], name
        classes = 10 if name == "vit" else 200
        assert diagnosis.loss.classes == classes, name
        assert diagnosis.loss.value == pytest.approx(math.log(classes), rel=0.05), name
        path = [layer for layer in diagnosis.layers if layer.main_path]
        kinds = [layer.kind for layer in path]
        assert kinds.count("residual") == (6 if name == "gpt2" else 3) and len(path) < len(diagnosis.layers) / 2, name
        assert 1e-3 < path[0].measured.gradient / path[-1].measured.gradient < 1e3, name
    tied = diagnose(made(0, models["gpt2"]), batches["gpt2"])
    assert [(each.tensor, each.what) for each in tied.declared] == [
        ("lm_head.weight", "tied to transformer.wte.weight")
    ]


def test_a_clone_in_a_real_gpt2_is_found_alone(transformers: Any) -> None:
    config = transformers.GPT2Config(n_embd=64, n_layer=6, n_head=4, vocab_size=200)
    model = made(0, lambda: transformers.GPT2LMHeadModel(config))
    h = model.transformer.h
    with torch.no_grad():
        h[3].mlp.c_fc.weight.copy_(h[2].mlp.c_fc.weight)
        h[4].attn.c_attn.weight[:, 5] = h[4].attn.c_attn.weight[:, 9]  # an output: Conv1D is [inputs, outputs]
    assert sorted(places(diagnose(model, torch.randint(200, (8, 16))))) == [
        ("identical-neurons", "warning", "transformer.h.4.attn.c_attn.weight"),
        ("identical-tensors", "warning", "transformer.h.3.mlp.c_fc.weight"),
    ]
