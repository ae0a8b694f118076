"""The law `philox4x32-10/icdf-1` in NumPy: an implementation that shares no code with the Swift one.

It follows docs/law.md and docs/manifest.md and nothing else, so that two readings of those pages check each
other. It is meant to be read beside them, section by section; speed comes second.

    import winit_law as law
    t = law.Tensor("h.0.w", "float32", (300, 1024), law.normal(std=0.02))
    law.canonical_bytes(42, t, 0, 10)       # the first ten elements
    law.tensor_digest(42, t)                # 'sha256:…'

Every float is an explicit `np.float32` or `np.float64`, so the type promotion of NumPy 1 and of NumPy 2 give
the same bits. NumPy runs one array operation after the other and cannot fuse a multiply with an add.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from fractions import Fraction

import mpmath
import numpy as np

LAW_VERSION = "philox4x32-10/icdf-1"
CHUNK_SIZE = 1 << 20

# --- Words -----------------------------------------------------------------------------------------------------

_MASK32 = np.uint64(0xFFFFFFFF)
_SHIFT32 = np.uint64(32)
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = 0x9E3779B9
_WEYL_1 = 0xBB67AE85


def philox(counter, key):
    """Philox4x32-10. `counter` is four arrays of 32-bit values, `key` two Python ints; returns four uint32 arrays."""
    c0, c1, c2, c3 = (np.asarray(c, dtype=np.uint64) for c in counter)
    k0, k1 = key
    for _ in range(10):
        product_0 = _MULTIPLIER_0 * c0  # 32 x 32 bits fit 64
        product_1 = _MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (
            (product_1 >> _SHIFT32) ^ c1 ^ np.uint64(k0),
            product_1 & _MASK32,
            (product_0 >> _SHIFT32) ^ c3 ^ np.uint64(k1),
            product_0 & _MASK32,
        )
        k0 = (k0 + _WEYL_0) & 0xFFFFFFFF
        k1 = (k1 + _WEYL_1) & 0xFFFFFFFF
    return tuple(c.astype(np.uint32) for c in (c0, c1, c2, c3))


def blocks(seed, stream, first, count):
    """Blocks first ..< first + count of a stream, as a (count, 4) uint32 array. Block indices have 64 bits."""
    _check_u64(seed, "seed")
    _check_u64(stream, "stream")
    if count == 0:
        return np.empty((0, 4), dtype=np.uint32)
    _check_u64(first, "block")
    _check_u64(first + count - 1, "block")
    index = np.uint64(first) + np.arange(count, dtype=np.uint64)
    counter = (
        index & _MASK32,
        index >> _SHIFT32,
        np.full(count, stream & 0xFFFFFFFF, dtype=np.uint64),
        np.full(count, stream >> 32, dtype=np.uint64),
    )
    return np.stack(philox(counter, (seed & 0xFFFFFFFF, seed >> 32)), axis=1)


def words(seed, stream, start, count):
    """Words of the elements start ..< start + count: lane i & 3 of block i >> 2."""
    if count == 0:
        return np.empty(0, dtype=np.uint32)
    first = start >> 2
    last = (start + count - 1) >> 2
    lanes = blocks(seed, stream, first, last - first + 1).reshape(-1)
    offset = start & 3
    return lanes[offset : offset + count]


def stream(name):
    """The stream of a tensor: the first eight bytes, little-endian, of SHA-256 of the name's UTF-8 bytes."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:8], "little")


def _check_u64(value, what):
    if not 0 <= value < 1 << 64:
        raise ValueError(f"{what} {value} does not fit 64 bits")


# --- Unit draws ------------------------------------------------------------------------------------------------


def f32(text):
    """A hexadecimal float literal as binary32; refuses one that binary32 cannot hold."""
    value = float.fromhex(text)
    assert float(np.float32(value)) == value, text
    return np.float32(value)


_HALF, _ONE, _FOUR = np.float32(0.5), np.float32(1), np.float32(4)
_TWO_M23, _TWO_M31, _TWO_M32 = f32("0x1p-23"), f32("0x1p-31"), f32("0x1p-32")
_SQRT_HALF_BITS = np.int32(0x3F3504F3)
_LN2 = f32("0x1.62e430p-1")

