"""The law `philox4x32-10/icdf-1` and the manifest in NumPy, independent of the Swift implementation.

It follows docs/law.md and docs/manifest.md section by section and shares no code with the Swift sources, so that two
implementations of these pages check each other. It is written to be read beside the pages. It needs NumPy alone, and
computes in tiles, so that it is fast enough to serve where the native kernels cannot.

    from winit import reference

    tensor = reference.Tensor("h.0.w", "float32", (300, 1024), reference.normal(std=0.02))
    reference.canonical_bytes(42, tensor, 0, 10)  # the first ten elements
    reference.tensor_digest(42, tensor)  # 'sha256:…'

Every float is an explicit `np.float32` or `np.float64`, so that the type promotion of NumPy 1 and that of NumPy 2 give
the same bits. NumPy runs one array operation after the other and cannot fuse a multiplication with an addition.
"""

from __future__ import annotations

from .arithmetic import require_exact_arithmetic
from .arrays import Doubles, Floats, Words
from .digests import CHUNK_SIZE, digest_of_chunks, tensor_chunks, tensor_digest
from .draws import core, normal_draw, truncated_draw, uniform_draw
from .dtypes import (
    FLOAT_SIZES,
    INTEGER_TYPES,
    LITERAL_BITS,
    byte_count,
    float_bytes,
    float_values,
    integer_bytes,
    item_bits,
    item_size,
    storage_dtype,
)
from .errors import FloatingPointModeError, LawError
from .expressions import expression, log_uniform
from .fill import canonical_bytes, fill_box, fill_range, is_made_in_ranges
from .forms import DrawLaw, ElementwiseLaw, ExpressionLaw, Law, Part, PartsLaw, Tree, WholeLaw
from .generator import blocks, name_stream, noise_stream, philox, words, words_at
from .jcs import canonical_json, number_text
from .laws import (
    LAW_VERSION,
    binary32,
    constant,
    largest_magnitude,
    law_values,
    normal,
    truncated_normal,
    uniform,
)
from .manifest import manifest_bytes, manifest_id, weights_digest
from .normal_cdf import nearest_binary64, phi
from .operations import OPERATIONS, apply
from .orthogonal import orthogonal_values, unit_vector
from .powers import norm
from .tensor import Tensor, check
from .trees import canonical

__all__ = [
    "CHUNK_SIZE",
    "FLOAT_SIZES",
    "INTEGER_TYPES",
    "LAW_VERSION",
    "LITERAL_BITS",
    "OPERATIONS",
    "Doubles",
    "DrawLaw",
    "ElementwiseLaw",
    "ExpressionLaw",
    "FloatingPointModeError",
    "Floats",
    "Law",
    "LawError",
    "Part",
    "PartsLaw",
    "Tensor",
    "Tree",
    "WholeLaw",
    "Words",
    "apply",
    "binary32",
    "blocks",
    "byte_count",
    "canonical",
    "canonical_bytes",
    "canonical_json",
    "check",
    "constant",
    "core",
    "digest_of_chunks",
    "expression",
    "fill_box",
    "fill_range",
    "float_bytes",
    "float_values",
    "integer_bytes",
    "is_made_in_ranges",
    "item_bits",
    "item_size",
    "largest_magnitude",
    "law_values",
    "log_uniform",
    "manifest_bytes",
    "manifest_id",
    "name_stream",
    "nearest_binary64",
    "noise_stream",
    "norm",
    "normal",
    "normal_draw",
    "number_text",
    "orthogonal_values",
    "phi",
    "philox",
    "require_exact_arithmetic",
    "storage_dtype",
    "tensor_chunks",
    "tensor_digest",
    "truncated_draw",
    "truncated_normal",
    "uniform",
    "uniform_draw",
    "unit_vector",
    "weights_digest",
    "words",
    "words_at",
]
