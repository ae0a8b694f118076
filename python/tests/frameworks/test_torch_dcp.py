"""RecipeReader and winit:// in process groups: the bits of one process, and no element more than a rank holds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

torch = pytest.importorskip("torch")
if not torch.distributed.is_available():
    pytest.skip("this PyTorch has no torch.distributed", allow_module_level=True)

import dcp_scenarios  # noqa: E402
import dcp_support  # noqa: E402

Results = Callable[[int], list[dict[str, dict[str, list[Any]]]]]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What each rank of a group of processes saw; each group runs once."""

    @cache
    def results(ranks: int) -> list[dict[str, Any]]:
        return dcp_support.run(dcp_scenarios.both, ranks, tmp_path_factory.mktemp(f"ranks-{ranks}"))

    return results


@pytest.mark.parametrize(("ranks", "states"), [(1, 5), (2, 5), (3, 5), (4, 11)])
def test_every_rank_makes_what_it_holds_with_the_bits_of_one_process(results: Results, ranks: int, states: int) -> None:
    for rank, result in enumerate(results(ranks)):
        assert len(result["accepted"]) == 2 * states
        for name, (wrong, made, held) in result["accepted"].items():
            assert wrong == [], f"rank {rank}, {name}"
            if name.startswith("reader"):
                assert made == held, f"rank {rank}, {name}"
            else:
                assert held <= made <= 1.2 * held, f"rank {rank}, {name}: {made} made, {held} held"


@pytest.mark.parametrize(("ranks", "states"), [(2, 1), (3, 1), (4, 3)])
def test_shards_of_several_ranges_are_refused_on_every_rank_and_nothing_is_written(
    results: Results, ranks: int, states: int
) -> None:
    of_ranks = [result["refused"] for result in results(ranks)]
    names = [name for name in of_ranks[0] if name not in ("partial", "order")]
    assert len(names) == states
    for name in names:
        for error, is_written, _ in (rank[name] for rank in of_ranks):
            assert "is not one range" in error and "init_" in error, name
            assert not is_written, name
        # The reason: some rank gets wrong elements from a checkpoint that torch.distributed.checkpoint wrote.
        assert any(rank[name][2] for rank in of_ranks), f"{name}: dcp.load is right now, and need not be refused"


def test_shards_in_another_order_than_that_of_the_mesh_are_refused(results: Results) -> None:
    of_ranks = [result["refused"].get("order") for result in results(4)]
    if None in of_ranks:
        pytest.skip("this PyTorch has no order of shards")
    for found in of_ranks:
        assert found is not None and "is sharded in the order" in found[0] and not found[1]
    assert any(found is not None and found[2] for found in of_ranks), "dcp.load is right now, and need not be refused"


@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_partial_placements_are_refused(results: Results, ranks: int) -> None:
    for result in results(ranks):
        error, is_written, _ = result["refused"]["partial"]
        assert error is not None and not is_written