# ln(1 + t) / t, two neighbouring coefficients to a pair: A5 stands at t^4 and t^5
_A7 = f32("0x1.4c3d08p-3"), f32("-0x1.9dfa6ep-4")
_A5 = f32("0x1.978e2ep-3"), f32("-0x1.614c08p-3")
_A3 = f32("0x1.5559dcp-2"), f32("-0x1.ff623cp-3")
_A1 = f32("0x1.fffffep-1"), f32("-0x1.00007ap-1")

# Numerator and denominator of |Q| / x as functions of l = -ln(4 p (1 - p))
_N6 = f32("0x1.9cd394p-23")
_N5 = f32("0x1.2a9942p-10"), f32("0x1.f2dd96p-15")
_N3 = f32("0x1.74d8a6p-4"), f32("0x1.9a906cp-7")
_N1 = f32("0x1.40d932p+0"), f32("0x1.ca3758p-2")
_D5 = f32("0x1.04eebcp-12"), f32("0x1.f7a9a8p-19")
_D3 = f32("0x1.1bfb62p-5"), f32("0x1.2f2db8p-9")
_D1 = f32("0x1p+0"), f32("0x1.86153ep-4")


def _linear(pair, x):
    return pair[0] + x * pair[1]


def core(p, x):
    """C(p, x): the absolute value of the normal quantile at tail probability p, with x = 1 - 2p."""
    v = (p * _FOUR) * (_ONE - p)
    bits = v.view(np.int32)
    e = (bits - _SQRT_HALF_BITS) >> np.int32(23)
    t = (bits - (e << np.int32(23))).view(np.float32) - _ONE
    t2 = t * t
    t4 = t2 * t2
    series = (_linear(_A7, t) * t2 + _linear(_A5, t)) * t4 + (_linear(_A3, t) * t2 + _linear(_A1, t))
    l = -(e.astype(np.float32) * _LN2 + t * series)
    l2 = l * l
    l4 = l2 * l2
    numerator = (_linear(_N5, l) + _N6 * l2) * l4 + (_linear(_N3, l) * l2 + _linear(_N1, l))
    denominator = _linear(_D5, l) * l4 + (_linear(_D3, l) * l2 + _linear(_D1, l))
    return x * (numerator / denominator)


def uniform_draw(w):
    """U(w): an odd multiple of 2^-24 in (-1, 1)."""
    signed = _words(w).view(np.int32)
    return ((signed >> np.int32(8)).astype(np.float32) + _HALF) * _TWO_M23


def normal_draw(w):
    """Q(w): the standard normal quantile at (w + 1/2) / 2^32."""
    signed = _words(w).view(np.int32)
    top = signed >> np.int32(31)
    m = signed ^ top
    q = m ^ np.int32(0x7FFFFFFF)
    p = (m.astype(np.float32) + _HALF) * _TWO_M32
    x = (q.astype(np.float32) + _HALF) * _TWO_M31
    magnitude = core(p, x)
    return np.where(top == 0, -magnitude, magnitude)


def truncated_draw(w, alpha, beta, low, high):
    """T(w): the quantile of the normal law cut to [low, high]; alpha = Phi(low), beta = Phi(high)."""
    alpha, beta = np.float64(alpha), np.float64(beta)
    unit = (_words(w).astype(np.float64) + np.float64(0.5)) * np.float64(2.0**-32)
    u = alpha + (beta - alpha) * unit
    lower = u < np.float64(0.5)
    tail = np.where(lower, u, np.float64(1) - u)
    p = tail.astype(np.float32)
    x = (np.float64(1) - np.float64(2) * tail).astype(np.float32)
    magnitude = core(p, x)
    z = np.where(lower, -magnitude, magnitude)
    return np.minimum(np.maximum(z, np.float32(low)), np.float32(high))


def _words(w):
    return np.ascontiguousarray(w, dtype=np.uint32)


# --- Phi, the normal distribution function ---------------------------------------------------------------------


def nearest_binary64(value):
    """The binary64 number nearest to an exact Fraction (ties to even), subnormal results included."""
    if value == 0:
        return 0.0
    # scale so that the integer below has 53 bits, or fewer where the result is subnormal
    magnitude = abs(value)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude < Fraction(2) ** exponent:
        exponent -= 1
    shift = min(52 - exponent, 1074)
    return math.ldexp(round(value * Fraction(2) ** shift), -shift)


