"""`compute_id` and `verify` on all ranks of a process group."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable
from os import PathLike
from typing import Any

from ..comparing import mismatch
from ..errors import BadInput
from ..filling import default_threads
from ..filling.threads import thread_count
from ..quoting import quoted
from ..recipes import Recipe, TensorRecipe
from ..recipes.manifest import canonical_text
from .assembling import Assembly
from .chunk_digests import ChunkDigests, ChunkRange, recipe_digest
from .comparison import Expectation
from .computing import digests
from .process_groups import gathered, rank_and_world
from .sharing import shares_of

_LENGTH = 2048
"""Bytes of what a rank says before the work, and at least of what it says after it: the text of an error is cut."""

_MADE, _FAILED = b"\0", b"\1"


def compute_id(
    recipe: Recipe | str | PathLike[str],
    *,
    group: Any = None,
    threads: int | None = None,
    progress: Callable[[int, int], object] | bool | None = None,
) -> str:
    """Computes the id of a recipe with all ranks: each makes and hashes its share of the chunks once.

    Call it on each rank of the group. The id is the same at any number of ranks. The ranks say first that they have the
    same recipe; after the work, one all-gather has 32 bytes for each chunk. An error of one rank is the error of each.
    Without `init_process_group`, this process is the only rank.

    Args:
        recipe: A recipe; or what `winit.open` opens. Give a path, so that a rank that cannot read the file is an error
            on each rank. A recipe object has its digests and its id afterwards.
        group: The process group; all ranks by default.
        threads: How many threads a rank uses at most. By default, the ranks that share the cores of a machine share
            them evenly.
        progress: A function that is called on each rank with the number of bytes that are done and of all bytes of the
            rank's share; True for a bar of tqdm, False for none. By default rank 0 has a bar in a terminal.

    Returns:
        The id, "sha256:…", on each rank.

    Raises:
        Mismatch: If a digest of the recipe is not that of its bytes. Then nothing is changed.
        BadInput: If a rank failed, or ranks have different recipes.

    Example:
        >>> from winit import Recipe, reference
        >>> recipe = Recipe.from_laws(42, {"b": ("int64", (), reference.constant(0))})
        >>> compute_id(recipe) == recipe.id
        True
    """

    def prepare(recipe: Recipe) -> list[TensorRecipe]:
        return list(recipe.values())

    opened, tensors, made_by_rank = _made_by_all("computing the id", recipe, None, prepare, group, threads, progress)
    made = Assembly(opened, tensors)
    made.add_all(made_by_rank)
    return opened._set_computed(made.tensor_digests())


def verify(
    recipe: Recipe | str | PathLike[str],
    recorded: ChunkDigests | str | PathLike[str] | None = None,
    *,
    group: Any = None,
    threads: int | None = None,
    progress: Callable[[int, int], object] | bool | None = None,
) -> None:
    """Regenerates a recipe or run with all ranks, and compares each chunk, or each tensor, with its recorded digest.

    Call it on each rank of the group, as `compute_id`. Each rank learns of each difference.

    Args:
        recipe: A recipe with digests, or a run. A run of a registry has the digests of its chunks.
        recorded: The recorded digests of all chunks, or the path of a file that has them (`winit.dist.recorded`): then
            findings name chunks also where no rank but the one that wrote the file reads the registry.
        group: See `compute_id`.
        threads: See `compute_id`.
        progress: See `compute_id`.

    Raises:
        Mismatch: If a chunk or tensor does not regenerate to its digest. `findings` names each such tensor with its
            first such chunk and the ranks that made them, and is the same on each rank.
        BadInput: If a rank failed, ranks compare with different records, or no digest is known.

    Example:
        >>> from winit import Recipe, reference
        >>> recipe = Recipe.from_laws(42, {"b": ("int64", (), reference.constant(0))})
        >>> id = recipe.compute_id()
        >>> verify(recipe)
    """
    expected: list[Expectation] = []

    def prepare(recipe: Recipe) -> list[TensorRecipe]:
        given = recorded if recorded is None or isinstance(recorded, ChunkDigests) else ChunkDigests.load(recorded)
        expected.append(Expectation(recipe, given))
        needed = {tensor.tied_to or tensor.name for tensor in expected[0].tensors}
        return [tensor for name, tensor in recipe.items() if name in needed]

    def known() -> ChunkDigests | None:
        return expected[0].recorded if expected else None

    opened, tensors, made_by_rank = _made_by_all("verifying", recipe, known, prepare, group, threads, progress)
    made = Assembly(opened, tensors)
    made.add_all(made_by_rank)
    findings = expected[0].findings(made, lambda rank: f"made by rank {rank} of {len(made_by_rank)}")
    if findings:
        what = getattr(opened, "reference", None) or "the recipe"
        raise mismatch(findings, f"{what} does not regenerate to the digests that are recorded")


def _made_by_all(
    label: str,
    source: Recipe | str | PathLike[str],
    known: Callable[[], ChunkDigests | None] | None,
    prepare: Callable[[Recipe], list[TensorRecipe]],
    group: Any,
    threads: int | None,
    progress: Callable[[int, int], object] | bool | None,
) -> tuple[Recipe, list[TensorRecipe], list[ChunkDigests]]:
    """Shares tensors out, makes this rank's share, and gathers the digests of all ranks.

    Args:
        label: What a bar of progress says.
        source: The recipe of the caller.
        known: Gives the record that the caller compares with, once `prepare` was called.
        prepare: Gives the tensors that are made, from the recipe.
        group: The process group of the caller.
        threads: The number of threads of the caller.
        progress: The progress of the caller.

    Returns:
        The recipe, the tensors, and the digests in the order of the ranks.

    Raises:
        BadInput: If a rank failed, or ranks have different recipes: the same error on each rank.
    """
    rank, world = rank_and_world(group)
    from ..registry.progress import reported

    cause: Exception | None = None
    opened: Recipe | None = None
    tensors: list[TensorRecipe] = []
    said: dict[str, str] = {"cores": _cores()}
    try:
        opened = _opened(source)
        tensors = prepare(opened)
        _check_literals(tensors)
        thread_count(threads)  # raises an error if there are none
        said |= {"recipe": recipe_digest(opened), "claims": _claims(opened, known() if known is not None else None)}
    except Exception as error:  # the other ranks wait: they must learn of it
        said["error"], cause = f"{type(error).__name__}: {error}", error
    if cause is not None and world == 1:
        raise cause
    all_said = [json.loads(row) for row in gathered(_encoded(said), _LENGTH, group)]
    _refuse(all_said, cause)
    assert opened is not None, "a rank without a recipe has an error"
    shares = shares_of(tensors, world)
    if threads is None:
        sharing = sum(each["cores"] == said["cores"] for each in all_said)
        threads = max(default_threads() // sharing, 1)
    if progress is None and rank != 0:
        progress = False
    try:
        with reported(progress, label) as report:
            data = _MADE + digests(opened, shares[rank], threads, report).digests
    except Exception as error:
        if world == 1:
            raise
        data, cause = _FAILED + f"{type(error).__name__}: {error}".encode()[: _LENGTH - 1], error
    longest = max(sum(chunks.stop - chunks.start for chunks in share) for share in shares)
    rows = gathered(data, max(1 + 32 * longest, _LENGTH), group)
    for number, row in enumerate(rows):
        if row[:1] == _FAILED:
            text = row[1:].decode(errors="ignore")
            raise BadInput(f"rank {number} could not make its share. {text}") from cause
    return opened, tensors, _digests(said["recipe"], shares, rows)


def _digests(recipe: str, shares: list[list[ChunkRange]], rows: list[bytes]) -> list[ChunkDigests]:
    return [ChunkDigests(recipe, tuple(share), row[1:]) for share, row in zip(shares, rows, strict=True)]


def _refuse(all_said: list[dict[str, str]], cause: Exception | None) -> None:
    """Raises an error if a rank could not begin, or ranks have different recipes."""
    for rank, said in enumerate(all_said):
        if "error" in said:
            raise BadInput(f"rank {rank} could not begin. {said['error']}") from cause
    for rank, said in enumerate(all_said):
        if said["recipe"] != all_said[0]["recipe"]:
            raise BadInput(f"ranks 0 and {rank} have different recipes. Give each rank the same recipe, as by its file")
        if said["claims"] != all_said[0]["claims"]:
            raise BadInput(
                f"ranks 0 and {rank} have the same recipe with different digests, or digests on one of them only. Give "
                "each rank the same recipe and the same record, as by their files"
            )


def _opened(source: Recipe | str | PathLike[str]) -> Recipe:
    if isinstance(source, Recipe):
        return source
    if isinstance(source, str | PathLike):
        from ..opening import open

        return open(source)
    raise BadInput(f"a recipe, run, reference or path was expected, not {type(source).__name__}")


def _check_literals(tensors: list[TensorRecipe]) -> None:
    """Checks that the given bytes are at hand before the other ranks begin to work."""
    for tensor in tensors:
        if tensor.has_literal and tensor.count and not tensor.literals:
            raise BadInput(
                f"the given bytes of {quoted(tensor.name)} are not at hand. Load the recipe with its literals"
            )


def _claims(recipe: Recipe, recorded: ChunkDigests | None) -> str:
    """Returns a digest of the digests that are compared, which must be the same on each rank."""
    text = canonical_text(recipe.seed or 0, recipe.values())
    made = hashlib.sha256(text.encode("utf-8"))
    if recorded is not None:
        made.update(repr(recorded.ranges).encode() + recorded.digests)
    return made.hexdigest()


def _cores() -> str:
    """Returns what processes have in common that share the same cores: the host, and the processors of the process."""
    processors = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return hashlib.sha256(f"{platform.node()} {processors}".encode()).hexdigest()[:16]


def _encoded(said: dict[str, str]) -> bytes:
    while True:
        data = json.dumps(said).encode()
        if len(data) <= _LENGTH:
            return data
        said = {**said, "error": said["error"][: len(said["error"]) * 3 // 4]}
