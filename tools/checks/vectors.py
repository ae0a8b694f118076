"""Makes the known answers under Tests/Vectors with `winit.reference`.

    python -m checks.vectors                 writes the files
    python -m checks.vectors --check         compares the files instead; exits with 1 if one differs
    python -m checks.vectors --exhaustive    also draws all 2^32 words (minutes) and compares with docs/law.md

A file begins with `#` lines that say what it holds. Each line after them is one case: columns separated by spaces, or
one JSON object. Floats in columns are written as the hex of their bits, so that reading a file needs no conversion that
could itself be wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from winit import reference
from winit.reference import Floats, Tensor, Words

from .vector_expressions import expressions
from .vector_functions import functions, functions_sweep
from .vector_manifest import additions_ids, additions_manifest
from .vector_passes import pass_vectors
from .vector_statistics import law_moments, spectrum, statistics
from .vector_structures import structures
from .vector_text import MADE, from_hex64, hex32, hex64, text_file

VECTORS = Path(__file__).resolve().parents[2] / "Tests" / "Vectors"
ALL_WORDS = {
    "normal": "ff2d31aa7a9ad698ad0848787f256ef58628c8332eb561b2630adb95fa85612a",
    "uniform": "1362af35f4b227d3034a5ba6f1f2752529a285c0aee3bbe59425355b3d59e33c",
}
DRAWS: dict[str, Callable[[Words], Floats]] = {
    "uniform": reference.uniform_draw,
    "normal": reference.normal_draw,
}


# --- Words -----------------------------------------------------------------------------------------------------

RANDOM123 = """\
00000000 00000000 00000000 00000000  00000000 00000000  6627e8d5 e169c58d bc57ac4c 9b00dbd8
ffffffff ffffffff ffffffff ffffffff  ffffffff ffffffff  408f276d 41c83b0e a20bc7c6 6d5451fd
243f6a88 85a308d3 13198a2e 03707344  a4093822 299f31d0  d16cfe09 94fdcceb 5001e420 24126ea1
"""


def philox_kat() -> bytes:
    rows = [line.split() for line in RANDOM123.splitlines()]
    for row in rows:
        numbers = [int(column, 16) for column in row]
        c0, c1, c2, c3, k0, k1 = numbers[:6]
        result = reference.philox(([c0], [c1], [c2], [c3]), (k0, k1))
        if [int(lane[0]) for lane in result] != numbers[6:]:
            raise ValueError(f"philox differs from Random123: {row}")
    comments = [
        "Philox4x32-10: known answers published with Random123 (Salmon et al., SC'11), transcribed.",
        "Columns: counter, 4 words; key, 2 words; result, 4 words. All hex.",
    ]
    return text_file(comments, rows)


def streams() -> bytes:
    names = [
        "w", "h.0.w", "h.0.b", "steps", "conv1.weight", "transformer.h.11.mlp.c_proj.weight", "a b", "é", "e\u0301",
        "café.weight", "cafe\u0301.weight", "ß", "Å", "A\u030a", "\u212b", "重み", "🔥", "🔥.0.w", "👩\u200d🔬",
        "w" * 200,
    ]  # fmt: skip
    comments = [
        "The stream of a tensor name: the first 8 bytes, little-endian, of SHA-256 of its UTF-8 bytes.",
        "Names that look alike (é written two ways, Å three) are different names.",
        "Columns: name, hex of its UTF-8 bytes; stream, decimal.",
        MADE,
    ]
    return text_file(comments, [(name.encode().hex(), reference.name_stream(name)) for name in names])


def words() -> bytes:
    seeds = [0, 1, 42, 2**32 - 1, 2**32, 2**64 - 59, 2**64 - 1]
    ranges = [(0, 10), (2**34 - 3, 7), (2**62 - 3, 7)]
    rows = []
    for seed in seeds:
        for stream in [0, 1234567891234, 2**64 - 1]:
            for start, count in ranges:
                drawn = hex32(reference.words(seed, stream, start, count))
                rows += [(seed, stream, start + k, word) for k, word in enumerate(drawn)]
    comments = [
        "Word i of a stream: lane i & 3 of Philox block i >> 2, whose index fills the counter's low 64 bits.",
        "Indices at the start, around block 2^32 (element 2^34) and around element 2^62.",
        "Columns: seed, decimal; stream, decimal; element index, decimal; word, hex.",
        MADE,
    ]
    return text_file(comments, rows)


# --- Draws -----------------------------------------------------------------------------------------------------


def edge_words() -> Words:
    """Both ends, the middle, every power of two and its neighbors, and the complements of all these."""
    found = {0, 1, 2, 3}
    for k in range(32):
        found |= {2**k - 1, 2**k, 2**k + 1}
    # Around these, conversion to binary32 rounds differently, or rounds a tie.
    found |= {0x01000003, 0x7FFFFF3F, 0x7FFFFF40, 0x7FFFFF41, 0x7FFFFFBF, 0x7FFFFFC0, 0x7FFFFFC1}
    found |= {word ^ 0xFFFFFFFF for word in found}
    return np.array(sorted(found), dtype=np.uint32)


def draws() -> bytes:
    w = np.concatenate([edge_words(), reference.words(7, 0, 0, 2000)])
    comments = [
        "The unit draws of a word: uniform U(w) and standard normal Q(w).",
        "Edge words (ends, middle, powers of two and their neighbors, complements),",
        "then words 0 ..< 2000 of seed 7, stream 0.",
        "Columns: word, hex; U, bits of binary32; Q, bits of binary32.",
        MADE,
    ]
    rows = zip(hex32(w), hex32(reference.uniform_draw(w)), hex32(reference.normal_draw(w)), strict=True)
    return text_file(comments, rows)


def sweep(draw: Callable[[Words], Floats], stride: int, block: int = 1 << 16) -> str:
    """SHA-256 of the little-endian binary32 of draw(w) for w = 0, stride, 2 * stride, … below 2^32."""
    digest = hashlib.sha256()
    for start in range(0, 1 << 32, block * stride):
        stop = min(start + block * stride, 1 << 32)
        w = np.arange(start, stop, stride, dtype=np.uint64).astype(np.uint32)
        digest.update(draw(w).astype("<f4").tobytes())
    return digest.hexdigest()


def draws_sweep() -> bytes:
    rows = [(name, stride, sweep(draw, stride)) for stride in (4099, 61) for name, draw in DRAWS.items()]
    comments = [
        "The unit draws over a grid of words: w = 0, stride, 2 * stride, … below 2^32.",
        "Columns: uniform (U) or normal (Q); stride, decimal; SHA-256 of the draws as little-endian binary32.",
        MADE,
    ]
    return text_file(comments, rows)


def truncated() -> bytes:
    cuts = [(-2.0, 2.0), (-1.0, 3.0), (0.5, 4.75), (-8.0, -4.5), (-0.01, 0.01), (4.9, 30.0), (5.0, 30.0)]
    edges = [0, 1, 2, 3, 255, 256, 0xFFFF, 0x10000, 0x00FFFFFF, 0x01000001, 0x3FFFFFFF, 0x40000000]
    edges += [0x7FFFFFFE, 0x7FFFFFFF]
    edges += [word ^ 0xFFFFFFFF for word in edges]
    w = np.concatenate([np.array(sorted(edges), dtype=np.uint32), reference.words(11, 0, 0, 32)])
    rows = []
    for low, high in cuts:
        recipe = reference.truncated_normal(low=low, high=high)
        alpha, beta = recipe["alpha"], recipe["beta"]
        drawn = reference.truncated_draw(w, alpha, beta, low, high)
        prefix = (hex64(low), hex64(high), hex64(alpha), hex64(beta))
        rows += [prefix + pair for pair in zip(hex32(w), hex32(drawn), strict=True)]
    comments = [
        "The truncated normal draw T(w) for several cuts; alpha = Phi(low), beta = Phi(high), correctly rounded.",
        "Between 5 and 30 the largest words reach the tail probability 0, where the core still gives a finite number.",
        "Columns: low, high, alpha, beta, bits of binary64; word, hex; T, bits of binary32.",
        MADE,
    ]
    return text_file(comments, rows)


def normal_cdf() -> bytes:
    xs = [k / 100 for k in range(-1000, 1001)]
    for x in (12.5, 20.0, 30.0, 37.0, 37.6, 38.0, 38.4, 38.5, 39.0, 1e-300, 5e-324, 1e-8):
        xs += [-x, x]
    comments = [
        "Phi(x), the distribution function of the standard normal, correctly rounded to binary64, subnormals included.",
        "Every hundredth from -10 to 10 (x is the binary64 number nearest to k/100), then far tails and tiny x.",
        "Columns: x, bits of binary64; Phi(x), bits of binary64.",
        f"{MADE[:-1]}, in integers: a lower and an upper bound that round to one number.",
    ]
    return text_file(comments, [(hex64(x), hex64(reference.phi(x))) for x in xs])


# --- Tensors ---------------------------------------------------------------------------------------------------


def fill_cases() -> Iterator[tuple[int, Tensor]]:
    """Pairs of a seed and a tensor: each law at each float dtype, then the corner cases."""
    laws: dict[str, reference.Law] = {
        "normal": reference.normal(std=0.02),
        "normal_mean": reference.normal(mean=-1.25, std=0.3),
        "uniform": reference.uniform(-0.05, 0.05),
        "uniform_asymmetric": reference.uniform(-0.1, 0.3),
        "truncated": reference.truncated_normal(std=0.5),
        "truncated_asymmetric": reference.truncated_normal(mean=-0.7, std=0.11, low=-1.0, high=3.0),
        "constant": reference.constant(0.1),
    }
    for dtype in reference.FLOAT_SIZES:
        for name, recipe in laws.items():
            yield 42, Tensor(f"{name}.{dtype}", dtype, (7, 13), recipe)

    yield 0, Tensor("steps", "int64", (), reference.constant(0))
    yield 0, Tensor("largest", "int64", (3,), reference.constant(2**53))
    yield 0, Tensor("smallest", "int64", (3,), reference.constant(-(2**53)))
    yield 0, Tensor("i32", "int32", (2, 3), reference.constant(-7))
    yield 0, Tensor("i16", "int16", (5,), reference.constant(-32768))
    yield 0, Tensor("i8", "int8", (5,), reference.constant(-128))
    yield 0, Tensor("u64", "uint64", (2,), reference.constant(2**53))
    yield 0, Tensor("u32", "uint32", (2,), reference.constant(2**32 - 1))
    yield 0, Tensor("u16", "uint16", (2,), reference.constant(65535))
    yield 0, Tensor("u8", "uint8", (4, 5), reference.constant(255))
    yield 0, Tensor("mask", "bool", (9,), reference.constant(1))
    yield 0, Tensor("unmask", "bool", (9,), reference.constant(0))

    # binary32 values half way between two numbers of the narrower dtype: rounded to the even one, down and up
    yield 0, Tensor("tie.down", "float16", (1,), reference.constant(1 + 2**-11))
    yield 0, Tensor("tie.up", "float16", (1,), reference.constant(1 + 3 * 2**-11))
    yield 0, Tensor("tie.down", "bfloat16", (1,), reference.constant(1 + 2**-8))
    yield 0, Tensor("tie.up", "bfloat16", (1,), reference.constant(1 + 3 * 2**-8))
    yield 0, Tensor("largest", "float16", (1,), reference.constant(65519.0))
    yield 0, Tensor("third", "float64", (2,), reference.constant(1 / 3))

    # subnormal results, in the narrow dtypes and in binary32
    yield 1, Tensor("tiny", "float16", (64,), reference.normal(std=1e-7))
    yield 1, Tensor("tiny", "bfloat16", (64,), reference.normal(std=1e-39))
    yield 1, Tensor("tiny", "float32", (64,), reference.normal(std=1e-44))
    yield 1, Tensor("tiny", "float64", (64,), reference.uniform(-1e-40, 3e-40))

    yield 2, Tensor("empty", "float32", (0,), reference.normal())
    yield 2, Tensor("empty.axis", "float16", (3, 0, 5), reference.uniform(-1, 1))
    yield 2, Tensor("scalar", "float32", (), reference.normal())
    yield 2, Tensor("scalar", "bfloat16", (), reference.truncated_normal())
    yield 2, Tensor("flat", "float32", (5,), reference.normal(mean=2.5, std=0.0))

    seed = 2**64 - 59
    yield seed, Tensor("é", "float32", (33,), reference.normal())
    yield seed, Tensor("e\u0301", "float32", (33,), reference.normal())
    yield seed, Tensor("chunk.exact", "float32", (512, 512), reference.normal())
    yield seed, Tensor("chunk.and.one", "float64", (131073,), reference.uniform(0, 1))
    yield seed, Tensor("chunks.three", "float32", (3, 200001), reference.normal(mean=-3.0, std=2.0))
    yield seed, Tensor("chunks.two", "float16", (641, 1000), reference.uniform(-0.25, 1.0))
    yield seed, Tensor("chunks.two", "bfloat16", (641, 1000), reference.truncated_normal(low=0.5, high=4.75))


def fills() -> bytes:
    rows = []
    for seed, tensor in fill_cases():
        shape = ",".join(map(str, tensor.shape)) or "-"
        recipe = reference.canonical_json(tensor.law).decode()
        digest = reference.tensor_digest(seed, tensor).removeprefix("sha256:")
        shown = min(tensor.count, 16 // reference.item_size(tensor.dtype))
        head = reference.canonical_bytes(seed, tensor, 0, shown).hex() or "-"
        rows.append((tensor.name.encode().hex(), seed, tensor.dtype, shape, recipe, digest, head))
    comments = [
        "Whole tensors: the digest of their canonical bytes. The stream is the name's.",
        "Columns: name, hex of UTF-8; seed, decimal; dtype; shape, commas between the axes, - for rank 0;",
        "law as in a manifest; tensor digest, hex; the first 16 canonical bytes or all of them if fewer, - for none.",
        MADE,
    ]
    return text_file(comments, rows)


# --- JSON numbers and the manifest -----------------------------------------------------------------------------

RFC_8785_APPENDIX_B = """\
0000000000000000 0
8000000000000000 0
0000000000000001 5e-324
8000000000000001 -5e-324
7fefffffffffffff 1.7976931348623157e+308
ffefffffffffffff -1.7976931348623157e+308
4340000000000000 9007199254740992
c340000000000000 -9007199254740992
4430000000000000 295147905179352830000
44b52d02c7e14af5 9.999999999999997e+22
44b52d02c7e14af6 1e+23
44b52d02c7e14af7 1.0000000000000001e+23
444b1ae4d6e2ef4e 999999999999999700000
444b1ae4d6e2ef4f 999999999999999900000
444b1ae4d6e2ef50 1e+21
3eb0c6f7a0b5ed8c 9.999999999999997e-7
3eb0c6f7a0b5ed8d 0.000001
41b3de4355555553 333333333.3333332
41b3de4355555554 333333333.33333325
41b3de4355555555 333333333.3333333
41b3de4355555556 333333333.3333334
41b3de4355555557 333333333.33333343
becbf647612f3696 -0.0000033333333333333333
43143ff3c1cb0959 1424953923781206.2
"""


def number_samples() -> Iterator[float]:
    """Doubles: chosen, of random bits, of random magnitudes, and binary32 values widened."""
    yield from [1, -1, 10, 100, 0.1, 0.02, 1e-5, 1e-6, 1e-7, 1.5e-7, 123e-7, 1e20, 1e21, 1.5e21, 2**53, 2**53 - 1]
    yield from [0.5, 2 / 3, 0.004082482904638631, 5e-324, 2.2250738585072014e-308, 0.02275013194817921]
    yield from [float(np.float32(x)) for x in (0.02, 0.1, 0.3, -0.1, 1e-5, 1e-7, 1 / 3, 3.4028234663852886e38, 1e-45)]
    bits = reference.words(8785, 0, 0, 400).view(np.uint64)
    yield from bits.view(np.float64).tolist()
    # Magnitudes where plain and exponent notation meet.
    scales = reference.words(8785, 1, 0, 120).astype(np.float64) / 2**32
    yield from [float(scale) * 10.0 ** (k % 40 - 12) for k, scale in enumerate(scales)]
    yield from reference.words(8785, 2, 0, 110).view(np.float32).astype(np.float64).tolist()


def numbers() -> bytes:
    rows = [(line.split()[0], line.split()[1]) for line in RFC_8785_APPENDIX_B.splitlines()]
    for bits, text in rows:
        if reference.number_text(from_hex64(bits)) != text:
            raise ValueError(f"number_text differs from RFC 8785, Appendix B: {bits} {text}")
    seen = {bits for bits, _ in rows}
    for value in number_samples():
        bits = hex64(value)
        if np.isfinite(value) and bits not in seen:
            seen.add(bits)
            rows.append((bits, reference.number_text(value)))
    comments = [
        "Numbers as ECMAScript writes them, which is what RFC 8785 asks of canonical JSON.",
        "First the finite samples of RFC 8785, Appendix B, transcribed; then chosen and random binary64 numbers,",
        "numbers near the change of notation, and binary32 numbers widened.",
        "Columns: bits of binary64; text.",
        MADE,
    ]
    return text_file(comments, rows)


EXAMPLE_SEED = 18446744073709551557


def example_manifest() -> bytes:
    return reference.manifest_bytes(
        EXAMPLE_SEED,
        [
            Tensor("h.0.w", "float32", (300, 1024), reference.normal(std=0.02)),
            Tensor("h.0.b", "float16", (5,), reference.uniform(-0.1, 0.3)),
            Tensor("\u00e9", "bfloat16", (7, 3), reference.truncated_normal(std=0.5, low=-2.0, high=2.0)),
            Tensor("steps", "int64", (), reference.constant(0)),
        ],
    )


def example_ids() -> bytes:
    manifest = example_manifest()
    comments = [
        "The ids that belong to manifest-example.json (which holds the manifest's exact bytes, no final newline).",
        "Columns: what; its value.",
        MADE,
    ]
    rows = [
        ("seed", EXAMPLE_SEED),
        ("id", reference.manifest_id(manifest)),
        ("weights", reference.weights_digest(manifest)),
    ]
    return text_file(comments, rows)


FILES: dict[str, Callable[[], bytes]] = {
    "philox4x32-10.kat": philox_kat,
    "streams.txt": streams,
    "words.txt": words,
    "draws.txt": draws,
    "draws-sweep.txt": draws_sweep,
    "truncated.txt": truncated,
    "normal-cdf.txt": normal_cdf,
    "fills.txt": fills,
    "numbers.txt": numbers,
    "manifest-example.json": example_manifest,
    "manifest-example.txt": example_ids,
    "functions.txt": functions,
    "functions-sweep.txt": functions_sweep,
    "expressions.txt": expressions,
    "structures.txt": structures,
    "passes.txt": pass_vectors,
    "statistics.txt": statistics,
    "law-moments.txt": law_moments,
    "spectrum.txt": spectrum,
    "manifest-additions.json": additions_manifest,
    "manifest-additions.txt": additions_ids,
}


def compare(path: Path, content: bytes) -> bool:
    """Prints whether a file holds `content`, and returns it."""
    if not path.exists():
        verdict = "missing"
    else:
        verdict = "same" if path.read_bytes() == content else "DIFFERS"
    print(f"{verdict:8} {path.name}", flush=True)
    return verdict == "same"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m checks.vectors", description="Write or check the known answers under Tests/Vectors."
    )
    parser.add_argument(
        "--check", action="store_true", help="compare the files, write nothing, and exit with 1 if one differs"
    )
    parser.add_argument("--exhaustive", action="store_true", help="also draw all 2^32 words (takes minutes)")
    options = parser.parse_args()

    good = True
    if not options.check:
        VECTORS.mkdir(parents=True, exist_ok=True)
    for name, make in FILES.items():
        content = make()
        if options.check:
            good &= compare(VECTORS / name, content)
        else:
            (VECTORS / name).write_bytes(content)
            print(f"wrote    {name}", flush=True)
    if options.exhaustive:
        for name, expected in ALL_WORDS.items():
            same = sweep(DRAWS[name], 1) == expected
            print(f"{'same' if same else 'DIFFERS':8} all 2^32 words, {name}", flush=True)
            good &= same
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
