"""The reference refuses the mode that `torch.set_flush_denormal` sets, and says how to turn it off."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import winit  # noqa: E402
from winit import reference  # noqa: E402


def test_the_reference_refuses_to_compute_while_torch_flushes_subnormal_numbers() -> None:
    tensor = reference.Tensor("w", "float32", (64,), reference.normal(std=1e-39))
    expected = reference.canonical_bytes(7, tensor)
    if not torch.set_flush_denormal(True):
        pytest.skip("PyTorch cannot flush subnormal numbers to zero on this processor")
    try:
        with pytest.raises(winit.Error, match=r"torch\.set_flush_denormal\(False\)"):
            reference.canonical_bytes(7, tensor)
        with pytest.raises(winit.Error, match="flushes subnormal numbers to zero"):
            reference.normal(std=1e-39)
    finally:
        torch.set_flush_denormal(False)
    assert reference.canonical_bytes(7, tensor) == expected
