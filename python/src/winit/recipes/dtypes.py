"""The dtypes of tensors: their sizes, their integers, and their codes in safetensors files (docs/manifest.md)."""

from __future__ import annotations

FLOATING_LIMITS = {
    "float64": float.fromhex("0x1.ffffffp127"),
    "float32": float.fromhex("0x1.ffffffp127"),
    "float16": 65520.0,
    "bfloat16": float.fromhex("0x1.ffp127"),
}
"""For each dtype that laws can fill, the least magnitude that rounds to infinity (docs/law.md, "Dtypes and bytes")."""

_EXACT = 2**53

INTEGER_RANGES = {
    "int64": (-_EXACT, _EXACT),
    "int32": (-(2**31), 2**31 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int8": (-(2**7), 2**7 - 1),
    "uint64": (0, _EXACT),
    "uint32": (0, 2**32 - 1),
    "uint16": (0, 2**16 - 1),
    "uint8": (0, 2**8 - 1),
    "bool": (0, 1),
}
"""For each integer and boolean dtype, the least and the largest constant."""

BITS = {
    "float64": 64,
    "float32": 32,
    "float16": 16,
    "bfloat16": 16,
    "int64": 64,
    "int32": 32,
    "int16": 16,
    "int8": 8,
    "uint64": 64,
    "uint32": 32,
    "uint16": 16,
    "uint8": 8,
    "bool": 8,
    "float8_e4m3fn": 8,
    "float8_e5m2": 8,
    "float8_e8m0fnu": 8,
    "float8_e4m3fnuz": 8,
    "float8_e5m2fnuz": 8,
    "float6_e2m3fn": 6,
    "float6_e3m2fn": 6,
    "float4_e2m1fn": 4,
    "complex64": 64,
}
"""The size of an element in bits, for every dtype."""

SAFETENSORS_CODES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint64": "U64",
    "uint32": "U32",
    "uint16": "U16",
    "uint8": "U8",
    "bool": "BOOL",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "float8_e8m0fnu": "F8_E8M0",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "float6_e2m3fn": "F6_E2M3",
    "float6_e3m2fn": "F6_E3M2",
    "float4_e2m1fn": "F4",
    "complex64": "C64",
}
"""The code of each dtype in a safetensors file."""


def is_literal_only(dtype: str) -> bool:
    """Tells whether tensors of a dtype hold given bytes only, as those of fp8, fp6, fp4 and complex64 do."""
    return dtype not in FLOATING_LIMITS and dtype not in INTEGER_RANGES


def byte_count(dtype: str, count: int) -> int:
    """Returns the size of `count` elements in bytes, rounded up where they do not fill whole bytes."""
    return (BITS[dtype] * count + 7) // 8


def fills_whole_bytes(dtype: str, count: int) -> bool:
    """Tells whether `count` elements fill whole bytes."""
    return BITS[dtype] * count % 8 == 0
