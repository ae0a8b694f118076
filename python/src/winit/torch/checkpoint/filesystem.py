"""`winit://` as an fsspec filesystem: a recipe where a trainer expects the folder of a checkpoint.

fsspec finds the class by the entry point `fsspec.specs`; nothing needs to be imported.
"""

from __future__ import annotations

import errno
import io
from typing import Any, NoReturn

import torch
from fsspec.spec import AbstractFileSystem

from ...errors import BadInput, NotFound
from ...quoting import quoted
from .generated import METADATA, GeneratedCheckpoint, is_member
from .links import SCHEME, recipe_at, recipe_from


class WinitFileSystem(AbstractFileSystem):  # type: ignore[misc]  # untyped
    """Recipes as folders of checkpoints that `torch.distributed.checkpoint` reads; read-only.

    `winit:///path/to/gpt2.recipe.json` is a recipe file, and `winit://gpt2:v2` a run of the registry. Below each are
    `.metadata` and one file for each box of a tensor, whose bytes are made when they are read. The boxes fit the
    shards of the ranks of the process group (see `grid`).

    Opening `.metadata` reads the recipe; the boxes are of the recipe that was read last.

    The filesystem cannot see the tensors that are loaded. Unlike `RecipeReader` it cannot refuse a truly strided
    `_StridedShard`, which `dcp.load` loads wrongly from any checkpoint, and `dcp.load` rounds to the dtype of the
    state.

    Example:
        >>> import os, torch, winit
        >>> laws = {"w": ("float32", (4, 3), winit.reference.normal(std=0.02))}
        >>> winit.Recipe.from_laws(42, laws).save("gpt2.recipe.json")
        >>> WinitFileSystem().ls("winit://" + os.path.abspath("gpt2.recipe.json"), detail=False)  # doctest: +ELLIPSIS
        ['/.../gpt2.recipe.json/.metadata']
    """

    protocol = "winit"
    root_marker = ""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Makes the filesystem. fsspec makes one for a process."""
        super().__init__(*arguments, **options)
        self._checkpoints: dict[str, GeneratedCheckpoint] = {}

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        """Describes a checkpoint, which is a folder, or one of its files.

        Args:
            path: The path, with or without `winit://`.
            options: Ignored.

        Returns:
            `name`, `size` in bytes, and `type`: "directory" or "file".

        Raises:
            FileNotFoundError: If there is no such recipe, run or file.
        """
        path = self._strip_protocol(path)
        folder, member = _split(path)
        checkpoint = self._checkpoint(folder)
        if member is None:
            return {"name": path, "size": 0, "type": "directory"}
        return {"name": path, "size": checkpoint.size(member), "type": "file"}

    def ls(self, path: str, detail: bool = True, **options: Any) -> list[Any]:
        """Lists a checkpoint: `.metadata`, which names the other files.

        Args:
            path: The path.
            detail: Whether to give what `info` gives, and not only paths.
            options: Ignored.
        """
        path = self._strip_protocol(path)
        _, member = _split(path)
        entry = self.info(path if member else f"{path}/{METADATA}")
        return [entry] if detail else [entry["name"]]

    def _open(self, path: str, mode: str = "rb", *arguments: Any, **options: Any) -> io.BytesIO:
        if mode != "rb":
            self._refuse()
        folder, member = _split(path)
        if member is None:
            raise IsADirectoryError(errno.EISDIR, "a recipe is a folder of generated files", SCHEME + path)
        return io.BytesIO(self._checkpoint(folder, is_new=member == METADATA).read(member))

    def _checkpoint(self, folder: str, is_new: bool = False) -> GeneratedCheckpoint:
        """Returns the files of a recipe; raises `FileNotFoundError` if there is no such recipe."""
        found = self._checkpoints.get(folder)
        if found is None or is_new:
            try:
                found = GeneratedCheckpoint(recipe_from(recipe_at(folder)), _ranks())
            except NotFound as error:
                raise FileNotFoundError(str(error)) from error
            self._checkpoints = {folder: found}  # one at a time: nothing tells when a load has ended
        return found

    def _refuse(self, *arguments: Any, **options: Any) -> NoReturn:
        raise OSError(errno.EROFS, f"{SCHEME} is read-only. Save checkpoints elsewhere")

    mkdir = makedirs = rmdir = rm = rm_file = _rm = cp_file = mv = touch = pipe_file = _refuse


def _split(path: str) -> tuple[str, str | None]:
    """Returns the recipe that a path names, and the name of a file below it, or None for the recipe itself."""
    folder, slash, last = path.rpartition("/")
    if slash and is_member(last):
        return folder, last
    if folder.endswith(".json") and folder.startswith("/"):
        raise FileNotFoundError(f"{quoted(folder)} has no file {quoted(last)}: only {METADATA} and boxes")
    if not path:
        raise BadInput("winit:// alone names nothing. Write winit:///path/to/NAME.json or winit://NAME:v2")
    return path, None


def _ranks() -> int:
    distributed = torch.distributed
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1
