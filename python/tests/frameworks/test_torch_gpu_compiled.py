"""The kernels for CUDA as Triton compiles them, without a GPU: no instruction in them can change a bit."""

from __future__ import annotations

import itertools
import math
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
triton = pytest.importorskip("triton")

from triton.backends.compiler import GPUTarget  # noqa: E402
from triton.runtime import driver  # noqa: E402

from checks.gpu.instructions import FORMULAS, TYPES, Compiled, compiled, problems  # noqa: E402
from winit.reference import unit_draws as law  # noqa: E402
from winit.torch.gpu import kernels  # noqa: E402
from winit.torch.gpu.launching import OPTIONS, fill_arguments  # noqa: E402
from winit.torch.gpu.layout import launches  # noqa: E402
from winit.torch.gpu.parameters import parameters  # noqa: E402

CAPABILITIES = (80, 90, 100)
"""Ampere, Hopper and Blackwell."""


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("formula", FORMULAS)
def test_every_operation_is_rounded_once_and_keeps_subnormal_numbers(formula: str, dtype: str) -> None:
    assert problems(formula, dtype, compiled(formula, dtype, 90)) == []


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_every_generation_of_gpus_gets_such_instructions(capability: int) -> None:
    for formula, dtype in (("uniform", "bfloat16"), ("truncated_normal", "float16")):
        assert problems(formula, dtype, compiled(formula, dtype, capability)) == []


def test_unaligned_rows_on_several_axes_get_such_instructions() -> None:
    made = compiled("normal", "float32", 90, axes=4, is_aligned=False)
    assert problems("normal", "float32", made) == []


def test_four_elements_are_stored_together() -> None:
    assert compiled("uniform", "float32", 90).stores == {"st.global.v4.b32"}
    assert compiled("uniform", "bfloat16", 90).stores == {"st.global.v2.b32"}
    assert compiled("normal", "float16", 90, axes=2).stores == {"st.global.v2.b32"}
    assert compiled("normal", "float64", 90).stores == {"st.global.v2.b64"}


def test_a_draw_has_the_sums_and_products_of_the_law() -> None:
    # Counted in docs/law.md. Products: p, x, p × 4, v, 2 for t2 and t4, 7 for P, 2 for l, 2 for l2 and l4, 6 for N, 5
    # for D, 1 for C, 1 for the law. Sums: 2 for p and x, 1 - p, t, 7 for P, 1 for l, 6 for N, 5 for D, 1 for the law.
    made = compiled("normal", "float32", 90)
    per_element = {name: count / made.elements_of_thread for name, count in made.counts.items()}
    assert made.quotients == made.elements_of_thread
    assert per_element["mul.rn.f32"] == 30
    assert per_element["add.rn.f32"] + per_element["sub.rn.f32"] == 24


def test_no_dividend_divisor_or_quotient_of_a_draw_is_subnormal() -> None:
    # The numerator and the denominator of C(p, x) in docs/law.md: every coefficient is positive, and l is 0 or more up
    # to the rounding of a logarithm, because v is at most 1.
    numerator = [law._N1[0], law._N1[1], law._N3[0], law._N3[1], *law._N5, law._N6]
    denominator = [law._D1[0], law._D1[1], law._D3[0], law._D3[1], *law._D5]
    assert all(float(coefficient) > 0 for coefficient in numerator + denominator)
    assert float(law._N1[0]) >= 1 and float(law._D1[0]) == 1
    largest = 128 * math.log(2)  # v has an exponent of -127 or more
    for coefficients in (numerator, denominator):
        assert sum(float(c) * largest**k for k, c in enumerate(coefficients)) < 2.0**32


def test_a_compiler_that_fuses_is_noticed() -> None:
    for formula in ("uniform", "normal", "truncated_normal"):
        found = problems(formula, "float32", compiled(formula, "float32", 90, fusion=True))
        assert any("fma.rn.f32: not one correctly rounded operation" in problem for problem in found)


def test_approximate_and_flushing_instructions_are_noticed() -> None:
    lines = {
        "div.full.f32 %f1, %f2, %f3;": "not IEEE 754",
        "@%p1 mul.rn.ftz.f32 %f1, %f2, %f3;": "not IEEE 754",
        "add.f32 %f1, %f2, %f3;": "not one correctly rounded",
        "ex2.approx.f32 %f1, %f2;": "not IEEE 754",
        "sqrt.rn.f32 %f1, %f2;": "not one correctly rounded",
        "cvt.f32.f64 %f1, %d2;": "does not say how it rounds",
        "cvt.rz.f32.s32 %f1, %r2;": "not IEEE 754",
    }
    for line, problem in lines.items():
        assert problem in problems("uniform", "float32", Compiled(f"\t{line}\n", 4))[0], line
    exact = "\tadd.rn.f32 %f1, %f2, %f3;\n\tcvt.rn.f32.s32 %f1, %r2;\n\tcvt.f64.f32 %d1, %f1;\n\tneg.f32 %f1, %f2;\n"
    assert problems("uniform", "float64", Compiled(exact, 4)) == []
    assert problems("normal", "float32", Compiled(exact, 4)) == ["0 × div.rn.f32 instead of 4"]
    assert "no cvt.rn.bf16" in problems("uniform", "bfloat16", Compiled(exact, 4))[0]


def test_the_assembler_fuses_nothing_either(tmp_path: Path) -> None:
    tools = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
    file = tmp_path / "kernel.cubin"
    file.write_bytes(compiled("uniform", "float32", 90).cubin)
    text = subprocess.run([tools / "nvdisasm", "-c", file], capture_output=True, text=True, check=True).stdout
    assert len(re.findall(r"\bFMUL\b", text)) == 2 * compiled("uniform", "float32", 90).elements_of_thread
    assert not re.findall(r"\b[FD]FMA\b", text)


class _Hopper:
    """Takes the place of the driver of a GPU, so that Triton compiles for one and launches nothing."""

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, device: int) -> int:
        return 0

    def get_current_target(self) -> object:
        return GPUTarget("cuda", 90, 32)

    def get_active_torch_device(self) -> object:
        return torch.device("cpu")


@pytest.fixture
def hopper() -> Iterator[None]:
    before = vars(driver).get("_active", vars(driver).get("active"))  # reading driver.active would look for a GPU
    driver.set_active(_Hopper())
    yield
    driver.set_active(before)


def test_every_seed_stream_and_place_has_the_same_compiled_kernel(hopper: None, monkeypatch: Any) -> None:
    monkeypatch.setenv("TRITON_DEFAULT_FP_FUSION", "1")  # the options of a launch go before it
    out, found = torch.empty(64, 64), []
    places = ((2**16, 64), (0, 0)), ((2**20, 2**20), (2**19 + 1, 16)), ((2**20, 2**22), (1, 2**21))
    parameters_of = ({"mean": 0.0, "std": 1.0}, {"mean": -1.0, "std": 1e-39})
    for seed, (shape, offset), numbers in itertools.product((0, 1, 16, 2**31, 2**64 - 1), places, parameters_of):
        which = parameters({"law": "normal", **numbers})
        for launch in launches(shape, offset, tuple(out.shape), out.stride()):
            grid, arguments, constants = fill_arguments(launch, which, seed, seed ^ 5, out)
            made = kernels.fill.warmup(*arguments, grid=grid, **constants, **OPTIONS)
            found.append((constants["AXES"], made.hash))
            assert not made.metadata.enable_fp_fusion
            assert problems("normal", "float32", Compiled(made.asm["ptx"], 16)) == []
    assert len(found) == 30 and len(set(found)) == 2  # for one row, and for rows
