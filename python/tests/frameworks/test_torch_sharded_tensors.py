"""fill_ on DTensors of many placements: each rank makes the elements that it holds."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.distributed.tensor")

from torch_module_support import own_bytes  # noqa: E402
from torch_ranks_support import on_ranks, reports  # noqa: E402
from torch_sharded_ranks import recipe_of_matrix, tensors  # noqa: E402
from winit.torch.sharding.extents import Split, held_extents  # noqa: E402

WORLDS = (4, 3, 2, 1)

ranks = cache(lambda: on_ranks(WORLDS, tensors))


def of_ranks(world: int, case: str) -> list[dict[str, Any]]:
    return reports(ranks()[world], case)


def cases(world: int) -> list[str]:
    return list(ranks()[world][0])


@pytest.mark.parametrize("world", WORLDS)
def test_each_rank_has_the_elements_that_pytorch_says_it_holds(world: int) -> None:
    names = [case for case in cases(world) if case not in ("partial", "wrong local", "box")]
    assert len(names) >= 11 + 26 * (world == 4)
    for case in names:
        for found in of_ranks(world, case):
            whole = np.frombuffer(own_bytes(found["recipe"]), "<f4")
            assert np.array_equal(np.array(found["values"], np.float32), whole[found["indices"]]), case
            assert found["is_same"], case
            assert found["verified"] is None, found["verified"]


@pytest.mark.parametrize("world", WORLDS)
def test_each_rank_makes_the_elements_of_a_dtensor_that_it_holds_and_no_other(world: int) -> None:
    for case in cases(world):
        if case not in ("partial", "wrong local", "box", "orthogonal"):
            found = of_ranks(world, case)
            assert [one["made"] for one in found] == [one["held"] for one in found], case


def test_some_parts_are_empty_and_some_are_strided() -> None:
    assert [one["held"] for one in of_ranks(4, "empty")] == [3, 3, 0, 0]
    rows = [index // 5 for index in of_ranks(4, "[_StridedShard(dim=0, sf=2)]")[1]["indices"][::5]]
    assert rows == [3, 4, 5, 15, 16, 17]


def test_a_dtensor_can_be_a_box_of_a_tensor() -> None:
    whole = np.frombuffer(own_bytes(recipe_of_matrix()), "<f4").reshape(24, 5)
    for found in of_ranks(4, "box"):
        assert np.array_equal(np.array(found["whole"], np.float32), whole[10:16, 1:5])


@pytest.mark.parametrize("world", WORLDS)
def test_a_partial_placement_is_refused_with_the_cure(world: int) -> None:
    for found in of_ranks(world, "partial"):
        for function in ("fill_", "init_"):
            assert found[function].startswith("BadInput")
            assert "each rank holds a term" in found[function]
            assert "redistribute(placements=[Replicate()] * 1)" in found[function]
        assert found["is_unchanged"]


def test_a_local_tensor_that_is_not_the_part_that_its_placements_say_is_refused() -> None:
    for found in of_ranks(3, "wrong local"):
        assert "holds [1, 5] on this rank" in found["fill_"]
        assert "say [8, 5]" in found["fill_"]
        assert found["is_unchanged"]


def test_the_indices_of_a_strided_part_are_those_of_pytorch_for_all_lengths() -> None:
    from torch.distributed.tensor.placement_types import _StridedShard, _StridedShardOffsetMode

    for length, pieces, factor in itertools.product(range(1, 14), range(1, 5), range(1, 6)):
        placement = _StridedShard(0, split_factor=factor)
        for rank in range(pieces):
            mode = _StridedShardOffsetMode.ALL
            _, expected = placement.local_shard_size_and_offset(length, pieces, rank, mode)
            extents = held_extents(length, [Split(pieces, rank, factor)])
            assert [at for first, count in extents for at in range(first, first + count)] == expected
