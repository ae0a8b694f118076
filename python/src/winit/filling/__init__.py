"""The engine that makes elements from recipes: the C kernels where they are, else NumPy, with the same bits.

`fill` chooses by the law; `drawing` makes the elementwise laws; `whole`, `orthogonal`, `expressions`, `parts`, `norms`
and `literals` the others; `boxes` and `threads` share the work out; `raw` writes elements to arrays; `digests` hashes.
"""

from __future__ import annotations

from .digests import hash_lanes, sha256
from .dtypes import numpy_dtype
from .fill import fill_box, fill_range
from .threads import default_threads

__all__ = [
    "default_threads",
    "fill_box",
    "fill_range",
    "hash_lanes",
    "numpy_dtype",
    "sha256",
]
