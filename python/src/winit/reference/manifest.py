"""The manifest of a run, and the two ids that follow from it (docs/manifest.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from .digests import CHUNK_SIZE, tensor_digest
from .jcs import canonical_json
from .laws import LAW_VERSION
from .tensor import Tensor


def manifest_bytes(seed: int, tensors: Iterable[Tensor], digests: Mapping[str, str] | None = None) -> bytes:
    """Writes the manifest of a run (docs/manifest.md, "Content").

    Args:
        seed: The seed, 0 ..< 2^64.
        tensors: The recipes, in any order.
        digests: The digests, by name, of tensors whose bytes do not follow from a law of their own (literals and tied
            tensors) and are not given. All other digests are computed.

    Returns:
        The manifest as canonical JSON.

    Raises:
        LawError: If a dtype cannot hold the values of its law, or a literal or tied tensor is given neither bytes
            nor a digest.
    """
    digests = digests or {}
    entries = [_entry(seed, t, digests) for t in sorted(tensors, key=lambda t: t.name.encode("utf-8"))]
    return canonical_json({"chunk_size": CHUNK_SIZE, "law_version": LAW_VERSION, "seed": str(seed), "tensors": entries})


def _entry(seed: int, tensor: Tensor, digests: Mapping[str, str]) -> dict[str, object]:
    entry: dict[str, object] = {
        "digest": digests[tensor.name] if tensor.name in digests else tensor_digest(seed, tensor),
        "dtype": tensor.dtype,
        "law": tensor.law,
        "name": tensor.name,
        "shape": list(tensor.shape),
        "stream": str(tensor.word_stream),
    }
    if tensor.seed is not None and tensor.seed != seed:
        entry["seed"] = str(tensor.seed)
    return entry


def manifest_id(manifest: bytes) -> str:
    """Computes the id of a run (docs/manifest.md, "The ids").

    Args:
        manifest: The manifest's exact bytes.

    Returns:
        "sha256:" and the SHA-256 of the manifest in hex.
    """
    return "sha256:" + hashlib.sha256(manifest).hexdigest()


def weights_digest(manifest: bytes) -> str:
    """Computes the digest of the weights alone, without how they were made (docs/manifest.md, "The ids").

    Args:
        manifest: The manifest's bytes.

    Returns:
        "sha256:" and the SHA-256, in hex, of the names, shapes, dtypes and digests of all tensors.
    """
    tensors = json.loads(manifest)["tensors"]
    rows = [[t["name"], t["shape"], t["dtype"], t["digest"]] for t in tensors]
    rows.sort(key=lambda row: row[0].encode("utf-8"))
    return "sha256:" + hashlib.sha256(canonical_json(rows)).hexdigest()
