"""winit.dist on runs of a registry: the recorded digests of chunks are what many workers compare with."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

import winit
from winit import Mismatch, dist
from winit.dist import ChunkDigests

MIB = 1 << 20


def runs(path: Path) -> list[winit.Run]:
    return list(winit.Registry(path))


@pytest.mark.parametrize("schema", [1, 2, 3, 5])
def test_the_recorded_digests_are_those_of_the_chunks(registry_of: Callable[[int], Path], schema: int) -> None:
    for run in runs(registry_of(schema)):
        found = dist.recorded(run)
        expected = [
            hashlib.sha256(data[at : at + MIB]).digest()
            for name, start, stop in found.ranges
            for data in [run[name][...].tobytes()]
            for at in range(start * MIB, min(stop * MIB, len(data)), MIB)
        ]
        assert found.digests == b"".join(expected)
        assert {chunks.tensor for chunks in found.ranges} == {
            name for name, tensor in run.items() if tensor.tied_to is None and tensor.count
        }


def test_a_run_is_verified_by_chunks_and_its_recipe_by_a_file(registry_of: Callable[[int], Path]) -> None:
    for run in runs(registry_of(3)):
        dist.verify(run)
        assert dist.compute_id(run) == run.id
        dist.recorded(run).save("recorded.json", force=True)
        dist.verify(run.recipe(), "recorded.json")
        part = dist.digests(run, dist.shares(run, 1)[0])
        assert dist.compare(run, [part]) == []
        wrong = ChunkDigests(part.recipe, part.ranges, bytes(32) + part.digests[32:])
        [finding] = dist.compare(run, [wrong])
        assert finding.tensor == part.ranges[0].tensor
        assert "first chunk 0" in finding.message and finding.message.endswith("in the digests at index 0")


def test_a_record_that_contradicts_itself_is_an_error(registry_of: Callable[[int], Path]) -> None:
    run = runs(registry_of(3))[0]
    tensor = next(tensor for tensor in run.values() if tensor.count)
    assert isinstance(tensor, winit.RunTensor) and tensor.place is not None
    tensor.place.digests[tensor.name] = bytes(32)
    with pytest.raises(Mismatch, match="its digest is not the digest of its chunk digests"):
        dist.verify(run)


def test_workers_on_other_machines_take_the_recipe_of_a_run(registry_of: Callable[[int], Path]) -> None:
    path = registry_of(3)
    run = runs(path)[-1]
    plain = run.recipe().select(*(name for name, tensor in run.items() if not tensor.has_literal))
    sent = pickle.dumps(plain)
    path.unlink()
    recipe = pickle.loads(sent)
    assert dist.assemble(recipe, [dist.digests(recipe, share) for share in dist.shares(recipe, 2)]) == plain.id