def _fraction(number):
    sign, mantissa, exponent, _ = number._mpf_
    return (-1) ** sign * int(mantissa) * Fraction(2) ** int(exponent)


def phi(x):
    """Phi(x) for a binary64 x, correctly rounded to binary64.

    Computed at 60 and at 120 digits; the two must round alike, which they do unless Phi(x) lies within 1e-59
    (relative) of the middle between two binary64 numbers.
    """
    rounded = []
    for digits in (60, 120):
        with mpmath.workdps(digits):
            exact_x = mpmath.mpf(float(x))
            rounded.append(nearest_binary64(_fraction(mpmath.erfc(-exact_x / mpmath.sqrt(2)) / 2)))
    assert rounded[0] == rounded[1], x
    return rounded[0]


# --- Laws: the numbers a recipe records ------------------------------------------------------------------------


class LawError(ValueError):
    """A recipe that the law refuses."""


def binary32(value, what="parameter"):
    """A binary64 parameter rounded once to binary32, as the Python float it widens to; -0 becomes +0."""
    with np.errstate(over="ignore"):
        rounded = float(np.float32(value))
    if not math.isfinite(rounded):
        raise LawError(f"{what} {value!r} is not finite in binary32")
    return rounded + 0.0


def constant(value):
    """Every element is `value`. A Python int stays exact (integer and bool tensors); a float becomes binary32."""
    if isinstance(value, int):
        return {"law": "constant", "value": value}
    return {"law": "constant", "value": binary32(value, "value")}


def normal(mean=0.0, std=1.0):
    """Q(w) * std + mean."""
    return {"law": "normal", "mean": binary32(mean, "mean"), "std": _spread(std, "std")}


def uniform(low, high):
    """min(max(U(w) * half + mid, low), high), with half and mid taken from the binary64 bounds."""
    law = {
        "law": "uniform",
        "half": _spread((high - low) / 2, "half"),
        "mid": binary32((low + high) / 2, "mid"),
        "low": binary32(low, "low"),
        "high": binary32(high, "high"),
    }
    if law["low"] >= law["high"]:
        raise LawError(f"low {low!r} is not below high {high!r}")
    return law


def truncated_normal(mean=0.0, std=1.0, low=-2.0, high=2.0):
    """T(w) * std + mean, with the cuts low and high counted in standard deviations."""
    if low > 5 or high < -5:
        raise LawError(f"the cuts {low!r} … {high!r} leave the domain of the law")
    law = {
        "law": "truncated_normal",
        "alpha": phi(low),
        "beta": phi(high),
        "low": binary32(low, "low"),
        "high": binary32(high, "high"),
        "mean": binary32(mean, "mean"),
        "std": _spread(std, "std"),
    }
    if law["low"] >= law["high"]:
        raise LawError(f"low {low!r} is not below high {high!r}")
    return law


def _spread(value, what):
    rounded = binary32(value, what)
    if rounded < 0:
        raise LawError(f"{what} {value!r} is negative")
    if rounded == 0 and value > 0:
        raise LawError(f"{what} {value!r} becomes 0 in binary32")
    return rounded


def values(law, w):
    """The binary32 values of a drawing law for the words w."""
    kind = law["law"]
    if kind == "constant":
        return np.full(len(w), np.float32(law["value"]), dtype=np.float32)
    if kind == "normal":
        return normal_draw(w) * np.float32(law["std"]) + np.float32(law["mean"])
    if kind == "uniform":
        scaled = uniform_draw(w) * np.float32(law["half"]) + np.float32(law["mid"])
        return np.minimum(np.maximum(scaled, np.float32(law["low"])), np.float32(law["high"]))
    if kind == "truncated_normal":
        draw = truncated_draw(w, law["alpha"], law["beta"], law["low"], law["high"])
        return draw * np.float32(law["std"]) + np.float32(law["mean"])
    raise LawError(f"no law is named {kind!r}")


# --- Dtypes and canonical bytes --------------------------------------------------------------------------------

FLOAT_SIZES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
INTEGER_TYPES = {
    "int64": "<i8", "int32": "<i4", "int16": "<i2", "int8": "<i1",
    "uint64": "<u8", "uint32": "<u4", "uint16": "<u2", "uint8": "<u1",
}  # fmt: skip


