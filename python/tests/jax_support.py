"""Runs functions of `jax_programs` in a process of their own, because XLA reads its flags once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

import winit
from winit.reference import Law, Tensor, fill_box

EIGHT_DEVICES = "--xla_force_host_platform_device_count=8"
FAST_MATH = (
    "--xla_cpu_enable_fast_math=true --xla_cpu_enable_fast_min_max=true --xla_cpu_fast_math_honor_nans=false "
    "--xla_cpu_fast_math_honor_infs=false --xla_cpu_fast_math_honor_division=false "
    "--xla_cpu_fast_math_honor_functions=false"
)


def run_in_child(function: str, flags: str = "") -> str:
    """Calls a function of `jax_programs` in a new process on the CPU.

    Args:
        function: The name of the function.
        flags: XLA's flags.

    Returns:
        What it printed. The assertion fails, with its last lines of errors, if it raised.
    """
    here = Path(__file__).parent
    paths = os.pathsep.join([str(Path(winit.__file__).parents[1]), str(here)])
    settings = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "PYTHONPATH": paths}
    words = [sys.executable, "-c", f"import jax_programs; jax_programs.{function}()"]
    result = subprocess.run(words, env=settings, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout.strip()


def recipe_of(law: Law, shape: tuple[int, ...], dtype: str = "float32", seed: int = 2**63 + 29) -> winit.TensorRecipe:
    """Returns the recipe of a tensor `w`."""
    laws: Any = {"w": (dtype, shape, law)}
    return winit.Recipe.from_laws(seed, laws)["w"]


def bits_by_law(recipe: winit.TensorRecipe) -> np.ndarray[Any, Any]:
    """Returns the bits of a tensor as `winit.reference` makes them."""
    law: Any = recipe.law
    tensor = Tensor(recipe.name, recipe.dtype, recipe.shape, law, recipe.stream, recipe.seed)
    return bits_of(fill_box(recipe.seed, tensor, (0,) * len(recipe.shape), recipe.shape))


def bits_of(array: Any) -> np.ndarray[Any, Any]:
    """Returns the bits of an array, as unsigned integers of its shape."""
    host = np.ascontiguousarray(np.asarray(array)).reshape(np.shape(array))
    return np.frombuffer(host.tobytes(), f"<u{host.dtype.itemsize}").reshape(host.shape)
