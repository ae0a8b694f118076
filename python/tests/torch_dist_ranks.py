"""What each rank does in the tests of winit.dist with process groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

import winit
from dist_support import changed, model
from torch_ranks_support import attempt
from winit import dist


def on_each_rank(rank: int, world: int) -> dict[str, Any]:
    """Ids and verifications that are right, and that are wrong on the last rank."""
    from torch import distributed

    last = rank == world - 1
    found = dict[str, Any]()
    recipe = model()
    with counted() as counts:
        found["id"] = attempt(lambda: dist.compute_id(recipe))
    found["kept id"], found["counts"] = recipe.id, counts
    found["verified"] = attempt(lambda: dist.verify(recipe))
    record = dist.digests(recipe, dist.shares(recipe, 1)[0], 1)
    found["verified record"] = attempt(lambda: dist.verify(recipe, record))

    bare = model()
    found["path"] = attempt(lambda: dist.compute_id("/does/not/exist.json" if last else bare))
    found["kind"] = attempt(lambda: dist.compute_id(3 if last else bare))  # type: ignore[arg-type]
    found["other recipe"] = attempt(lambda: dist.compute_id(bare.with_seed(8) if last else bare))
    found["other digests"] = attempt(lambda: dist.compute_id(recipe if last else bare))
    found["other record"] = attempt(lambda: dist.verify(recipe, record if last else None))
    found["no digests"] = attempt(lambda: dist.verify(bare))
    found["no threads"] = attempt(lambda: dist.compute_id(bare, threads=0 if last else None))
    with failing(last):
        found["share"] = attempt(lambda: dist.compute_id(bare))
    found["unchanged"] = bare.id is None

    false = winit.Recipe(recipe.seed, [claiming(tensor, "step") for tensor in recipe.values()])
    found["claim"] = attempt(lambda: dist.compute_id(false))
    found["verified claim"] = attempt(lambda: dist.verify(false))
    with faulty(last):
        found["fault"] = attempt(lambda: dist.verify(recipe, record))
        found["fault of a tensor"] = attempt(lambda: dist.verify(recipe))

    with threads_of_shares() as threads:
        dist.compute_id(bare)
        dist.compute_id(bare, threads=3)
    found["threads"] = threads
    half = distributed.new_group(list(range((world + 1) // 2)))
    found["half"] = attempt(lambda: dist.compute_id(bare, group=half))
    seen = list[tuple[int, int]]()
    dist.compute_id(bare, progress=lambda done, total: seen.append((done, total)))
    found["progress"] = seen[-1] if seen else (0, 0)
    return found


def claiming(tensor: winit.TensorRecipe, name: str) -> winit.TensorRecipe:
    return replace(tensor, digest="sha256:" + "0" * 64) if tensor.name == name else tensor


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """Counts the collectives, and the bytes that this process makes."""
    from torch import distributed

    import winit.filling

    counts = {"gathers": 0, "bytes": 0}
    gather, fill = distributed.all_gather, winit.filling.fill_range

    def all_gather(*arguments: Any) -> Any:
        counts["gathers"] += 1
        return gather(*arguments)

    def fill_range(tensor: Any, start: int, count: int, *rest: Any) -> Any:
        made = fill(tensor, start, count, *rest)
        counts["bytes"] += made.nbytes
        return made

    with mock.patch.object(distributed, "all_gather", all_gather), mock.patch("winit.filling.fill_range", fill_range):
        yield counts


@contextmanager
def failing(is_here: bool) -> Iterator[None]:
    """Lets the fill of this rank fail, as where its memory ends."""
    if not is_here:
        yield
        return
    with mock.patch("winit.filling.fill_range", side_effect=MemoryError("é" * 5000)):
        yield


@contextmanager
def faulty(is_here: bool) -> Iterator[None]:
    """Lets this rank get one digest wrong: the last one of its share."""
    if not is_here:
        yield
        return
    own = dist.digests

    def digests(*arguments: Any) -> Any:
        part = own(*arguments)
        return changed(part, len(part) - 1) if len(part) else part

    with mock.patch("winit.distributing.collectives.digests", digests):
        yield


@contextmanager
def threads_of_shares() -> Iterator[list[int]]:
    """Notes how many threads make a share."""
    noted, own = list[int](), dist.digests

    def digests(recipe: Any, share: Any, threads: int, *rest: Any) -> Any:
        noted.append(threads)
        return own(recipe, share, threads, *rest)

    with mock.patch("winit.distributing.collectives.digests", digests):
        yield noted