def item_size(dtype):
    """Bytes of one element."""
    if dtype in FLOAT_SIZES:
        return FLOAT_SIZES[dtype]
    return 1 if dtype == "bool" else np.dtype(INTEGER_TYPES[dtype]).itemsize


def convert(array, dtype):
    """binary32 values to the little-endian bytes of a float dtype; rounds to nearest even where it narrows."""
    if dtype == "float64":
        return array.astype("<f8").tobytes()
    if dtype == "float32":
        return array.astype("<f4").tobytes()
    if dtype == "float16":
        return array.astype("<f2").tobytes()
    if dtype == "bfloat16":
        bits = np.ascontiguousarray(array).view(np.uint32)
        # add half a unit of the kept last place, less one where that place is even; the values are finite
        to_even = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
        return ((bits + to_even) >> np.uint32(16)).astype("<u2").tobytes()
    raise LawError(f"{dtype!r} is not a float dtype")


def integer_bytes(value, dtype):
    """The bytes of one element of an integer or bool tensor."""
    if dtype == "bool":
        lowest, highest, size, signed = 0, 1, 1, False
    else:
        info = np.iinfo(INTEGER_TYPES[dtype])
        lowest, highest, size, signed = info.min, info.max, info.bits // 8, info.min < 0
    if value != int(value) or not max(lowest, -(2**53)) <= value <= min(highest, 2**53):
        raise LawError(f"{dtype} cannot hold {value!r}")
    return int(value).to_bytes(size, "little", signed=signed)


@dataclass(frozen=True)
class Tensor:
    """A recipe: name, dtype, shape, law; `stream` overrides the stream of the name."""

    name: str
    dtype: str
    shape: tuple
    law: dict
    stream: int | None = None

    @property
    def count(self):
        """Number of elements: 1 for rank 0, 0 where an axis is 0."""
        return math.prod(self.shape)

    @property
    def byte_count(self):
        return self.count * item_size(self.dtype)

    @property
    def word_stream(self):
        return stream(self.name) if self.stream is None else self.stream


# the least magnitude that rounds to infinity; a float64 value is a binary32 first
OVERFLOW = {
    "float64": float.fromhex("0x1.ffffffp127"),
    "float32": float.fromhex("0x1.ffffffp127"),
    "float16": 65520.0,
    "bfloat16": float.fromhex("0x1.ffp127"),
}


def largest_magnitude(law):
    """A bound on the magnitude of a law's values, against which a dtype is checked."""
    kind = law["law"]
    if kind == "constant":
        return abs(law["value"])
    if kind == "uniform":
        return max(abs(law["low"]), abs(law["high"]))
    reach = 6.35 if kind == "normal" else max(abs(law["low"]), abs(law["high"]))
    return abs(law["mean"]) + reach * abs(law["std"])


def check(tensor):
    """Refuses a recipe whose values its dtype cannot hold."""
    if tensor.law["law"] in STRUCTURED:
        return
    if tensor.dtype in FLOAT_SIZES:
        if not largest_magnitude(tensor.law) < OVERFLOW[tensor.dtype]:
            raise LawError(f"{tensor.name}: values too large for {tensor.dtype}")
    elif tensor.law["law"] != "constant":
        raise LawError(f"{tensor.name}: a {tensor.dtype} tensor holds constants only")
    else:
        integer_bytes(tensor.law["value"], tensor.dtype)


# Laws in which an element's place decides, made here whole and as arrays.
STRUCTURED = ("parts", "eye", "dirac", "orthogonal", "delta_orthogonal", "sparse")
BLOCK = 64


