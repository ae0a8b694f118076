"""The check that this thread computes as docs/law.md, "Arithmetic", requires."""

from __future__ import annotations

import numpy as np

from .errors import FloatingPointModeError


def _floats(*bits: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(bits, np.uint32).view(np.float32)


# Four products that tell the modes apart. They are written as bits, so that no mode has a part in them.
_FACTORS = _floats(0x00800000, 0x00000001, 0x3F800001, 0x3F800001)  # 2^-126, 2^-149, 1 + 2^-23, 1 + 2^-23
_OTHERS = _floats(0x3F000000, 0x4B000000, 0x3F800001, 0x3FC00000)  # 2^-1, 2^23, 1 + 2^-23, 1.5
# 2^-127, unless results are flushed; 2^-126, unless operands are; 1 + 2^-22, unless it rounds up; 1.5 + 2^-22, a tie
# that goes up to the even number, unless it rounds down.
_PRODUCTS = np.array([0x00400000, 0x00800000, 0x3F800002, 0x3FC00002], np.uint32).tobytes()


def require_exact_arithmetic() -> None:
    """Checks the floating-point mode of the calling thread by a multiplication of four numbers, in about 2 µs.

    PyTorch's `set_flush_denormal` and libraries that were built with -ffast-math set a mode in which NumPy gives other
    bits. The mode belongs to a thread, so every thread that computes checks it.

    Raises:
        FloatingPointModeError: If subnormal numbers are flushed to zero, as operands or results, or if results do not
            round to nearest, ties to even.

    Example:
        >>> from winit import reference
        >>> reference.require_exact_arithmetic()
    """
    products = _FACTORS * _OTHERS
    if products.tobytes() != _PRODUCTS:
        flushed = not np.array_equal(products.view(np.uint32)[:2], np.frombuffer(_PRODUCTS, np.uint32)[:2])
        what = "flushes subnormal numbers to zero" if flushed else "does not round to nearest"
        raise FloatingPointModeError(
            f"the floating-point mode of this thread {what}, which changes the bits of the law. "
            "Turn that mode off first: `torch.set_flush_denormal(False)`, or start without the library that was built "
            "with -ffast-math."
        )
