"""Recipes as JSON: the manifest of docs/manifest.md, in any layout, where `digest` may be left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .. import reference
from ..errors import BadInput
from ..quoting import quoted
from ..strict_json import parse
from .checking import checked_shape, name_problem
from .dtypes import BITS
from .laws import checked_law, decimal64
from .literals import CHUNK_SIZE, Literal
from .references import is_digest, linked
from .tensor_recipe import TensorRecipe

LAW_VERSION = "philox4x32-10/icdf-1"
"""The law that this version executes (docs/law.md)."""

_MEMBERS = ("digest", "dtype", "law", "name", "seed", "shape", "stream")

FindLiterals = Callable[[str, str, tuple[int, ...], Mapping[str, Any], "str | None"], tuple[Literal, ...]]
"""Finds the given bytes of a tensor, from its name, dtype, shape, law and digest."""


def read(data: bytes, literals: FindLiterals) -> tuple[int, list[TensorRecipe]]:
    """Reads a manifest.

    Args:
        data: The JSON text in UTF-8.
        literals: Finds the bytes of literals.

    Returns:
        The seed of the run, and the recipes.

    Raises:
        BadInput: If the text is not a manifest of this version. The text of the error names tensor and member.
    """
    document = parse(data)
    if not isinstance(document, dict) or not isinstance(document.get("tensors"), list):
        raise BadInput("not a manifest: it has no list of tensors")
    version = document.get("law_version")
    if not isinstance(version, str):
        raise BadInput("not a manifest: its member `law_version` is missing or not valid")
    if version != LAW_VERSION:
        raise BadInput(f"it follows the law {quoted(version)}, and this version executes {quoted(LAW_VERSION)}")
    if isinstance(document.get("chunk_size"), bool) or document.get("chunk_size") != CHUNK_SIZE:
        raise BadInput(f"its member `chunk_size` is missing or not {CHUNK_SIZE}")
    seed = decimal64(document.get("seed"))
    if seed is None:
        raise BadInput("its member `seed` is missing or not a decimal text of 64 bits")
    for key in document:
        if key not in ("chunk_size", "law_version", "seed", "tensors"):
            raise BadInput(f"it has the member {quoted(key)}, which this version does not know")
    rows = dict[str, dict[str, Any]]()
    for index, row in enumerate(document["tensors"]):
        name = row.get("name") if isinstance(row, dict) else None
        if not isinstance(name, str):
            raise BadInput(f"tensor {index} has no name")
        if name in rows:
            raise BadInput(f"duplicate tensor {quoted(name)}")
        rows[name] = _checked_row(name, row, seed)
    sources = {name: row["law"].get("name") for name, row in rows.items()}
    return seed, linked(sources, lambda name, source: _made(name, rows[name], source, literals))


def _checked_row(name: str, row: dict[str, Any], run_seed: int) -> dict[str, Any]:
    """Returns the members of a tensor, each checked alone."""
    problem = name_problem(name)
    if problem is not None:
        raise BadInput(f"tensor {quoted(name)}: {problem}")
    try:
        for key in row:
            if key not in _MEMBERS:
                raise BadInput(f"it has the member {quoted(key)}, which this version does not know")
        if not isinstance(row.get("dtype"), str) or row["dtype"] not in BITS:
            raise BadInput("its member `dtype` is missing or not a dtype")
        stream, seed = decimal64(row.get("stream")), decimal64(row.get("seed", str(run_seed)))
        if stream is None:
            raise BadInput("its member `stream` is missing or not a decimal text of 64 bits")
        if seed is None or ("seed" in row and seed == run_seed):
            raise BadInput("its member `seed` is not a decimal text of 64 bits other than the seed of the run")
        if "digest" in row and not is_digest(row["digest"]):
            raise BadInput("its member `digest` is not `sha256:` and 64 lower-case hexadecimal digits")
        if "law" not in row:
            raise BadInput("its member `law` is missing")
        shape, law = checked_shape(row.get("shape")), checked_law(row["law"])
    except BadInput as error:
        raise BadInput(f"tensor {quoted(name)}: {error}") from None
    return {
        "dtype": row["dtype"],
        "shape": shape,
        "law": law,
        "stream": stream,
        "seed": seed,
        "digest": row.get("digest"),
    }


def _made(name: str, row: dict[str, Any], source: TensorRecipe | None, literals: FindLiterals) -> TensorRecipe:
    law = row["law"]
    text = reference.canonical_json(law).decode("utf-8")
    given = literals(name, row["dtype"], row["shape"], law, row["digest"])
    return TensorRecipe(
        name, row["shape"], row["dtype"], text, row["stream"], row["seed"], row["digest"], source, given
    )


def tensor_text(tensor: TensorRecipe, seed: int) -> str:
    """Returns the canonical JSON of a tensor in the manifest of a run with this seed."""
    members = {
        "dtype": _text(tensor.dtype),
        "law": tensor.law_text,
        "name": _text(tensor.name),
        "shape": "[" + ",".join(map(str, tensor.shape)) + "]",
        "stream": f'"{tensor.stream}"',
    }
    if tensor.digest is not None:
        members["digest"] = f'"{tensor.digest}"'
    if tensor.seed != seed:
        members["seed"] = f'"{tensor.seed}"'
    return "{" + ",".join(f'"{key}":{members[key]}' for key in sorted(members)) + "}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _opening(seed: int) -> str:
    return f'{{"chunk_size":{CHUNK_SIZE},"law_version":"{LAW_VERSION}","seed":"{seed}","tensors":['


def canonical_text(seed: int, tensors: Iterable[TensorRecipe]) -> str:
    """Returns the manifest as canonical JSON; its SHA-256 is the id if every digest is known."""
    return _opening(seed) + ",".join(tensor_text(tensor, seed) for tensor in tensors) + "]}"


def lines_text(seed: int, tensors: Iterable[TensorRecipe]) -> str:
    """Returns the manifest with a line for each tensor, as `export --manifest` writes it."""
    rows = [tensor_text(tensor, seed) for tensor in tensors]
    if not rows:
        return _opening(seed) + "]}\n"
    return _opening(seed) + "\n" + ",\n".join(rows) + "\n]}\n"


def run_id(seed: int, tensors: Iterable[TensorRecipe]) -> str:
    """Returns the id of a run whose digests are all known."""
    return _sha256(canonical_text(seed, tensors))


def weights_digest(tensors: Iterable[TensorRecipe]) -> str:
    """Returns the digest of the weights of a run whose digests are all known (docs/manifest.md, "The ids")."""
    rows = [
        f"[{_text(t.name)},[{','.join(map(str, t.shape))}],{_text(t.dtype)},{_text(str(t.digest))}]" for t in tensors
    ]
    return _sha256("[" + ",".join(rows) + "]")


def _sha256(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()