def orthogonal_values(draws, gain):
    """An orthogonal matrix from one of standard normal draws: Householder reflections in blocks of 64 columns.

    Sums run in the order of the law's page; NumPy only does many of them side by side.
    """
    wide = draws.shape[0] < draws.shape[1]
    a = (draws.T if wide else draws).astype(np.float64)
    height, width = a.shape
    blocks = []

    def apply(first, v, t, columns):
        """columns -= V (t (transposed V columns)), t(i, k) as given"""
        sums, turned = (np.zeros((BLOCK, columns.shape[1])) for _ in range(2))
        for k in range(len(v)):
            sums += np.outer(v[k], columns[k])
        for k in range(BLOCK):
            turned += np.outer(t[:, k], sums[k])
        for k in range(BLOCK):
            columns -= np.outer(v[:, k], turned[k])

    for first in range(0, width, BLOCK):
        rows, count = height - first, min(BLOCK, width - first)
        v, taus, signs = np.zeros((rows, BLOCK)), np.zeros(BLOCK), np.ones(count)
        v[:, :count] = a[first:, first : first + count]
        for j in range(count):
            alpha, squares = float(v[j, j]), 0.0
            for x in v[j + 1 :, j].tolist():
                squares += x * x
            beta = alpha
            if squares > 0:
                norm = math.sqrt(alpha * alpha + squares)
                beta = -norm if alpha > 0 else norm
                taus[j] = (beta - alpha) / beta
                v[j + 1 :, j] /= alpha - beta
            if beta < 0:
                signs[j] = -1
            v[j, j] = 1
            if taus[j] != 0:
                sums = np.zeros(BLOCK - j - 1)
                for k in range(j, rows):
                    sums += v[k, j] * v[k, j + 1 :]
                sums *= taus[j]
                v[j:, j + 1 :] -= np.outer(v[j:, j], sums)
        for row in range(min(rows, BLOCK)):
            v[row, row + 1 :] = 0
        products, t = np.zeros((BLOCK, BLOCK)), np.zeros((BLOCK, BLOCK))
        for k in range(rows):
            products += np.outer(v[k], v[k])
        for j in range(BLOCK):
            t[j, j] = taus[j]
            for i in range(j):
                total = 0.0
                for k in range(i, j):
                    total += t[i, k] * products[k, j]
                t[i, j] = -taus[j] * total
        apply(first, v, t.T, a[first:, first + BLOCK :])
        blocks.append((first, v, t, signs))
    q = np.eye(height, width)
    for first, v, t, _ in reversed(blocks):
        apply(first, v, t, q[first:, first:])
    q *= np.concatenate([signs for *_, signs in blocks])
    return (gain * (q.T if wide else q)).astype(np.float32)


