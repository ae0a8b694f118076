"""Noise as tensors and noise as arrays have the same bits: `winit.torch` against `winit`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import winit  # noqa: E402
import winit.torch  # noqa: E402
from winit import reference  # noqa: E402

SEED, SHAPE = 2**63 + 11, (13, 40)
DTYPES = ["float64", "float32", "float16", "bfloat16"]


def bits(values: Any) -> bytes:
    tensor = values if torch.is_tensor(values) else torch.from_numpy(values.view(f"i{values.dtype.itemsize}"))
    return bytes(tensor.contiguous().view(torch.uint8).numpy().tobytes())


@pytest.mark.parametrize("index", [None, (slice(2, 9), 3), -1])
@pytest.mark.parametrize("dtype", DTYPES)
def test_noise_fills_a_tensor_that_is_given_as_out(dtype: str, index: Any) -> None:
    made = winit.noise(SEED, "h.0.w", SHAPE, step=3, index=index, dtype=dtype)
    out = torch.zeros(made.shape, dtype=getattr(torch, dtype))
    law = reference.normal()
    assert winit.noise(SEED, "h.0.w", SHAPE, step=3, index=index, out=out, law=law) is out
    assert bits(out) == bits(made)
    assert bits(winit.torch.noise(SEED, "h.0.w", SHAPE, step=3, index=index, dtype=out.dtype)) == bits(made)


def test_a_tensor_decides_its_dtype() -> None:
    with pytest.raises(winit.BadInput):
        winit.noise(1, "w", (3,), out=torch.zeros(3), dtype="float32")


@pytest.mark.parametrize("scale", [1e-3, -0.3, 7.0])
@pytest.mark.parametrize("dtype", DTYPES)
def test_noise_is_added_with_the_same_bits(dtype: str, scale: float) -> None:
    start = torch.from_numpy(np.random.default_rng(1).normal(0, 0.05, SHAPE)).to(getattr(torch, dtype))
    if dtype == "bfloat16":
        ml_dtypes = pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 only with ml_dtypes")
        array = start.view(torch.int16).numpy().copy().view(ml_dtypes.bfloat16)
    else:
        array = start.numpy().copy()
    winit.add_noise(array, SEED, "h.0.w", step=5, scale=scale)
    tensor = winit.torch.add_noise_(start.clone(), SEED, "h.0.w", step=5, scale=scale)
    assert bits(tensor) == bits(array)


def test_a_module_is_perturbed_through_its_memory_and_comes_back_exactly() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    start = {name: value.clone() for name, value in model.state_dict().items()}
    x, y = torch.randn(64, 8), torch.randn(64, 1)

    def loss() -> float:
        with torch.no_grad():
            return float(torch.nn.functional.mse_loss(model(x), y))

    arrays = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
    before = loss()
    with winit.Perturbation(arrays, 42, step=1) as z:
        z.scale = 1e-2
        plus = loss()
        z.scale = -1e-2
        minus = loss()
    assert plus != before != minus
    assert all(torch.equal(value, start[name]) for name, value in model.state_dict().items())
    z.add(-1e-3 * (plus - minus) / 2e-2)
    moved = {
        name: winit.torch.add_noise_(value, 42, name, step=1, scale=-1e-3 * (plus - minus) / 2e-2)
        for name, value in start.items()
    }
    assert all(torch.equal(value, moved[name]) for name, value in model.state_dict().items())
