"""A recipe as the files of a checkpoint: `.metadata`, and one file for each box."""

from __future__ import annotations

import io
import pickle
import re
from functools import lru_cache

import torch
from torch.distributed.checkpoint.filesystem import _StorageInfo
from torch.distributed.checkpoint.metadata import (
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)

from ...recipes import Recipe
from ..dtypes import torch_dtype
from ..writing import write_box
from .grid import Grid, grid

METADATA = ".metadata"

_BOX = re.compile(r"box-(0|[1-9][0-9]{0,17})-(0|[1-9][0-9]{0,17})", re.ASCII)


def is_member(name: str) -> bool:
    """Returns whether a text has the form of the name of a file of a checkpoint."""
    return name == METADATA or _BOX.fullmatch(name) is not None


class GeneratedCheckpoint:
    """The files of a recipe. Their bytes are made when they are read, and not kept."""

    def __init__(self, recipe: Recipe, ranks: int) -> None:
        """Makes the list of files.

        Args:
            recipe: The recipe; PyTorch has all of its dtypes.
            ranks: The number of processes, for the sizes of the boxes.
        """
        self._tensors = list(recipe.values())
        self._grids: list[Grid] = [
            grid(tensor.shape, torch_dtype(tensor.dtype).itemsize, ranks) for tensor in self._tensors
        ]
        # A tied tensor has the files of its target: dcp.load opens each file once, whatever number of names it has.
        numbers = {tensor.name: number for number, tensor in enumerate(self._tensors)}
        self._files_of = [
            numbers.get(tensor.tied_to or "", number) if tensor.source is not None else number
            for number, tensor in enumerate(self._tensors)
        ]

    def size(self, member: str) -> int:
        """Returns the number of bytes of a file; raises `FileNotFoundError` if there is no such file."""
        if member == METADATA:
            return len(self.metadata())
        number, box = self._found(member)
        return _saved_size(self._grids[number].box(box)[1], torch_dtype(self._tensors[number].dtype))

    def read(self, member: str) -> bytes:
        """Makes a file.

        Args:
            member: `.metadata` or `box-T-B`, the box B of the tensor T, in the order of the recipe.

        Raises:
            FileNotFoundError: If there is no such file.
        """
        if member == METADATA:
            return self.metadata()
        number, box = self._found(member)
        offset, size = self._grids[number].box(box)
        with torch.inference_mode(False), torch.no_grad():
            made = torch.empty(size, dtype=torch_dtype(self._tensors[number].dtype), device="cpu")
        write_box(made, self._tensors[number], offset)
        return _saved(made)

    def metadata(self) -> bytes:
        """Makes `.metadata`: the pickle that `torch.distributed.checkpoint.FileSystemReader` reads."""
        tensors, files = {}, {}
        for number, (tensor, boxes) in enumerate(zip(self._tensors, self._grids, strict=True)):
            dtype = torch_dtype(tensor.dtype)
            chunks = []
            for box, (offset, size) in enumerate(boxes):
                chunks.append(ChunkStorageMetadata(torch.Size(offset), torch.Size(size)))
                index = MetadataIndex(tensor.name, torch.Size(offset), box)
                files[index] = _StorageInfo(f"box-{self._files_of[number]}-{box}", 0, _saved_size(size, dtype))
            properties = TensorProperties(dtype=dtype)
            tensors[tensor.name] = TensorStorageMetadata(properties, torch.Size(tensor.shape), chunks)
        return pickle.dumps(Metadata(state_dict_metadata=tensors, storage_data=files))

    def _found(self, member: str) -> tuple[int, int]:
        found = _BOX.fullmatch(member)
        if found is not None:
            number, box = int(found[1]), int(found[2])
            if number < len(self._tensors) and box < len(self._grids[number]):
                return number, box
        raise FileNotFoundError(f"the recipe has no file {member!r}")


def _saved(tensor: torch.Tensor) -> bytes:
    buffer = io.BytesIO()
    torch.save(tensor, buffer)
    return buffer.getvalue()


@lru_cache(maxsize=4096)
def _saved_size(shape: tuple[int, ...], dtype: torch.dtype) -> int:
    """Returns how many bytes `torch.save` writes: they depend on the shape and the dtype, not on the elements."""
    with torch.inference_mode(False):
        return len(_saved(torch.zeros(shape, dtype=torch.uint8).to(dtype)))
