"""The Llama model as a module of PyTorch, and its initialization by PyTorch's generator."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.distributed.fsdp import fully_shard

from .recipes import SEED, STD
from .shapes import Shape


class _Layer(nn.Module):  # type: ignore[misc]  # untyped
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        for name, size in shape.layer().items():
            is_norm = len(size) == 1
            self.add_module(name, nn.RMSNorm(size[0]) if is_norm else nn.Linear(size[1], size[0], bias=False))


class Llama(nn.Module):  # type: ignore[misc]  # untyped
    """The parameters of a Llama model. No forward pass is made, so it has none."""

    def __init__(self, shape: Shape) -> None:
        """Makes the module; on the meta device it has no memory."""
        super().__init__()
        self.embed = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(_Layer(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width)
        if shape.has_head:
            self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)


def on_meta(shape: Shape) -> Llama:
    """Returns the module in bfloat16, without memory."""
    with torch.device("meta"):
        model: Llama = Llama(shape).to(torch.bfloat16)
    return model


def sharded(model: Llama, mesh: Any) -> Llama:
    """Shards a module by FSDP2: each layer, and the rest."""
    for layer in model.layers:
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    return model


def draw_(tensor: torch.Tensor) -> None:
    """Draws a tensor from PyTorch's generator: normal, or ones for the scale of a norm."""
    with torch.no_grad():
        if tensor.dim() > 1:
            tensor.normal_(0, STD)
        else:
            tensor.fill_(1)


def draw_all_(model: Llama) -> None:
    """Seeds PyTorch's generator and draws each parameter in the order of the module."""
    torch.manual_seed(SEED)
    for parameter in model.parameters():
        draw_(parameter)


def drawn_whole(shape: Shape) -> Llama:
    """Returns the whole module on the CPU, drawn by PyTorch."""
    model: Llama = on_meta(shape).to_empty(device="cpu")
    draw_all_(model)
    return model
