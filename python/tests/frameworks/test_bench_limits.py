"""tools/bench with a narrower kernel: PyTorch and JAX keep to the same instructions."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from peers.kinds import Kernels, features

X86 = ("scalar", "sse2", "avx2", "avx512")


def limited(kernel: str, program: str) -> str:
    """What a program prints in a process that is limited as the peers of the bench are."""
    environment = {**os.environ, **Kernels(kernel, X86).environment()}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif("avx2" not in features(), reason="the processor has no AVX2")
@pytest.mark.parametrize(("kernel", "capability"), [("avx2", "AVX2"), ("sse2", "DEFAULT"), ("scalar", "DEFAULT")])
def test_torch_keeps_to_the_instructions_of_the_kernel(kernel: str, capability: str) -> None:
    pytest.importorskip("torch")
    assert limited(kernel, "import torch; print(torch.backends.cpu.get_cpu_capability())") == capability


@pytest.mark.skipif("sse2" not in features(), reason="the processor is no x86-64")
def test_jax_keeps_to_the_instructions_of_the_kernel() -> None:
    pytest.importorskip("jax")
    # With a flag that XLA does not know, the process would end.
    count = "import jax; print(jax.jit(lambda key: jax.random.normal(key, (3,)))(jax.random.key(1)).size)"
    assert limited("avx2", count) == limited("sse2", count) == "3"
