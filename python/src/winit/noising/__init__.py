"""Noise that is regenerated instead of kept: evolution strategies, MeZO, random projections, diffusion latents.

Its names are those of `winit`: `winit.noise`, `winit.add_noise` and `winit.Perturbation`. `winit.torch` has the first
two for tensors, with the same bits. The package is called `noising` because `winit.noise` is the function.
"""

from __future__ import annotations

from .adding import add_noise
from .making import noise
from .perturbation import Perturbation
from .recipe import noise_recipe

__all__ = ["Perturbation", "add_noise", "noise", "noise_recipe"]
