"""Specs: how each tensor of a model is initialized, without a seed."""

from __future__ import annotations

from .spec import Spec, SpecTensor

__all__ = ["Spec", "SpecTensor"]
