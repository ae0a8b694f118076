"""Compares the theory of `winit-registry diagnose` with passes of the real models; makes the table of docs/theory.md.

    PYTHONPATH=python/src:tools python -m checks.theory [--command FILE] [--only NAME …] [--table FILE]

Each model is built as its library initializes it. Its state goes to a file of safetensors, whose theory the command
gives with the network of the preset; `winit.torch.diagnose` runs the model with a batch of noise. Layers are compared
by the names of their weights: the signal, and the gradient relative to that of the last layer. Layers of gates are left
out, because the command describes the product and PyTorch has the factors. The exit status is 0 only if each preset
with a network has a model here, and each factor is at most 3.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from .libraries import SEED, Missing, need

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 3.0
"""A preset keeps its network only if theory and measurement differ at most by this factor."""
TOKENS = 64
"""The number of tokens, which the command takes where nothing gives another."""
FLOOR = 1e-7
"""What is smaller, relative to the values of the layer, is the rounding of binary32 and not a signal."""


class Model(NamedTuple):
    """A model, and the preset whose network describes it."""

    preset: str
    name: str
    build: Callable[[], tuple[Any, Any]]
    """Returns the model and a batch."""


class Factors(NamedTuple):
    """The factors between theory and measurement, at least 1, over the layers of a model."""

    layers: int
    signal: list[float]
    gradient: list[float]


def text(kind: str, config: str, **options: Any) -> Callable[[], tuple[Any, Any]]:
    """Returns the build of a model of transformers, with a batch of random tokens."""

    def build() -> tuple[Any, Any]:
        import torch

        library = need("transformers")
        model = getattr(library, kind)(getattr(library, config)(vocab_size=2000, **options))
        return model, {"input_ids": torch.randint(5, 2000, (4, TOKENS))}

    return build


def image(name: str, count: int, prepare: Callable[[Any], None] | None = None) -> Callable[[], tuple[Any, Any]]:
    """Returns the build of a model of torchvision, with a batch of noise."""

    def build() -> tuple[Any, Any]:
        import torch

        model = getattr(need("torchvision").models, name)()
        if prepare:
            prepare(model)
        return model, torch.randn(count, 3, 224, 224)

    return build


def krizhevsky(model: Any) -> None:
    """Initializes AlexNet as its paper does, which torchvision does not."""
    from torch import nn

    layers = [layer for layer in model.modules() if hasattr(layer, "weight")]
    for number, layer in enumerate(layers, 1):
        nn.init.normal_(layer.weight, 0, 0.01)
        nn.init.constant_(layer.bias, 1 if number in (2, 4, 5, 6, 7) else 0)


MODELS = [
    Model("gpt2", "GPT-2, 12 layers of 768", text("GPT2LMHeadModel", "GPT2Config")),
    Model(
        "llama",
        "Llama, 8 layers of 256, 4 heads of keys",
        text(
            "LlamaForCausalLM",
            "LlamaConfig",
            hidden_size=256,
            intermediate_size=688,
            num_hidden_layers=8,
            num_attention_heads=8,
            num_key_value_heads=4,
        ),
    ),
    Model("bert", "BERT, 6 layers of 768", text("BertForMaskedLM", "BertConfig", num_hidden_layers=6)),
    Model("roberta", "RoBERTa, 6 layers of 768", text("RobertaForMaskedLM", "RobertaConfig", num_hidden_layers=6)),
    Model("alexnet", "AlexNet, its paper", image("alexnet", 8, krizhevsky)),
    Model("vgg-torchvision", "VGG-16", image("vgg16", 3)),
    Model("vgg-torchvision", "VGG-11 with batch norm", image("vgg11_bn", 6)),
    Model("resnet-torchvision", "ResNet-18", image("resnet18", 12)),
    Model("resnet-torchvision", "ResNet-50", image("resnet50", 8)),
    Model("resnet-torchvision", "ResNeXt-50", image("resnext50_32x4d", 6)),
]


def theory(command: str, model: Any, preset: str) -> list[dict[str, Any]]:
    """Returns the layers of the command's document about the state of a model."""
    from safetensors.torch import save_file

    state = {name: tensor.detach().clone().contiguous() for name, tensor in model.state_dict().items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_file(state, path)
        run = subprocess.run(
            [command, "diagnose", str(path), "--preset", preset, "--json"], capture_output=True, text=True, check=False
        )
    if run.returncode:
        raise RuntimeError(run.stderr.strip())
    document = json.loads(run.stdout)
    if not document["layers"]:
        raise RuntimeError(f"no layers: {document.get('notes')}")
    layers: list[dict[str, Any]] = document["layers"]
    return layers


def measured(model: Any, batch: Any) -> dict[str, Any]:
    """Returns the layers of a real pass by their names."""
    from winit.torch import diagnose

    return {layer.name: layer for layer in diagnose(model, batch).layers if layer.measured is not None}


def compare(command: str, model: Model, verbose: bool) -> Factors:
    """Compares the layers that both know."""
    import torch

    torch.manual_seed(SEED)
    built, batch = model.build()
    layers = theory(command, built, model.preset)
    real = measured(built, batch)
    pairs = [
        (layer, real[layer["name"]])
        for layer in layers
        if layer["name"] in real and layer["kind"] != "gate" and layer["theory"] is not None
    ]
    last_theory, last_real = pairs[-1][0]["theory"]["gradient"], pairs[-1][1].measured.gradient
    samples = len(batch["input_ids"] if isinstance(batch, dict) else batch)
    unbiased = math.sqrt(samples / (samples - 1))  # the measured signal has the divisor n
    signals, gradients = [], []
    for layer, other in pairs:
        expected, found = layer["theory"], other.measured
        signal = expected["signal"] / (found.signal * unbiased) if found.signal > FLOOR * found.rms else math.nan
        gradient = math.nan
        if found.gradient and last_real:
            gradient = (expected["gradient"] / last_theory) / (found.gradient / last_real)
        if verbose:
            print(
                f"    {layer['name']:50} {found.signal:9.3g} {signal:6.2f} {found.gradient or 0:9.3g} {gradient:6.2f}"
            )
        signals += [max(signal, 1 / signal)] if signal > 0 else []
        gradients += [max(gradient, 1 / gradient)] if gradient > 0 else []
    return Factors(len(pairs), signals, gradients)


HEAD = """\
| preset | model | layers compared | signal: median, worst | gradient: median, worst |
| --- | --- | ---: | ---: | ---: |"""


def row(model: Model, factors: Factors) -> str:
    """Returns a row of the table."""

    def cell(values: list[float]) -> str:
        return f"{statistics.median(values):.2f}, {max(values):.2f}"

    cells = [model.preset, model.name, str(factors.layers), cell(factors.signal), cell(factors.gradient)]
    return f"| {' | '.join(cells)} |"


def presets() -> set[str]:
    """Returns the names of the presets that have a network."""
    files = (ROOT / "presets").glob("*.yaml")
    return {path.stem for path in files if re.search(r"^network:", path.read_text("utf-8"), re.M)}


def main() -> int:
    """Runs the checks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default=str(ROOT / ".build/release/winit-registry"), metavar="FILE")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="parts of the names of models")
    parser.add_argument("--table", metavar="FILE", help="write the table to FILE")
    parser.add_argument("--verbose", action="store_true", help="print each layer")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    rows, faults = [HEAD], 0
    for preset in sorted(presets() - {model.preset for model in MODELS}):
        print(f"{preset}: no model is compared with its network")
        faults += 1
    for model in MODELS:
        if arguments.only and not any(part in model.name or part == model.preset for part in arguments.only):
            continue
        try:
            factors = compare(arguments.command, model, arguments.verbose)
        except Missing as error:
            print(f"{model.name}: not checked, {error}")
            faults += 1
            continue
        except RuntimeError as error:
            print(f"{model.name}: {error}")
            faults += 1
            continue
        rows.append(row(model, factors))
        print(rows[-1], flush=True)
        faults += max(*factors.signal, *factors.gradient) > LIMIT
    if arguments.table:
        Path(arguments.table).write_text("\n".join(rows) + "\n", "utf-8")
    print(f"{len(rows) - 1} models, {faults} with faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
