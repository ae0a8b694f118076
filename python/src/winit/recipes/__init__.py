"""Recipes: what the bytes of a run's tensors follow from, as values that need no registry."""

from __future__ import annotations

from .indexing import Index
from .laws import checked_law, law_text
from .literals import BoxLiteral, BytesLiteral, FileLiteral, Literal
from .recipe import Recipe
from .tensor_recipe import TensorRecipe

__all__ = [
    "BoxLiteral",
    "BytesLiteral",
    "FileLiteral",
    "Index",
    "Literal",
    "Recipe",
    "TensorRecipe",
    "checked_law",
    "law_text",
]
