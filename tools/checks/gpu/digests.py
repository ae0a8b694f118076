"""The digests of filled tensors: those of the vector files, and boxes at every edge beside `winit.reference`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import torch

from winit import Recipe, reference
from winit.torch.dtypes import memory_of, torch_dtype
from winit.torch.operations import is_supported

from ..vector_recipes import vector_recipes
from .cases import DTYPES, LAWS, SEED, Box, boxes, differences, expected
from .place import Place

_CHUNK = 1 << 20


_SMALL = 1 << 13
"""Elements of a tensor that are few enough for the interpreter."""


def check_vectors(place: Place) -> Iterator[str | None]:
    """Fills the tensors of the vector files; yields what is wrong with each, or None.

    In the interpreter, those that the kernels take no part in are left out, and large ones.
    """
    for recipe, digest in vector_recipes():
        if place.is_interpreted and (recipe.count > _SMALL or not is_supported(recipe)):
            continue
        try:
            dtype = torch_dtype(recipe.dtype)
        except ValueError:
            continue  # PyTorch has no such dtype
        tensor = torch.empty(recipe.shape, dtype=dtype, device=place.device)
        place.fill(tensor, recipe, (0,) * len(recipe.shape))
        found = tensor_digest(memory_of(tensor.cpu()).tobytes())
        yield None if found == digest else f"`{recipe.name}` {recipe.dtype} {list(recipe.shape)} {recipe.law_text}"


FEW = (Box((17, 65), (0, 0), (17, 65)), Box((17, 65), (2, 3), (13, 59), "gaps"))
"""Two boxes, for laws whose formula is tried at every edge."""


EVERY_BOX = (("uniform around 0", "float32"), ("normal", "bfloat16"), ("truncated normal", "float64"))
"""The laws and dtypes that have all boxes. Each of them takes 16 compiled kernels, of a second each."""


def check_boxes(place: Place) -> Iterator[str | None]:
    """Fills boxes at every edge; yields what is wrong with each, or None.

    In the interpreter, which takes a hundredth of a second for a program, one law has all boxes.
    """
    all_boxes = EVERY_BOX[:1] if place.is_interpreted else EVERY_BOX
    for dtype in DTYPES:
        for name, law in LAWS.items():
            for box in boxes() if (name, dtype) in all_boxes else FEW:
                yield checked(place, name, law, dtype, box)


def checked(place: Place, name: str, law: reference.Law, dtype: str, box: Box) -> str | None:
    """Fills a box with a law; returns what is wrong, or None."""
    recipe = Recipe.from_laws(SEED, {"w": (dtype, box.shape, law)})["w"]
    base, view = box.memory(torch_dtype(dtype), place.device)
    place.fill(view, recipe, box.offset)
    problem = differences(base, view, expected(recipe, box))
    return None if problem is None else f"{name}, {dtype}, {box}: {problem}"


def tensor_digest(data: bytes) -> str:
    """Returns the digest of a tensor's canonical bytes (docs/law.md, "Digests")."""
    chunks = [hashlib.sha256(data[start : start + _CHUNK]).digest() for start in range(0, len(data), _CHUNK)]
    return f"sha256:{hashlib.sha256(b''.join(chunks)).hexdigest()}"
