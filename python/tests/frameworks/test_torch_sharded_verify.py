"""verify_distributed: each rank compares its part, and each rank raises the same error."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.distributed.tensor")

import winit.filling  # noqa: E402
import winit.torch  # noqa: E402
from torch_module_support import own_bytes  # noqa: E402
from torch_ranks_support import on_ranks  # noqa: E402
from torch_sharded_verdicts import recipe_of_matrices, verdicts  # noqa: E402

WORLDS = (4, 3, 2, 1)

ranks = cache(lambda: on_ranks(WORLDS, verdicts))


def of_all_ranks(world: int, case: str) -> Any:
    """What each rank reports of a case, which is the same text but for the traceback."""
    texts = [str(found[case]).split("\nTraceback")[0] for found in ranks()[world]]
    assert len(texts) == world
    assert texts == [texts[0]] * world
    return texts[0]


def value(name: str, *index: int) -> str:
    tensor = recipe_of_matrices()[name]
    return str(np.frombuffer(own_bytes(tensor), "<f4").reshape(tensor.shape)[index])


@pytest.mark.parametrize("world", WORLDS)
def test_a_state_of_a_run_is_right(world: int) -> None:
    for case in ("right", "stages", "missing of a subset", "renamed"):
        assert of_all_ranks(world, case) == "None", case


@pytest.mark.parametrize("world", WORLDS)
def test_the_first_difference_is_named_with_its_global_index_on_every_rank(world: int) -> None:
    # The last rank that holds rows of 13 holds the last of them: of 4 ranks 4, 4, 4, 1; of 3 ranks 5, 5, 3.
    text = of_all_ranks(world, "value")
    assert text.startswith("Mismatch: the weights are not those of the recipe")
    assert f"`b`: elements differ on rank {world - 1} of {world}; first at [12, 2] (element 38): " in text
    assert f"{value('b', 12, 2)} expected, 5.0 found on rank {world - 1}, where 1 element differs" in text
    for found in ranks()[world]:
        [finding] = found["value errors"]
        assert (finding.kind, finding.tensor, finding.index, finding.found) == ("values", "b", (12, 2), 5.0)


@pytest.mark.parametrize("world", WORLDS)
def test_the_first_of_several_differences_is_that_of_the_first_tensor_and_element(world: int) -> None:
    text = of_all_ranks(world, "two values")
    listed = ", ".join(map(str, range(world)))
    assert f"`b`: elements differ on rank{'s' * (world > 1)} {listed} of {world}; first at [0, 0] (element 0): " in text
    assert "`c`" not in text


@pytest.mark.parametrize("world", WORLDS)
def test_every_replica_is_compared(world: int) -> None:
    text = of_all_ranks(world, "replica")
    assert f"`b`: elements differ on rank {world - 1} of {world}; first at [3, 1] (element 10): " in text


@pytest.mark.parametrize("world", WORLDS)
def test_the_index_in_a_strided_part_is_that_of_the_whole_tensor(world: int) -> None:
    assert "first at [23, 0] (element 115): " in of_all_ranks(world, "strided")


@pytest.mark.parametrize("world", WORLDS)
def test_a_failure_of_one_rank_is_the_error_of_each(world: int) -> None:
    text = of_all_ranks(world, "failure")
    assert text.startswith(f"BadInput: rank {world - 1} could not compare its part. ")
    assert "/does/not/exist.json" in text
    if world > 1:
        assert f"ranks 0 and {world - 1} compare with different runs" in of_all_ranks(world, "other recipe")


@pytest.mark.parametrize("world", WORLDS)
def test_the_ranks_together_must_hold_each_element(world: int) -> None:
    assert "`b`: the ranks together hold 0 of its 39 elements" in of_all_ranks(world, "missing")
    rows = 8 - -(-8 // world) * (world - 1)
    held = 4 * (8 - max(rows, 0))
    assert f"`c`: the ranks together hold {held} of its 32 elements" in of_all_ranks(world, "missing part")


@pytest.mark.parametrize("world", WORLDS)
def test_a_tensor_that_does_not_fit_on_one_rank_is_named_on_each(world: int) -> None:
    rank = world - 1
    expected = f"`a`: the shape is [9, 2] in the run and [3] in the weights, on rank {rank} of {world}"
    assert expected in of_all_ranks(world, "shape")
    assert f"the run does not, on rank {rank} of {world}" in of_all_ranks(world, "unexpected")


@pytest.mark.parametrize("world", WORLDS)
def test_one_all_reduce_gives_the_verdict_and_a_second_one_counts_elements_where_ranks_lack_tensors(world: int) -> None:
    assert of_all_ranks(world, "right reductions") == "1"
    assert of_all_ranks(world, "stages reductions") == ("1" if world == 1 else "2")


def test_without_a_process_group_this_process_is_the_only_rank() -> None:
    recipe = recipe_of_matrices()
    state = {name: torch.from_numpy(tensor[...]) for name, tensor in recipe.items()}
    winit.torch.verify_distributed(state, recipe)
    state["c"][1, 1] = 9
    with pytest.raises(winit.Mismatch, match=r"`c`: .*first at \[1, 1\] \(element 5\)"):
        winit.torch.verify_distributed(state, recipe)


def test_a_tile_at_a_time_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    from winit.torch.sharding import comparing

    made: list[int] = []
    engine = winit.filling.fill_box

    def fill_box(tensor: Any, offset: Any, size: Any, *rest: Any) -> Any:
        made.append(torch.Size(size).numel())
        return engine(tensor, offset, size, *rest)

    monkeypatch.setattr(winit.filling, "fill_box", fill_box)
    monkeypatch.setattr(comparing, "TILE", 6)
    recipe = recipe_of_matrices()
    state = {name: torch.from_numpy(tensor[...]) for name, tensor in recipe.items()}
    made.clear()
    winit.torch.verify_distributed(state, recipe)
    assert max(made) <= 6
    assert sum(made) == 18 + 39 + 32
