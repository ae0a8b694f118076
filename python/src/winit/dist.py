"""An id from many workers: chunks shared out, each made and hashed once, 32 bytes gathered for each chunk.

`compute_id` and `verify` are collective calls over torch.distributed. `shares`, `digests`, `assemble` and `compare` are
the pure functions below them, for Ray, Dask, multiprocessing and array jobs. Importing this module imports no
framework: a process that has not imported PyTorch is the only rank.
"""

from __future__ import annotations

from .distributing.assembling import assemble
from .distributing.chunk_digests import ChunkDigests, ChunkRange
from .distributing.collectives import compute_id, verify
from .distributing.comparison import compare
from .distributing.computing import digests
from .distributing.recording import recorded
from .distributing.sharing import shares

__all__ = ["ChunkDigests", "ChunkRange", "assemble", "compare", "compute_id", "digests", "recorded", "shares", "verify"]
