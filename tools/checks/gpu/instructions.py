"""The floating-point instructions that Triton compiles the kernels to, for any NVIDIA GPU and without one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from winit.torch.gpu.launching import OPTIONS, UNALIGNED_UNITS, units_of_program

FORMULAS = ("symmetric", "uniform", "normal", "truncated_normal")
TYPES = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16", "float64": "fp64"}
"""Triton's name for each dtype that the kernels write."""

_LANES = 4
_THREADS = 128
_INSTRUCTION = re.compile(r"^\s+(?:@!?%p\d+ )?([a-z][a-z0-9]*(?:\.[a-zA-Z0-9_:]+)*)", re.MULTILINE)
_FLOATS = re.compile(r"\.(?:f16|f16x2|bf16|bf16x2|f32|f64)\b")
_OLDER_DIVISION = "div.rn.ftz.f32"
_WIDENING = "cvt.f64.f32"  # exact
_ARITHMETIC = ("add", "sub", "mul", "div", "fma", "mad", "rcp", "sqrt", "rsqrt", "ex2", "lg2", "sin", "cos", "tanh")


@dataclass(frozen=True)
class Compiled:
    """A compiled kernel.

    Attributes:
        ptx: Its PTX.
        elements_of_thread: How many elements a thread makes.
        cubin: Its machine code.
    """

    ptx: str
    elements_of_thread: int
    cubin: bytes = b""

    @property
    def counts(self) -> Counter[str]:
        """How often each instruction occurs that has a floating-point type."""
        return Counter(name for name in _INSTRUCTION.findall(self.ptx) if _FLOATS.search(name))

    @property
    def quotients(self) -> int:
        """How many correctly rounded divisions there are."""
        return self.counts["div.rn.f32"] + self.counts[_OLDER_DIVISION]

    @property
    def stores(self) -> set[str]:
        """The instructions that write to memory."""
        return {name for name in _INSTRUCTION.findall(self.ptx) if name.startswith("st.global")}


def compiled(
    formula: str, dtype: str, capability: int, *, axes: int = 1, is_aligned: bool = True, fusion: bool | None = None
) -> Compiled:
    """Compiles the kernel that fills boxes, without a GPU.

    Args:
        formula: A formula of `FORMULAS`.
        dtype: A dtype of `TYPES`.
        capability: The compute capability times 10, such as 90 for Hopper.
        axes: The number of axes, of which the first one counts the units of a row.
        is_aligned: Whether four elements lie side by side.
        fusion: Whether the compiler may fuse products with sums, which changes bits; by default as the kernels say.
    """
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from winit.torch.gpu import kernels

    block = units_of_program(formula) if is_aligned else UNALIGNED_UNITS
    constants: dict[str, Any] = {"LAW": formula, "AXES": axes, "ROW": 0, "IS_ALIGNED": is_aligned}
    constants |= {"IN_INTEGERS": False, "BLOCK": block}
    types = {name: "constexpr" if name in constants else "i32" for name in kernels.fill.arg_names}
    types["out"] = "*" + TYPES[dtype]
    attributes = {(0,): [["tt.divisibility", 16]]}  # where the first element lies is a multiple of 16 bytes
    source = ASTSource(fn=kernels.fill, signature=types, constexprs=constants, attrs=attributes)
    options = OPTIONS if fusion is None else {**OPTIONS, "enable_fp_fusion": fusion}
    made = triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options)
    return Compiled(made.asm["ptx"], block * _LANES // _THREADS, made.asm["cubin"])


def problems(formula: str, dtype: str, made: Compiled) -> list[str]:
    """Returns what in a compiled kernel could change a bit: an empty list if nothing can.

    Each sum, difference, product and quotient must round once, to nearest, and keep subnormal numbers (PTX ISA,
    "Floating Point Instructions": without `.rn`, the assembler may fuse; `.ftz` flushes; `.approx` and `.full` are not
    exact). Every draw but the uniform one divides once.

    Triton before 3.6 divides by `div.rn.ftz`. That is the same here: the dividend and the divisor are sums of positive
    terms, of which one is 1 or more, so that neither they nor the quotient are subnormal.
    """
    found = []
    for name, count in made.counts.items():
        if name == _OLDER_DIVISION:
            continue
        base, *modifiers = name.split(".")
        if {"ftz", "approx", "full", "sat", "rz", "rm", "rp"} & set(modifiers):
            found.append(f"{count} × {name}: not IEEE 754")
        elif base in _ARITHMETIC and (base not in ("add", "sub", "mul", "div") or "rn" not in modifiers):
            found.append(f"{count} × {name}: not one correctly rounded operation")
        elif base == "cvt" and name != _WIDENING and "rn" not in modifiers:
            found.append(f"{count} × {name}: does not say how it rounds")
    quotients = 0 if formula in ("symmetric", "uniform") else made.elements_of_thread
    if made.quotients != quotients:
        found.append(f"{made.quotients} × div.rn.f32 instead of {quotients}")
    narrow = {"bfloat16": "cvt.rn.bf16", "float16": "cvt.rn.f16"}.get(dtype)
    if narrow and not any(name.startswith(narrow) for name in made.counts):
        found.append(f"no {narrow}: the conversion to {dtype} is another one")
    return found
