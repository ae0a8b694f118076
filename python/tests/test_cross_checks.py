"""The reference against the command and the kernels: every law, dtype and edge of shapes, and random recipes.

The command reads manifests whose digests the reference computed. It fills every tensor, and refuses a manifest that has
another digest. So the whole table is compared in one run of it.
"""

from __future__ import annotations

import json
import random
import subprocess
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import winit
from filling_support import implementations
from law_table import SEED, parts, random_table, table
from recipe_support import COMMAND, needs_command
from winit import TensorRecipe, filling, reference
from winit.filling.raw import raw_dtype
from winit.recipes import BytesLiteral
from winit.recipes.dtypes import SAFETENSORS_CODES
from winit.reference import Tensor

MODELS = {"by hand": table(), **{f"random {seed}": random_table(seed, 120) for seed in range(3)}}


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    words = [str(COMMAND), *map(str, arguments), f"--registry={folder / 'winit.sqlite'}"]
    return subprocess.run(words, capture_output=True, text=True)


def import_(folder: Path, tensors: list[Tensor], manifest: bytes) -> subprocess.CompletedProcess[str]:
    """Imports a manifest, with the literals in a file beside it."""
    (folder / "m.json").write_bytes(manifest)
    header: dict[str, Any] = {}
    data = b""
    for tensor in tensors:
        if tensor.literals:
            given = reference.canonical_bytes(SEED, tensor)
            header[tensor.name] = {
                "dtype": SAFETENSORS_CODES[tensor.dtype],
                "shape": tensor.shape,
                "data_offsets": [len(data), len(data) + len(given)],
            }
            data += given
    if header:
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        (folder / "m.literals.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
    return run(folder, "import", folder / "m.json", "--as=m", "--json")


@needs_command
@pytest.mark.parametrize("model", MODELS)
def test_the_command_fills_every_tensor_with_the_digest_of_the_reference(tmp_path: Path, model: str) -> None:
    tensors = MODELS[model]
    manifest = reference.manifest_bytes(SEED, tensors)
    imported = import_(tmp_path, tensors, manifest)
    assert imported.returncode == 0, imported.stderr
    made = json.loads(imported.stdout)
    assert (made["id"], made["weights"]) == (reference.manifest_id(manifest), reference.weights_digest(manifest))

    # The stored bytes, and not only their digests.
    assert run(tmp_path, "get", "m", "-o", tmp_path / "m.safetensors").returncode == 0
    stored = (tmp_path / "m.safetensors").read_bytes()
    start = 8 + int.from_bytes(stored[:8], "little")
    header = json.loads(stored[8:start])
    for tensor in tensors:
        first, last = header[tensor.name]["data_offsets"]
        assert stored[start + first : start + last] == reference.canonical_bytes(SEED, tensor), tensor.name


@needs_command
def test_slices_of_the_command_are_boxes_of_the_reference(tmp_path: Path) -> None:
    tensors = [t for t in MODELS["by hand"] if t.shape and min(t.shape) > 1 and t.dtype in ("float32", "bfloat16")]
    chosen = random.Random(8).sample(tensors, 12)
    sources = [t.source for t in chosen if t.source is not None]
    everything = list({t.name: t for t in [*chosen, *sources]}.values())
    (tmp_path / "m.json").write_bytes(reference.manifest_bytes(SEED, everything))
    assert import_(tmp_path, everything, reference.manifest_bytes(SEED, everything)).returncode == 0
    rng = random.Random(9)
    for tensor in chosen:
        offset = [rng.randrange(length) for length in tensor.shape]
        size = [rng.randint(1, length - o) for length, o in zip(tensor.shape, offset, strict=True)]
        text = ",".join(f"{o}:{o + n}" for o, n in zip(offset, size, strict=True))
        out = tmp_path / "box.raw"
        done = run(
            tmp_path, "get", "m", f"--tensor={tensor.name}", f"--slice={text}", "--format=raw", "-o", out, "--force"
        )
        assert done.returncode == 0, done.stderr
        assert out.read_bytes() == reference.fill_box(SEED, tensor, offset, size).tobytes(), (tensor.name, text)


@needs_command
def test_the_command_refuses_a_manifest_with_another_digest(tmp_path: Path) -> None:
    manifest = json.loads(reference.manifest_bytes(SEED, MODELS["random 0"]))
    entry = next(e for e in manifest["tensors"] if e["law"]["law"] == "normal")
    entry["digest"] = entry["digest"][:-1] + ("0" if entry["digest"][-1] != "0" else "1")
    done = import_(tmp_path, MODELS["random 0"], reference.canonical_json(manifest))
    assert done.returncode == 1
    assert entry["name"] in json.loads(done.stderr)["error"]


REFUSED: list[tuple[str, tuple[int, ...], Any]] = [
    ("float32", (4, 5), {"law": "expression", "tree": ["log", ["index", 0]]}),
    ("float32", (4, 5), {"law": "expression", "tree": ["index", 2]}),
    ("float16", (4, 5), {"law": "expression", "tree": ["+", 65519, ["index", 1]]}),
    ("float16", (4, 5), reference.normal(std=10319.0)),
    ("bfloat16", (4, 5), reference.constant(3.4e38)),
    ("int8", (4, 5), reference.constant(128)),
    ("int32", (4, 5), reference.normal()),
    ("float8_e5m2", (4, 5), reference.constant(0.0)),
    ("float32", (4, 5, 6), {"law": "eye", "value": 1.0}),
    ("float32", (4, 5), {"law": "orthogonal", "gain": 1.0, "rows": 3}),
    ("float32", (4, 5), {"law": "orthogonal", "gain": 1.0, "rows": 4, "batch": [0, 1]}),
    ("float32", (4, 5), {"law": "sparse", "std": 1.0, "zeros": 5}),
    ("float32", (4, 5, 3), {"law": "dirac", "groups": 3}),
    ("float32", (3, 5, 4), {"law": "delta_orthogonal", "gain": 1.0}),
    ("float32", (4, 5), parts({"box": [[3, 5]], "law": reference.normal()})),
    ("float16", (4, 5), {"law": "orthogonal", "gain": 1e6, "rows": 4}),
]  # fmt: skip


@needs_command
@pytest.mark.parametrize(("dtype", "shape", "law"), REFUSED)
def test_what_the_reference_refuses_the_command_refuses(
    tmp_path: Path, dtype: str, shape: tuple[int, ...], law: Any
) -> None:
    tensor = Tensor("w", dtype, shape, law)
    with pytest.raises(reference.LawError):
        reference.canonical_bytes(SEED, tensor)
    digest = "sha256:" + "0" * 64
    manifest = reference.manifest_bytes(SEED, [tensor], {"w": digest})
    done = import_(tmp_path, [], manifest)
    assert done.returncode == 65
    assert "the manifest gives tensor" not in done.stderr  # that is what another digest would give


def recipe(tensor: Tensor) -> TensorRecipe:
    source = None if tensor.source is None else recipe(tensor.source)
    literals = tuple(BytesLiteral(data) for data in tensor.literals)
    text = reference.canonical_json(tensor.law).decode()
    seed = SEED if tensor.seed is None else tensor.seed
    return TensorRecipe(tensor.name, tensor.shape, tensor.dtype, text, tensor.word_stream, seed, None, source, literals)


@cache
def boxes(model: str) -> list[tuple[TensorRecipe, tuple[int, ...], tuple[int, ...], bytes]]:
    """Three random boxes of each tensor, with the bytes that the reference gives them."""
    made = []
    for tensor in MODELS[model]:
        if reference.item_bits(tensor.dtype) % 8:
            continue  # NumPy has no elements of less than a byte
        rng = random.Random(zlib.crc32(tensor.name.encode()))
        for _ in range(3):
            ends = [sorted(rng.choices(range(length + 1), k=2)) for length in tensor.shape]
            offset, size = tuple(a for a, _ in ends), tuple(b - a for a, b in ends)
            made.append((recipe(tensor), offset, size, reference.fill_box(SEED, tensor, offset, size).tobytes()))
    return made


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kernel", implementations())
def test_boxes_of_the_kernels_are_boxes_of_the_reference(
    model: str, kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINIT_KERNEL", kernel)
    assert winit.backend() == ("numpy" if kernel == "scalar" else "native")
    for tensor, offset, size, expected in boxes(model):
        found = filling.fill_box(tensor, offset, size, np.empty(size, raw_dtype(tensor.dtype)))
        assert found.tobytes() == expected, (tensor.name, offset, size)
