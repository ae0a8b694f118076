"""The recipe of a Llama model: the laws that transformers' LlamaForCausalLM has, without its code."""

from __future__ import annotations

import winit
from winit import reference

from .shapes import Shape

SEED = 42
STD = 0.02  # initializer_range of transformers' LlamaConfig


def recipe(shape: Shape) -> winit.Recipe:
    """Returns the recipe: normal matrices, and ones for the scales of the norms."""
    matrix, ones = reference.normal(std=STD), reference.constant(1.0)
    laws = {name: ("bfloat16", size, matrix if len(size) > 1 else ones) for name, size in shape.tensors().items()}
    return winit.Recipe.from_laws(SEED, laws)
