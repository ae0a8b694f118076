"""winit.dist over process groups: the same id at any number of ranks, and each rank raises the same error."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import winit  # noqa: E402
from dist_support import MIB, model, reference_id  # noqa: E402
from torch_dist_ranks import on_each_rank  # noqa: E402
from torch_ranks_support import on_ranks  # noqa: E402
from winit import dist  # noqa: E402
from winit.filling import default_threads  # noqa: E402

WORLDS = (8, 4, 3, 2, 1)
MANY = WORLDS[:-1]

ranks = cache(lambda: on_ranks(WORLDS, on_each_rank))


def of_all_ranks(world: int, case: str) -> str:
    """What each rank reports of a case, which is the same text but for the traceback."""
    texts = [str(found[case]).split("\nTraceback")[0] for found in ranks()[world]]
    assert len(texts) == world
    assert texts == [texts[0]] * world
    return texts[0]


@pytest.mark.parametrize("world", WORLDS)
def test_the_id_at_any_number_of_ranks_is_that_of_the_reference(world: int) -> None:
    assert of_all_ranks(world, "id") == of_all_ranks(world, "kept id") == reference_id(model())
    assert of_all_ranks(world, "verified") == of_all_ranks(world, "verified record") == "None"


@pytest.mark.parametrize("world", WORLDS)
def test_the_ranks_together_make_each_byte_once_and_gather_twice(world: int) -> None:
    counts = [found["counts"] for found in ranks()[world]]
    assert {each["gathers"] for each in counts} == {2}
    own = [tensor for tensor in model().values() if tensor.tied_to is None]
    assert sum(each["bytes"] for each in counts) == sum(tensor.byte_count for tensor in own)


@pytest.mark.parametrize("world", MANY)
def test_an_error_of_one_rank_before_the_work_is_the_error_of_each(world: int) -> None:
    last = world - 1
    begin = f"BadInput: rank {last} could not begin. "
    assert of_all_ranks(world, "path").startswith(f"{begin}NotFound: there is no file /does/not/exist.json")
    assert of_all_ranks(world, "kind").startswith(f"{begin}BadInput: a recipe, run, reference or path was expected")
    assert of_all_ranks(world, "no threads").startswith(f"{begin}BadInput: threads is 0")
    assert "rank 0 could not begin. BadInput: there is nothing to compare with" in of_all_ranks(world, "no digests")


@pytest.mark.parametrize("world", MANY)
def test_an_error_of_one_rank_in_its_share_is_the_error_of_each(world: int) -> None:
    texts = [str(found["share"]).split("\nTraceback")[0] for found in ranks()[world]]
    assert dist.shares(model(), world)[-1], "a rank without chunks does not fail"
    assert texts[0].startswith(f"BadInput: rank {world - 1} could not make its share. MemoryError: éé")
    assert texts == [texts[0]] * world


@pytest.mark.parametrize("world", MANY)
def test_ranks_with_different_recipes_or_records_are_refused(world: int) -> None:
    last = world - 1
    assert of_all_ranks(world, "other recipe").startswith(f"BadInput: ranks 0 and {last} have different recipes. ")
    for case in ("other digests", "other record"):
        assert of_all_ranks(world, case).startswith(
            f"BadInput: ranks 0 and {last} have the same recipe with different digests, or digests on one of them only."
        )


@pytest.mark.parametrize("world", WORLDS)
def test_after_an_error_no_recipe_has_changed(world: int) -> None:
    if world > 1:
        assert of_all_ranks(world, "unchanged") == "True"
    text = of_all_ranks(world, "claim")
    assert text.startswith("Mismatch: the recipe does not give the digests that it claims")
    assert "`step`: the recipe claims the digest sha256:0000" in text


@pytest.mark.parametrize("world", WORLDS)
def test_the_first_chunk_that_differs_is_named_with_its_rank_on_every_rank(world: int) -> None:
    assert "`step`: the recipe claims the digest sha256:0000" in of_all_ranks(world, "verified claim")
    name, _, stop = dist.shares(model(), world)[-1][-1]
    count = -(-model()[name].byte_count // MIB)
    end = min(stop * MIB, model()[name].byte_count) - 1
    text = of_all_ranks(world, "fault")
    expected = (
        f"`{name}`: 1 of {count} chunk{'s' * (count > 1)} does not regenerate to the recorded digest; "
        f"first chunk {stop - 1} (bytes {(stop - 1) * MIB} to {end}), made by rank {world - 1} of {world}"
    )
    assert text == f"Mismatch: the recipe does not regenerate to the digests that are recorded:\n  {expected}"
    assert f"`{name}`: the recipe claims the digest {digest(name)}" in of_all_ranks(world, "fault of a tensor")


def digest(name: str) -> str:
    return model().digests()[name]


@pytest.mark.parametrize("world", WORLDS)
def test_the_ranks_of_a_machine_share_its_cores(world: int) -> None:
    for found in ranks()[world]:
        assert found["threads"] == [max(default_threads() // world, 1), 3]


@pytest.mark.parametrize("world", WORLDS)
def test_a_group_of_some_ranks_computes_the_id_and_the_others_are_refused(world: int) -> None:
    members = (world + 1) // 2
    for rank, found in enumerate(ranks()[world]):
        if rank < members:
            assert found["half"] == reference_id(model())
        else:
            assert "this process is not in the process group" in found["half"]


@pytest.mark.parametrize("world", WORLDS)
def test_the_progress_of_each_rank_is_that_of_its_share(world: int) -> None:
    found = [each["progress"] for each in ranks()[world]]
    assert all(done == total for done, total in found)
    assert sum(total for _, total in found) == sum(t.byte_count for t in model().values() if t.tied_to is None)


def test_the_import_does_not_import_pytorch() -> None:
    program = (
        "import sys, winit; recipe = winit.Recipe.from_laws(1, {'b': ('int64', (), winit.reference.constant(0))}); "
        "winit.dist.compute_id(recipe); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_process_without_a_group_is_the_only_rank() -> None:
    assert not torch.distributed.is_initialized()
    recipe: Any = model()
    assert dist.compute_id(recipe) == reference_id(model())
    dist.verify(recipe)
    with pytest.raises(winit.NotFound):
        dist.compute_id("/does/not/exist.json")
