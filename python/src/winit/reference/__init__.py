"""The law `philox4x32-10/icdf-1` and the manifest in NumPy, independent of the Swift implementation.

It follows docs/law.md and docs/manifest.md section by section and shares no code with the Swift sources, so that two
implementations of these pages check each other. It is written to be read beside the pages; speed comes second.

    from winit import reference

    tensor = reference.Tensor("h.0.w", "float32", (300, 1024), reference.normal(std=0.02))
    reference.canonical_bytes(42, tensor, 0, 10)  # the first ten elements
    reference.tensor_digest(42, tensor)  # 'sha256:…'

Every float is an explicit `np.float32` or `np.float64`, so that the type promotion of NumPy 1 and that of NumPy 2 give
the same bits. NumPy runs one array operation after the other and cannot fuse a multiplication with an addition.
"""

from __future__ import annotations

from .arrays import Doubles, Floats, Words
from .digests import CHUNK_SIZE, digest_of_chunks, tensor_chunks, tensor_digest
from .draws import core, normal_draw, truncated_draw, uniform_draw
from .dtypes import FLOAT_SIZES, INTEGER_TYPES, float_bytes, integer_bytes, item_size
from .errors import LawError
from .fill import canonical_bytes
from .generator import blocks, name_stream, philox, words
from .jcs import canonical_json, number_text
from .laws import (
    LAW_VERSION,
    ElementwiseLaw,
    Law,
    Part,
    PlacedLaw,
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
from .orthogonal import orthogonal_values
from .placed import PLACED_LAWS, placed_values
from .tensor import Tensor, check

__all__ = [
    "CHUNK_SIZE",
    "FLOAT_SIZES",
    "INTEGER_TYPES",
    "LAW_VERSION",
    "PLACED_LAWS",
    "Doubles",
    "ElementwiseLaw",
    "Floats",
    "Law",
    "LawError",
    "Part",
    "PlacedLaw",
    "Tensor",
    "Words",
    "binary32",
    "blocks",
    "canonical_bytes",
    "canonical_json",
    "check",
    "constant",
    "core",
    "digest_of_chunks",
    "float_bytes",
    "integer_bytes",
    "item_size",
    "largest_magnitude",
    "law_values",
    "manifest_bytes",
    "manifest_id",
    "name_stream",
    "nearest_binary64",
    "normal",
    "normal_draw",
    "number_text",
    "orthogonal_values",
    "phi",
    "philox",
    "placed_values",
    "tensor_chunks",
    "tensor_digest",
    "truncated_draw",
    "truncated_normal",
    "uniform",
    "uniform_draw",
    "weights_digest",
    "words",
]