def structured_values(seed, tensor):
    """All values of a tensor whose law is structured, as float32 (float64 holds integers exactly)."""
    law, shape = tensor.law, tensor.shape
    if law["law"] == "eye":
        array = np.zeros(shape, np.float32)
        np.fill_diagonal(array[: min(shape), : min(shape)], np.float32(law["value"]))
        return array
    if law["law"] == "dirac":
        array, (out_size, in_size) = np.zeros(shape, np.float32), shape[:2]
        per_group = out_size // int(law["groups"])
        for channel in range(out_size):
            if channel % per_group < in_size:
                array[(channel, channel % per_group, *(size // 2 for size in shape[2:]))] = 1
        return array
    if law["law"] in ("orthogonal", "delta_orthogonal", "sparse"):
        draws = normal_draw(words(seed, tensor.word_stream, 0, tensor.count))
        if law["law"] == "orthogonal":
            return orthogonal_values(draws.reshape(int(law["rows"]), -1), law["gain"])
        if law["law"] == "delta_orthogonal":
            array, middle = np.zeros(shape, np.float32), tuple((size - 1) // 2 for size in shape[:-2])
            array[middle] = orthogonal_values(draws.reshape(shape)[middle], law["gain"])
            return array
        array = values({"law": "normal", "mean": 0, "std": law["std"]}, words(seed, tensor.word_stream, 0, tensor.count))
        array = array.reshape(shape)
        keys = words(seed, tensor.word_stream, 2**63, tensor.count).reshape(shape)
        for column in range(shape[1]):
            order = np.argsort(keys[:, column], kind="stable")
            array[order[: int(law["zeros"])], column] = 0
        return array
    array = np.zeros(shape, np.float64 if tensor.dtype not in FLOAT_SIZES else np.float32)
    own = words(seed, tensor.word_stream, 0, tensor.count).reshape(shape)
    for part in law["parts"]:
        box = tuple(slice(*bounds) for bounds in part["box"])
        drawn = own[box]
        if "stream" in part:
            drawn = words(seed, int(part["stream"]), 0, drawn.size).reshape(drawn.shape)
        if part["law"]["law"] == "constant":
            array[box] = part["law"]["value"]
        else:
            array[box] = values(part["law"], np.ascontiguousarray(drawn).reshape(-1)).reshape(drawn.shape)
    return array


def canonical_bytes(seed, tensor, start=0, stop=None):
    """The canonical bytes of elements start ..< stop, counted row-major."""
    stop = tensor.count if stop is None else stop
    if not 0 <= start <= stop <= tensor.count:
        raise IndexError(f"{start} ..< {stop} lies outside {tensor.count} elements")
    check(tensor)
    if tensor.law["law"] in STRUCTURED:
        whole = structured_values(seed, tensor).reshape(-1)[start:stop]
        if tensor.dtype in FLOAT_SIZES:
            return convert(whole, tensor.dtype)
        return b"".join(integer_bytes(value, tensor.dtype) for value in whole.tolist())
    if tensor.dtype not in FLOAT_SIZES:
        return integer_bytes(tensor.law["value"], tensor.dtype) * (stop - start)
    w = words(seed, tensor.word_stream, start, stop - start)
    return convert(values(tensor.law, w), tensor.dtype)


# --- Digests and the manifest ----------------------------------------------------------------------------------


def digest_of_chunks(chunks):
    """SHA-256 over the raw SHA-256 of each chunk, with the prefix that records carry."""
    outer = hashlib.sha256()
    for chunk in chunks:
        outer.update(hashlib.sha256(chunk).digest())
    return "sha256:" + outer.hexdigest()


def tensor_chunks(seed, tensor):
    """The canonical bytes of a tensor, 2^20 at a time."""
    step = CHUNK_SIZE // item_size(tensor.dtype)
    for start in range(0, tensor.count, step):
        yield canonical_bytes(seed, tensor, start, min(start + step, tensor.count))


def tensor_digest(seed, tensor):
    """The digest of a tensor."""
    return digest_of_chunks(tensor_chunks(seed, tensor))


def number_text(value):
    """A finite binary64 number as ECMAScript writes it, which RFC 8785 prescribes.

    repr() gives the shortest digits that read back as the same number, the closest of them where there are
    several; only their layout differs from ECMAScript's.
    """
    value = float(value)
    if not math.isfinite(value):
        raise LawError(f"JSON has no number for {value!r}")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, decimals = mantissa.partition(".")
    digits = (whole + decimals).lstrip("0")
    # the value is 0.DIGITS * 10^point
    point = len(whole) + int(exponent or 0) - (len(whole + decimals) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        text = digits + "0" * (point - len(digits))
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        fraction = "." + digits[1:] if len(digits) > 1 else ""
        text = f"{digits[0]}{fraction}e{point - 1:+d}"
    return sign + text


def canonical_json(value):
    """RFC 8785 bytes of dicts, lists, strings, bools, None and finite numbers."""
    return _json_text(value).encode("utf-8")


def _json_text(value):
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value, ensure_ascii=False)  # escapes what RFC 8785 escapes, and nothing else
    if isinstance(value, (int, float)):
        if isinstance(value, int) and abs(value) > 2**53:
            raise LawError(f"{value} is not exact as a JSON number")
        return number_text(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_json_text, value)) + "]"
    ordered = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
    return "{" + ",".join(f"{_json_text(key)}:{_json_text(item)}" for key, item in ordered) + "}"


def manifest(seed, tensors, digests=None):
    """The canonical manifest bytes of a run; `digests` are those of tensors that follow from no law of their own."""
    digests = digests or {}
    entries = [
        {
            "digest": digests[t.name] if t.name in digests else tensor_digest(seed, t),
            "dtype": t.dtype,
            "law": t.law,
            "name": t.name,
            "shape": list(t.shape),
            "stream": str(t.word_stream),
        }
        for t in sorted(tensors, key=lambda t: t.name.encode("utf-8"))
    ]
    return canonical_json(
        {"chunk_size": CHUNK_SIZE, "law_version": LAW_VERSION, "seed": str(seed), "tensors": entries}
    )


def manifest_id(manifest_bytes):
    """The id of a run: SHA-256 of its manifest."""
    return "sha256:" + hashlib.sha256(manifest_bytes).hexdigest()


def weights_digest(manifest_bytes):
    """The digest of the weights alone: names, shapes, dtypes and digests, without how they were made."""
    tensors = json.loads(manifest_bytes)["tensors"]
    rows = [[t["name"], t["shape"], t["dtype"], t["digest"]] for t in tensors]
    rows.sort(key=lambda row: row[0].encode("utf-8"))
    return "sha256:" + hashlib.sha256(canonical_json(rows)).hexdigest()
