"""Snapshots: recipe files beside a test.

A snapshot of a model with a recipe holds its laws. A snapshot of another model, which its framework's random numbers
initialized, holds name, shape, dtype and digest of each tensor, as literals whose bytes are not kept.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import reference
from ..comparing import Weights, held_weights, mismatch, verify
from ..errors import BadInput, Finding, NotFound, Unavailable
from ..quoting import quoted
from ..recipes import Recipe, TensorRecipe
from ..recipes.hashing import tensor_digest
from ..recipes.manifest import lines_text, read
from ..whole_files import write_whole

_CHUNK = 1 << 20
_LONGEST = 1 << 28


def path_of(module: Path, test: str, name: str) -> Path:
    """Returns the path of a snapshot: `__winit__/MODULE__TEST.json` in the folder of the module.

    Args:
        module: The file of the test.
        test: The name of the test, with its parameters.
        name: The name that the check has within the test, or "".
    """
    text = f"{module.stem}__{test}" + (f"__{name}" if name else "")
    safe = re.sub(r"[^A-Za-z0-9_.=-]+", "_", text).strip("_")
    if safe != text or len(safe) > 150:  # two texts could give one file
        safe = f"{safe[:150]}-{hashlib.sha256(text.encode('utf-8')).hexdigest()[:8]}"
    return module.parent / "__winit__" / f"{safe}.json"


def is_module(model_or_state: Any) -> bool:
    """Tells whether something is a module of torch, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model_or_state, torch.nn.Module)


def write(path: Path, model_or_state: Any, recipe: Recipe | None, options: Mapping[str, Any]) -> bool:
    """Writes a snapshot; an existing one is replaced only if it says something else.

    Args:
        path: The file.
        model_or_state: The weights.
        recipe: The recipe of the weights, or None.
        options: Options of `winit.verify`.

    Returns:
        Whether a file was written.

    Raises:
        Mismatch: If the weights are not those of the recipe.
    """
    if recipe is not None:
        _verify(model_or_state, recipe, options)
        recipe.compute_id()
        text = recipe.dumps()
    else:
        tensors = [_literal(name, weights) for name, weights in sorted(_weights(model_or_state, options).items())]
        text = lines_text(0, tensors)
    data = text.encode("utf-8")
    try:
        if path.exists() and path.read_bytes() == data:
            return False
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}") from None
    if recipe is not None:
        recipe.save(path, force=True)
    else:
        write_whole([(str(path), [data])], force=True)
    return True


def check(path: Path, model_or_state: Any, options: Mapping[str, Any]) -> None:
    """Compares weights with a snapshot.

    Args:
        path: The file.
        model_or_state: The weights.
        options: Options of `winit.verify`.

    Raises:
        Mismatch: If anything differs.
        BadInput: If the file is not valid.
    """
    tensors = _read(path)
    if any(tensor.law["law"] != "literal" for tensor in tensors):
        _verify(model_or_state, Recipe.load(path), options)
        return
    if options.get("cast"):
        raise BadInput("a snapshot of digests cannot be compared with values of another dtype (cast=True)")
    findings = _digest_findings(tensors, _weights(model_or_state, options), bool(options.get("subset")))
    if findings:
        raise mismatch(
            findings, f"the weights are not those of the snapshot {path.name}, which holds digests and no values"
        )


def _verify(model_or_state: Any, recipe: Recipe, options: Mapping[str, Any]) -> None:
    if is_module(model_or_state):
        from ..torch import verify as verify_module

        verify_module(model_or_state, recipe, **options)
    else:
        verify(model_or_state, recipe, **options)


def _read(path: Path) -> list[TensorRecipe]:
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST)
    except FileNotFoundError:
        raise NotFound(f"there is no snapshot {path}") from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from None
    try:
        return read(data, lambda *of_tensor: ())[1]
    except BadInput as error:
        raise BadInput(f"{path}: {error}. pytest --winit-update writes it again") from None


def _weights(model_or_state: Any, options: Mapping[str, Any]) -> dict[str, Weights]:
    if is_module(model_or_state):
        model_or_state = dict(model_or_state.state_dict(keep_vars=True))
        # get_extra_state may put anything into a state dict.
        torch = sys.modules["torch"]
        model_or_state = {name: value for name, value in model_or_state.items() if isinstance(value, torch.Tensor)}
    rename = options.get("rename") or (lambda name: name)
    return {rename(name): weights for name, weights in held_weights(model_or_state, {}).items()}


def _literal(name: str, weights: Weights) -> TensorRecipe:
    return TensorRecipe(
        name, weights.shape, weights.dtype, '{"law":"literal"}', reference.name_stream(name), 0, _digest(weights)
    )


def _digest(weights: Weights) -> str:
    """Computes the tensor digest of weights, a row of the first axis at a time where they have several."""
    chunks, rest = list[bytes](), b""
    shape = weights.shape
    rows = range(shape[0]) if len(shape) > 1 else range(1)
    for row in rows:
        if len(shape) > 1:
            rest += weights.bits((row, *(0 for _ in shape[1:])), (1, *shape[1:])).tobytes()
        else:
            rest += weights.bits(tuple(0 for _ in shape), shape).tobytes()
        while len(rest) >= _CHUNK:
            chunks.append(hashlib.sha256(rest[:_CHUNK]).digest())
            rest = rest[_CHUNK:]
    if rest:
        chunks.append(hashlib.sha256(rest).digest())
    return tensor_digest(chunks)


def _digest_findings(tensors: list[TensorRecipe], weights: dict[str, Weights], subset: bool) -> list[Finding]:
    found = list[Finding]()
    changed = dict[str, str]()
    known = {tensor.digest: tensor.name for tensor in tensors}
    for tensor in tensors:
        held = weights.get(tensor.name)
        if held is None:
            if not subset:
                found.append(Finding("missing", "the weights do not hold this tensor", tensor.name))
        elif tuple(held.shape) != tensor.shape:
            shapes = f"{list(tensor.shape)} in the snapshot and {list(held.shape)} in the weights"
            found.append(Finding("shape", f"the shape is {shapes}", tensor.name))
        elif held.dtype != tensor.dtype:
            dtypes = f"{tensor.dtype} in the snapshot and {held.dtype} in the weights"
            found.append(Finding("dtype", f"the dtype is {dtypes}", tensor.name))
        elif (digest := _digest(held)) != tensor.digest:
            changed[tensor.name] = digest
    for name, digest in changed.items():
        other = known.get(digest)
        cause = f"these are the bytes of {quoted(other)} in the snapshot" if other is not None else None
        if cause is None and len(changed) == len([t for t in tensors if t.name in weights]) > 1:
            cause = "every tensor differs: another seed, or other random numbers before the model was made"
        found.append(Finding("values", "the bytes are not those of the snapshot", name, likely_cause=cause))
    message = "the weights hold this tensor, and the snapshot does not"
    names = {tensor.name for tensor in tensors}
    return found + [Finding("unexpected", message, name) for name in weights if name not in names]
