"""The law as functions of Triton: words, unit draws and values, one correctly rounded operation after the other.

The kernels of this package must be compiled with `enable_fp_fusion=False`, and divide by `tl.div_rn`: otherwise the
compiler fuses products with sums and divides approximately. Numbers come as the bits of binary32 and binary64, so that
no conversion of arguments can change them. Only functions that are built into Triton's language are called, which its
interpreter (TRITON_INTERPRET=1) knows too.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import triton
import triton.language as tl

from ...reference import unit_draws as law

_A7: tl.constexpr = tl.constexpr(float(law._A7[0]))
_A7_T: tl.constexpr = tl.constexpr(float(law._A7[1]))
_A5: tl.constexpr = tl.constexpr(float(law._A5[0]))
_A5_T: tl.constexpr = tl.constexpr(float(law._A5[1]))
_A3: tl.constexpr = tl.constexpr(float(law._A3[0]))
_A3_T: tl.constexpr = tl.constexpr(float(law._A3[1]))
_A1: tl.constexpr = tl.constexpr(float(law._A1[0]))
_A1_T: tl.constexpr = tl.constexpr(float(law._A1[1]))
_MINUS_LN2: tl.constexpr = tl.constexpr(-float(law._LN2))
_N6: tl.constexpr = tl.constexpr(float(law._N6))
_N5: tl.constexpr = tl.constexpr(float(law._N5[0]))
_N5_L: tl.constexpr = tl.constexpr(float(law._N5[1]))
_N3: tl.constexpr = tl.constexpr(float(law._N3[0]))
_N3_L: tl.constexpr = tl.constexpr(float(law._N3[1]))
_N1: tl.constexpr = tl.constexpr(float(law._N1[0]))
_N1_L: tl.constexpr = tl.constexpr(float(law._N1[1]))
_D5: tl.constexpr = tl.constexpr(float(law._D5[0]))
_D5_L: tl.constexpr = tl.constexpr(float(law._D5[1]))
_D3: tl.constexpr = tl.constexpr(float(law._D3[0]))
_D3_L: tl.constexpr = tl.constexpr(float(law._D3[1]))
_D1: tl.constexpr = tl.constexpr(float(law._D1[0]))
_D1_L: tl.constexpr = tl.constexpr(float(law._D1[1]))
_TWO_M30: tl.constexpr = tl.constexpr(2.0**-30)
_TWO_M31: tl.constexpr = tl.constexpr(2.0**-31)
_TWO_M32: tl.constexpr = tl.constexpr(2.0**-32)
_MULTIPLIER_0: tl.constexpr = tl.constexpr(0xD2511F53)
_MULTIPLIER_1: tl.constexpr = tl.constexpr(0xCD9E8D57)
_WEYL_0: tl.constexpr = tl.constexpr(0x9E3779B9)
_WEYL_1: tl.constexpr = tl.constexpr(0xBB67AE85)


@triton.jit
def wide(low: tl.tensor, high: tl.tensor) -> tl.tensor:
    """Joins the halves of a 64-bit integer, which come as int32."""
    return (high.to(tl.int64) << 32) | (low.to(tl.int64) & 0xFFFFFFFF)


@triton.jit
def binary32(bits: tl.tensor) -> tl.tensor:
    """Reads bits as binary32."""
    return bits.to(tl.float32, bitcast=True)


@triton.jit
def philox(
    block: tl.tensor, stream_low: tl.tensor, stream_high: tl.tensor, key_low: tl.tensor, key_high: tl.tensor
) -> tl.tensor:
    """Computes the four words of blocks (docs/law.md, "Words"), as uint32. The block is int64, the others uint32."""
    c0 = block.to(tl.uint32)
    c1 = (block >> 32).to(tl.uint32)
    c2 = stream_low
    c3 = stream_high
    for _ in tl.static_range(10):
        product_0 = c0.to(tl.uint64) * _MULTIPLIER_0  # one instruction gives both halves
        product_1 = c2.to(tl.uint64) * _MULTIPLIER_1
        c0 = (product_1 >> 32).to(tl.uint32) ^ c1 ^ key_low
        c1 = product_1.to(tl.uint32)
        c2 = (product_0 >> 32).to(tl.uint32) ^ c3 ^ key_high
        c3 = product_0.to(tl.uint32)
        key_low += _WEYL_0
        key_high += _WEYL_1
    return c0, c1, c2, c3


@triton.jit
def core(p4: tl.tensor, one_minus_p: tl.tensor, x: tl.tensor) -> tl.tensor:
    """Computes C(p, x) (docs/law.md, "The core: C(p, x)") from p × 4, which is exact, 1 - p and x."""
    v = p4 * one_minus_p
    bits = v.to(tl.int32, bitcast=True)
    e = (bits - 0x3F3504F3) >> 23
    t = binary32(bits - (e << 23)) - 1.0
    t2 = t * t
    t4 = t2 * t2
    series = ((_A7 + t * _A7_T) * t2 + (_A5 + t * _A5_T)) * t4 + ((_A3 + t * _A3_T) * t2 + (_A1 + t * _A1_T))
    # -(a + b) = (-a) - b. Where both are 0, the sign of the zero disappears in the sums below.
    ell = e.to(tl.float32) * _MINUS_LN2 - t * series  # l in docs/law.md
    ell2 = ell * ell
    ell4 = ell2 * ell2
    above = ((_N5 + ell * _N5_L) + _N6 * ell2) * ell4 + ((_N3 + ell * _N3_L) * ell2 + (_N1 + ell * _N1_L))
    below = (_D5 + ell * _D5_L) * ell4 + ((_D3 + ell * _D3_L) * ell2 + (_D1 + ell * _D1_L))
    return x * tl.div_rn(above, below)


@triton.jit
def odd(word: tl.tensor) -> tl.tensor:
    """Computes U(w) × 2^31 (docs/law.md, "Uniform: U(w)"): the odd multiple of 2^7, which binary32 holds exactly.

    (f32(s >> 8) + 0.5) × 2^8 is the integer whose upper 24 bits are those of s and whose lower 8 bits are 0x80.
    """
    return ((word & 0xFFFFFF00) | 0x80).to(tl.int32, bitcast=True).to(tl.float32)


@triton.jit
def normal(word: tl.tensor) -> tl.tensor:
    """Computes Q(w) (docs/law.md, "Standard normal: Q(w)")."""
    signed = word.to(tl.int32, bitcast=True)
    top = signed >> 31
    m = signed ^ top
    q = m ^ 0x7FFFFFFF
    middle = m.to(tl.float32) + 0.5
    x = (q.to(tl.float32) + 0.5) * _TWO_M31
    magnitude = core(middle * _TWO_M30, 1.0 - middle * _TWO_M32, x)
    return binary32(magnitude.to(tl.int32, bitcast=True) ^ ((top ^ -1) & -0x80000000))


@triton.jit
def truncated(word: tl.tensor, alpha: tl.tensor, width: tl.tensor, low: tl.tensor, high: tl.tensor) -> tl.tensor:
    """Computes T(w) (docs/law.md, "Truncated normal: T(w)").

    Args:
        word: The words, uint32.
        alpha: α, binary64.
        width: (β - α) × 2^-32, binary64: the power of two is exact wherever it stands in the product.
        low: The lower cut, binary32.
        high: The upper cut, binary32.
    """
    u = (word.to(tl.float64) + 0.5) * width + alpha
    lower = u < 0.5
    tail = tl.where(lower, u, 1.0 - u)
    p = tail.to(tl.float32)
    x = (1.0 - tail * 2.0).to(tl.float32)
    magnitude = core(p * 4.0, 1.0 - p, x)
    z = tl.where(lower, binary32(magnitude.to(tl.int32, bitcast=True) ^ -0x80000000), magnitude)
    return tl.minimum(tl.maximum(z, low), high)


@triton.jit
def values(
    word: tl.tensor,
    p0: tl.tensor, p1: tl.tensor, p2: tl.tensor, p3: tl.tensor,
    p4: tl.tensor, p5: tl.tensor, p6: tl.tensor, p7: tl.tensor,
    LAW: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Computes the values of a law (docs/law.md, "Laws and their parameters") for words, in binary32.

    LAW is the formula, and p0 to p7 are the bits of its parameters, as `parameters.Parameters` has them.
    """
    if LAW == "symmetric":
        result = odd(word) * binary32(p0)
    elif LAW == "uniform":
        inner = (odd(word) * _TWO_M31) * binary32(p0) + binary32(p1)
        result = tl.minimum(tl.maximum(inner, binary32(p2)), binary32(p3))
    elif LAW == "normal":
        result = normal(word) * binary32(p0) + binary32(p1)
    else:
        alpha = wide(p0, p1).to(tl.float64, bitcast=True)
        width = wide(p2, p3).to(tl.float64, bitcast=True)
        result = truncated(word, alpha, width, binary32(p4), binary32(p5)) * binary32(p6) + binary32(p7)
    return result


@triton.jit
def rounded_to_bfloat16(value: tl.tensor) -> tl.tensor:
    """Rounds binary32 to bfloat16, ties to even, in integers: the bits as int16.

    Triton's interpreter rounds ties wrongly. Compiled code uses the instruction of the GPU.
    """
    bits = value.to(tl.uint32, bitcast=True)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).to(tl.uint16).to(tl.int16, bitcast=True)
