"""Makes Tests/Vectors/networks.txt: the layers of real models, in the order in which their libraries run them.

    python -m checks.networks > Tests/Vectors/networks.txt

Each model is built small, on torch's meta device, and called once; hooks on its leaf modules write a row for each call.
A `model` row has the preset and the name, a `tensor` row the shape of a parameter, and a `step` row what a module did:

    embedding WEIGHT   linear WEIGHT   conv WEIGHT STRIDE PADDING GROUPS   norm WEIGHT   activation NAME
    pool KIND SIZE STRIDE PADDING

Dropout, and a pooling that changes no size, are no steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torchvision
import torchvision.models as vision
import transformers

ACTIVATIONS = {
    "ReLU": "relu",
    "NewGELUActivation": "gelu_tanh",
    "GELUActivation": "gelu",
    "SiLU": "silu",
    "SiLUActivation": "silu",
}


def text_model(kind: str, config: str, **options: Any) -> Callable[[], tuple[Any, tuple[Any, ...]]]:
    """Returns a function that builds a small model of transformers with two blocks, and its input."""

    def build() -> tuple[Any, tuple[Any, ...]]:
        settings = getattr(transformers, config)(vocab_size=40, **options)
        return getattr(transformers, kind)(settings), (torch.zeros((1, 6), dtype=torch.long, device="meta"),)

    return build


def vision_model(name: str) -> Callable[[], tuple[Any, tuple[Any, ...]]]:
    """Returns a function that builds a model of torchvision, and its input."""
    return lambda: (getattr(vision, name)(num_classes=10), (torch.zeros((2, 3, 224, 224), device="meta"),))


BERT = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 20,
    "max_position_embeddings": 16,
}
LLAMA = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 20,
}
GPT2 = {"n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 16}
MODELS: list[tuple[str, str, Callable[[], tuple[Any, tuple[Any, ...]]]]] = [
    *(("vgg-torchvision", name, vision_model(name)) for name in ("vgg11", "vgg13_bn", "vgg16", "vgg19_bn")),
    ("alexnet", "alexnet", vision_model("alexnet")),
    *(("resnet-torchvision", name, vision_model(name)) for name in ("resnet18", "resnext50_32x4d")),
    ("gpt2", "GPT2Model", text_model("GPT2Model", "GPT2Config", **GPT2)),
    ("gpt2", "GPT2LMHeadModel", text_model("GPT2LMHeadModel", "GPT2Config", **GPT2)),
    ("llama", "LlamaForCausalLM", text_model("LlamaForCausalLM", "LlamaConfig", **LLAMA)),
    ("bert", "BertForMaskedLM", text_model("BertForMaskedLM", "BertConfig", **BERT)),
    ("roberta", "RobertaForMaskedLM", text_model("RobertaForMaskedLM", "RobertaConfig", **BERT)),
]


def number(value: Any) -> int:
    """Returns the one number of a kernel size, a stride or a padding."""
    values = set(value) if isinstance(value, tuple) else {value}
    if len(values) != 1:
        raise ValueError(f"{value} differs between axes")
    return int(values.pop())


def step(module: torch.nn.Module, name: str, before: Any, after: Any) -> str | None:
    """Returns what a call of a module did; None for a module that is no step."""
    kind = type(module).__name__
    if kind in ACTIVATIONS:
        return f"activation {ACTIVATIONS[kind]}"
    if isinstance(module, torch.nn.Embedding):
        return f"embedding {name}.weight"
    if isinstance(module, torch.nn.Conv2d):
        sizes = f"{number(module.stride)} {number(module.padding)} {module.groups}"
        return f"conv {name}.weight {sizes}"
    if isinstance(module, torch.nn.MaxPool2d):
        return f"pool max {number(module.kernel_size)} {number(module.stride)} {number(module.padding)}"
    if isinstance(module, torch.nn.AdaptiveAvgPool2d):
        return None if before.shape == after.shape else "pool global 0 1 0"
    if isinstance(module, torch.nn.Linear) or kind == "Conv1D":
        return f"linear {name}.weight"
    if "Norm" in kind:
        return f"norm {name}.weight"
    if kind in ("Dropout", "Identity", "LlamaRotaryEmbedding", "StochasticDepth"):
        return None
    raise ValueError(f"{name} is a {kind}, of which no row is known")


def rows(build: Callable[[], tuple[Any, tuple[Any, ...]]]) -> Iterator[str]:
    """Returns the rows of a model."""
    with torch.device("meta"):
        model, inputs = build()
    model.eval()
    found: list[str] = []
    names = {module: name for name, module in model.named_modules()}

    def note(module: torch.nn.Module, before: Any, after: Any) -> None:
        if not list(module.children()):
            found.extend(filter(None, [step(module, names.get(module, ""), before[0] if before else None, after)]))

    # A hook on all modules also sees activations that a function of the library calls, which are in no model.
    hook = torch.nn.modules.module.register_module_forward_hook(note)
    model(*inputs)
    hook.remove()
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and "running_" not in name:
            yield f"tensor {name} {','.join(map(str, tensor.shape))}"
    yield from (f"step {row}" for row in found)


def main() -> None:
    """Writes the file to standard output."""
    print("# The layers of models in the order in which they run: made by tools/checks/networks.py with")
    print(f"# torchvision {torchvision.__version__} and transformers {transformers.__version__}.")
    for preset, name, build in MODELS:
        print(f"model {preset} {name}")
        for row in rows(build):
            print(row)


if __name__ == "__main__":
    main()
