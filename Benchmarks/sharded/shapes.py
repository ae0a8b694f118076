"""The shapes of Llama models: the names and sizes of their tensors, without memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

ITEM = 2
"""Bytes of an element: all tensors are bfloat16."""


@dataclass(frozen=True)
class Shape:
    """A Llama model.

    Attributes:
        name: What the tables call it.
        layers: The number of layers.
        width: The size of the hidden state.
        hidden: The size between the matrices of a feed-forward network.
        keys: The size of all keys of a token, and of all values; heads that share keys make it smaller than `width`.
        vocabulary: The number of tokens.
        has_head: Whether the output matrix is a tensor of its own. Otherwise it is the embedding.
    """

    name: str
    layers: int
    width: int
    hidden: int
    keys: int
    vocabulary: int
    has_head: bool

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Returns the shape of each parameter, in the order of the module."""
        made: dict[str, tuple[int, ...]] = {"embed.weight": (self.vocabulary, self.width)}
        for layer in range(self.layers):
            made |= {f"layers.{layer}.{name}.weight": shape for name, shape in self.layer().items()}
        made["norm.weight"] = (self.width,)
        if self.has_head:
            made["head.weight"] = (self.vocabulary, self.width)
        return made

    def layer(self) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of a layer; a matrix has outputs × inputs."""
        width, hidden, keys = self.width, self.hidden, self.keys
        return {
            "attention_norm": (width,),
            "q": (width, width),
            "k": (keys, width),
            "v": (keys, width),
            "o": (width, width),
            "feed_norm": (width,),
            "gate": (hidden, width),
            "up": (hidden, width),
            "down": (width, hidden),
        }

    @property
    def parameters(self) -> int:
        """The number of elements of all tensors."""
        return sum(map(math.prod, self.tensors().values()))

    @property
    def bytes(self) -> int:
        """The size of all tensors."""
        return ITEM * self.parameters

    @property
    def largest(self) -> int:
        """The size of the largest tensor in bytes."""
        return ITEM * max(map(math.prod, self.tensors().values()))


LLAMA_1B = Shape("Llama 3.2 1B", 16, 2048, 8192, 512, 128_256, has_head=False)
LLAMA_70B = Shape("Llama 3.1 70B", 80, 8192, 28_672, 1024, 128_256, has_head=True)
SMALL = Shape("a small Llama", 2, 384, 1024, 96, 8000, has_head=True)
TINY = Shape("a tiny Llama", 1, 8, 16, 4, 32, has_head=False)
"""Runs before each measurement, so that imports, connections and first calls are not measured."""
