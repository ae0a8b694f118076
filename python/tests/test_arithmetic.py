"""The reference refuses floating-point modes that would change its bits (docs/law.md, "Arithmetic")."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

import winit
from winit import reference

SUBNORMAL = reference.Tensor("w", "float32", (64,), reference.normal(std=1e-39))


def control_word() -> tuple[int, int] | None:
    """Where the control word is in glibc's fenv_t, and the bits that flush operands and results."""
    if platform.libc_ver()[0] != "glibc":
        return None
    return {"x86_64": (28, 0x8040), "aarch64": (0, 1 << 24)}.get(platform.machine())


@contextmanager
def flushing(bits: int | None = None) -> Iterator[None]:
    """Sets the mode of this thread, as `torch.set_flush_denormal(True)` does."""
    found = control_word()
    assert found is not None
    c, saved, changed = ctypes.CDLL(None), (ctypes.c_uint32 * 16)(), (ctypes.c_uint32 * 16)()
    c.fegetenv(saved)
    c.fegetenv(changed)
    changed[found[0] // 4] |= found[1] if bits is None else bits
    c.fesetenv(changed)
    try:
        yield
    finally:
        c.fesetenv(saved)


@contextmanager
def rounding(mode: int) -> Iterator[None]:
    c = ctypes.CDLL(None)
    saved = c.fegetround()
    assert c.fesetround(mode) == 0
    try:
        yield
    finally:
        c.fesetround(saved)


needs_glibc = pytest.mark.skipif(control_word() is None, reason="the test sets the mode through glibc's fenv_t")
COMPUTATIONS: list[Callable[[], object]] = [
    lambda: reference.canonical_bytes(7, SUBNORMAL),
    lambda: reference.fill_box(7, SUBNORMAL, (0,), (64,)),
    lambda: reference.law_values(reference.constant(1.0), np.zeros(3, np.uint32)),
    lambda: reference.normal_draw(np.zeros(3, np.uint32)),
    lambda: reference.uniform_draw(np.zeros(3, np.uint32)),
    lambda: reference.truncated_draw(np.zeros(3, np.uint32), 0.1, 0.9, -1.0, 1.0),
    lambda: reference.core(np.zeros(1, np.float32), np.ones(1, np.float32)),
    lambda: reference.normal(std=1e-39),
    lambda: reference.constant(1e-39),
    lambda: reference.orthogonal_values(np.ones((3, 3), np.float32), 1.0),
    lambda: reference.unit_vector(np.ones(3, np.float32), 1.0),
    lambda: reference.norm(np.ones((2, 3))),
    lambda: reference.apply("exp", np.ones(3)),
    lambda: reference.float_bytes(np.ones(3, np.float32), "bfloat16"),
    lambda: reference.float_bytes(np.full(3, 1e-39, np.float32), "float64"),
    lambda: reference.float_values(b"\0\0\1\0", "bfloat16"),
    lambda: reference.tensor_digest(7, SUBNORMAL),
]


def test_the_mode_that_python_starts_with_is_accepted() -> None:
    reference.require_exact_arithmetic()
    for compute in COMPUTATIONS:
        compute()


@needs_glibc
@pytest.mark.parametrize("compute", COMPUTATIONS)
def test_every_computation_refuses_to_flush_subnormal_numbers(compute: Callable[[], object]) -> None:
    with flushing(), pytest.raises(reference.FloatingPointModeError, match="flush_denormal"):
        compute()
    compute()


@needs_glibc
@pytest.mark.skipif(platform.machine() != "x86_64", reason="only x86-64 has two bits for it")
@pytest.mark.parametrize("bits", [0x8000, 0x0040])
def test_flushed_results_and_flushed_operands_are_each_refused(bits: int) -> None:
    with flushing(bits), pytest.raises(winit.Error, match="flushes subnormal numbers to zero"):
        reference.require_exact_arithmetic()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the numbers of the modes are those of Linux")
@pytest.mark.parametrize("which", range(3))
def test_another_rounding_mode_is_refused(which: int) -> None:
    modes = {"x86_64": (0x400, 0x800, 0xC00), "aarch64": (0x800000, 0x400000, 0xC00000)}
    if platform.machine() not in modes:
        pytest.skip(f"the numbers of the modes of {platform.machine()} are not known to this test")
    with rounding(modes[platform.machine()][which]), pytest.raises(winit.Error, match="does not round to nearest"):
        reference.require_exact_arithmetic()


@needs_glibc
def test_a_thread_is_checked_by_itself() -> None:
    def compute() -> bytes:
        return reference.canonical_bytes(7, SUBNORMAL)

    def compute_flushing() -> bytes:
        with flushing():
            return compute()

    expected = compute()
    with ThreadPoolExecutor(2) as pool:
        refused, fine = pool.submit(compute_flushing), pool.submit(compute)
        assert fine.result() == expected
        with pytest.raises(reference.FloatingPointModeError):
            refused.result()
    assert compute() == expected
    assert np.count_nonzero(np.frombuffer(expected, np.float32)) == 64
