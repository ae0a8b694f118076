"""What the tests of winit.dist share: recipes of several chunks, and their ids and digests by winit.reference."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from filling_support import reference_tensor
from winit import Recipe, reference
from winit.dist import ChunkDigests

MIB = 1 << 20
_REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = _REPOSITORY / "examples" / "many-workers"
_SECONDS = 120


@cache
def reference_id(recipe: Recipe) -> str:
    """The id by the second implementation, which knows neither chunks of workers nor kernels."""
    tensors = [reference_tensor(tensor) for tensor in recipe.values()]
    return reference.manifest_id(reference.manifest_bytes(recipe.seed or 0, tensors))


@cache
def reference_chunks(recipe: Recipe, name: str) -> tuple[bytes, ...]:
    """The digests of the chunks of a tensor by the second implementation."""
    chunks = reference.tensor_chunks(recipe.seed or 0, reference_tensor(recipe[name]))
    return tuple(hashlib.sha256(chunk).digest() for chunk in chunks)


def model() -> Recipe:
    """Tensors of several chunks and of none, a tie, a norm, matrices that are made whole, and an expression."""
    rows = 1 << 9
    laws: dict[str, tuple[str, tuple[int, ...], Any]] = {
        "bias": ("bfloat16", (7,), reference.uniform(-1, 1)),
        "empty": ("float16", (0, 3), reference.normal()),
        "head": ("float32", (3 * rows, rows), {"law": "same_as", "name": "wte"}),
        "mask": ("bool", (5,), reference.constant(1)),
        "matrices": ("float32", (3, 512, 512), {"law": "orthogonal", "batch": [0], "gain": 1.0, "rows": 512}),
        "norm": ("float32", (3 * rows,), {"law": "norm_of", "name": "wte", "axes": [1]}),
        "position": ("float32", (600, 512), reference.expression(["*", ["index", 0], 1e-3])),
        "sparse": ("bfloat16", (40, 30), {"law": "sparse", "std": 0.5, "zeros": 10}),
        "step": ("int64", (), reference.constant(3)),
        "wte": ("float32", (3 * rows, rows), reference.normal(std=0.02)),
        "é": ("bfloat16", (1000, 1201), reference.truncated_normal(std=0.02)),
    }
    return Recipe.from_laws(2**64 - 59, laws)


def changed(part: ChunkDigests, chunk: int) -> ChunkDigests:
    """A part in which one bit of the digest of a chunk is wrong, as after a fault of a worker's memory."""
    digests = bytearray(part.digests)
    digests[32 * chunk + 5] ^= 1
    return ChunkDigests(part.recipe, part.ranges, bytes(digests))


def environment(**settings: str) -> dict[str, str]:
    """The environment of a process that imports this winit."""
    return {**os.environ, "PYTHONPATH": str(_REPOSITORY / "python" / "src"), **settings}


def run_example(name: str, folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs an example with many workers; ends it, and the processes that it started, if it does not end itself.

    Args:
        name: The name of the file.
        folder: The folder in which it runs.
        arguments: Its arguments.
        settings: Variables of its environment.
    """
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    child = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = child.communicate(timeout=_SECONDS)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        raise
    return subprocess.CompletedProcess(command, child.returncode, output, errors)
