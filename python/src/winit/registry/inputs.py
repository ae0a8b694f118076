"""What a create reads: a spec and a checkpoint, as options of the command, and files that are removed afterwards."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from ..comparing.elements import tiles
from ..comparing.weights import Weights, held_weights
from ..errors import BadInput
from ..quoting import quoted
from ..recipes.dtypes import BITS
from ..safetensors import header_bytes
from ..specs import Spec

_TILE = 1 << 20  # elements


@contextlib.contextmanager
def spec_options(spec: Spec | PathLike[str] | str | None) -> Iterator[tuple[list[str], bytes]]:
    """Gives the options that name a spec, and what the command reads from standard input.

    Args:
        spec: A spec, the path of a YAML file, or YAML.

    Raises:
        BadInput: If it is none of these, or is not resolved.
    """
    if spec is None:
        yield [], b""
    elif isinstance(spec, Spec):
        with _folder() as folder:
            path = folder / "spec.yaml"
            spec.save(path)
            yield [f"--spec={path}"], b""
    elif isinstance(spec, str):
        if "\n" not in spec and spec.endswith((".yaml", ".yml")):
            raise BadInput(f"a spec that is a str is YAML. For the file, pass pathlib.Path({spec!r})")
        yield ["--spec=-"], spec.encode("utf-8")
    elif isinstance(spec, PathLike):
        yield [f"--spec={os.path.abspath(spec)}"], b""
    else:
        raise BadInput(f"a spec is a winit.Spec, a pathlib.Path or YAML as a str, and not a {type(spec).__name__}")


@contextlib.contextmanager
def like_options(like: str | PathLike[str] | Mapping[str, Any] | None) -> Iterator[list[str]]:
    """Gives the option that names a checkpoint; tensors in memory are written to a file.

    Args:
        like: The path of a checkpoint, or arrays by name (NumPy, torch, JAX), such as a state dict.

    Raises:
        BadInput: If an object is no tensor with values.
    """
    if like is None:
        yield []
    elif isinstance(like, Mapping):
        with _folder() as folder:
            path = folder / "like.safetensors"
            _write(path, held_weights(like, {}))
            yield [f"--like={path}"]
    else:
        yield [f"--like={os.path.abspath(like)}"]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Gives a folder that only this user can read, and removes it."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="winit-") as folder:
        yield Path(folder)


def _write(path: Path, tensors: Mapping[str, Weights]) -> None:
    for name, tensor in tensors.items():
        if tensor.dtype not in BITS:
            raise BadInput(f"{quoted(name)} has the dtype {tensor.dtype}, which safetensors does not have")
    header, names = header_bytes((name, tensor.dtype, tensor.shape) for name, tensor in tensors.items())
    with open(path, "wb") as file:
        file.write(header)
        for name in names:
            for offset, size in tiles(tensors[name].shape, _TILE):
                file.write(tensors[name].bits(offset, size).tobytes())
