"""The measurements of the papers in real networks of PyTorch, with the draws of winit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import winit  # noqa: E402
from winit import reference  # noqa: E402
from winit.reference import Law  # noqa: E402
from winit.torch import fill_  # noqa: E402

# Configuration D of Simonyan and Zisserman, "Very deep convolutional networks" (2015); 0 is a max pool.
VGG_16 = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]
SIDE = 64
SEED = 15


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """The sums of PyTorch depend on its threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def vgg_16() -> Any:
    """VGG-16 without biases and without dropout, for images of 64 × 64."""
    layers: list[Any] = []
    channels = 3
    for width in VGG_16:
        if width == 0:
            layers.append(torch.nn.MaxPool2d(2))
            continue
        layers += [torch.nn.Conv2d(channels, width, 3, padding=1, bias=False), torch.nn.ReLU()]
        channels = width
    features = 512 * (SIDE // 32) ** 2
    layers.append(torch.nn.Flatten())
    for inputs, outputs in ((features, 1024), (1024, 1024)):
        layers += [torch.nn.Linear(inputs, outputs, bias=False), torch.nn.ReLU()]
    layers.append(torch.nn.Linear(1024, 10, bias=False))
    return torch.nn.Sequential(*layers)


def glorot(activation: Callable[[], Any] = torch.nn.Tanh) -> Any:
    """Five layers of 1,000 units, and logits of 10 classes."""
    layers: list[Any] = []
    for _ in range(5):
        layers += [torch.nn.Linear(1000, 1000, bias=False), activation()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(1000, 10, bias=False))


def weights(model: Any) -> list[Any]:
    return [module for module in model if hasattr(module, "weight")]


def fill(tensor: Any, name: str, law: Law) -> Any:
    spec = winit.Spec((winit.SpecTensor(name, tuple(tensor.shape), "float32", law),))
    return fill_(tensor, spec.recipe(seed=SEED)[name])


def draw(name: str, *shape: int) -> Any:
    return fill(torch.empty(shape), name, reference.normal())


def run(model: Any, batch: Any, loss: Callable[[Any], Any]) -> tuple[list[float], list[float]]:
    """The RMS of the output of each weight behind its activation, and the norm of the gradient per sample before it."""
    forward: list[float] = []
    before: list[Any] = []
    x = batch
    modules = list(model)
    for module, behind in zip(modules, [*modules[1:], None], strict=True):
        x = module(x)
        if hasattr(module, "weight"):
            x.retain_grad()
            before.append(x)
            is_activated = isinstance(behind, (torch.nn.ReLU, torch.nn.Tanh))
            forward.append(float((behind(x) if is_activated else x).detach().square().mean().sqrt()))
    loss(x).backward()
    backward = [float(z.grad.flatten(1).square().sum(dim=1).mean().sqrt()) for z in before]
    return forward, backward


def test_two_scales_of_vgg_16_differ_as_their_stds_with_the_same_draws() -> None:
    """ReLU, max pools and layers without biases are homogeneous: no draw changes the ratio."""
    model = vgg_16()
    batch = draw("images", 4, 3, SIDE, SIDE)
    gradient = draw("gradient", 4, 10)

    def measure(std: Callable[[int], float]) -> tuple[list[float], list[float], list[float]]:
        stds = []
        for index, layer in enumerate(weights(model)):
            stds.append(std(layer.weight[0].numel()))
            fill(layer.weight, f"{index}.weight", reference.normal(std=stds[-1]))
        return *run(model, batch, lambda output: (output * gradient).sum()), stds

    small = measure(lambda _: 0.01)
    he = measure(lambda fan_in: math.sqrt(2 / fan_in))
    ratios = [a / b for a, b in zip(small[2], he[2], strict=True)]
    assert len(ratios) == 16
    for layer in range(16):
        assert small[0][layer] / he[0][layer] == pytest.approx(math.prod(ratios[: layer + 1]), rel=1e-3)
        assert small[1][layer] / he[1][layer] == pytest.approx(math.prod(ratios[layer + 1 :]), rel=1e-3)
    # 0.01 is far too small: the signal vanishes on the way forward and the gradient on the way backward.
    assert small[0][14] < 1e-5
    assert small[1][0] / small[1][15] < 1e-5
    # The same draws under He: the law of the RMS allows a factor of a few.
    assert 0.05 < he[0][14] < 20


@pytest.mark.parametrize(
    ("scheme", "activations", "ratio"),
    [
        ("standard", [0.4605, 0.2492, 0.1409, 0.0809, 0.0466], 12.1),
        ("normalized", [0.6280, None, None, None, 0.3212], 2.45),
    ],
)
def test_the_curves_of_glorot_2010(scheme: str, activations: list[float | None], ratio: float) -> None:
    """Figures 6 and 7: tanh, softmax of 10 classes, the mean cross entropy of a batch of 300."""
    model = glorot()
    for index, layer in enumerate(weights(model)):
        outputs, inputs = layer.weight.shape
        bound = 1 / math.sqrt(inputs) if scheme == "standard" else math.sqrt(6 / (inputs + outputs))
        fill(layer.weight, f"{index}.weight", reference.uniform(-bound, bound))
    labels = (draw("labels", 300).abs() * 1000).long() % 10
    forward, backward = run(
        model, draw("input", 300, 1000), lambda logits: torch.nn.functional.cross_entropy(logits, labels)
    )
    for measured, expected in zip(forward, activations, strict=False):
        assert expected is None or measured == pytest.approx(expected, rel=0.02)
    assert backward[4] / backward[0] == pytest.approx(ratio, rel=0.06)
