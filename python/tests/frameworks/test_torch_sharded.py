"""Sharded modules: each rank makes what it holds, and together they have the single process's bits."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.distributed.tensor")

import winit.torch  # noqa: E402
from torch_module_support import own_bytes  # noqa: E402
from torch_ranks_support import on_ranks, reports  # noqa: E402
from torch_sharded_ranks import Net, modules, recipe_of_net, stepped  # noqa: E402

WORLDS = (4, 3, 2, 1)

OTHERS = ("gathered", "lost ties", "ties that cannot be")
"""Cases that report something else than the elements of a module."""

ranks = cache(lambda: on_ranks(WORLDS, modules))


def of_ranks(world: int, case: str) -> list[dict[str, Any]]:
    return reports(ranks()[world], case)


def cases(world: int) -> list[str]:
    return list(ranks()[world][0])


@pytest.mark.parametrize("world", WORLDS)
def test_the_gathered_module_has_the_bits_of_a_single_process(world: int) -> None:
    recipe = recipe_of_net()
    expected = {name: own_bytes(tensor) for name, tensor in recipe.items()}
    names = [case for case in cases(world) if case not in OTHERS]
    assert {"fsdp", "fsdp load", "tensor parallel", "offloaded"} <= set(names)
    assert world != 4 or {"nested", "nested in place"} <= set(names)
    for case in names:
        for found in of_ranks(world, case):
            assert found["bytes"] == expected, case
            assert found["sharded"] >= 3
            assert found["parameters"]
            assert found["verified"] is None


@pytest.mark.parametrize("world", WORLDS)
def test_each_rank_makes_the_elements_of_a_module_that_it_holds_and_no_other(world: int) -> None:
    for case in cases(world):
        if case not in OTHERS:
            found = of_ranks(world, case)
            assert [one["made"] for one in found] == [one["held"] for one in found], case


@pytest.mark.parametrize("world", WORLDS)
def test_ties_stay(world: int) -> None:
    for case in cases(world):
        if case not in OTHERS:
            assert all(one["tied"] for one in of_ranks(world, case)), case


@pytest.mark.parametrize("world", WORLDS)
def test_a_module_that_fsdp_has_gathered_is_refused_with_the_cure(world: int) -> None:
    module = Net()
    expected = []
    for seed in (7, 9):
        winit.torch.init_(module, recipe_of_net().with_seed(seed))
        expected.append(module(torch.arange(6)).detach())
    for found in of_ranks(world, "gathered"):
        assert torch.allclose(found["before"], expected[0], atol=1e-6)
        assert found["refused"].startswith("BadInput: FSDP has gathered the parameters of `the module`")
        assert "Call reshard()" in found["refused"]
        assert torch.allclose(found["after"], expected[1], atol=1e-6)
        assert found["is_tied"]


@pytest.mark.parametrize("world", WORLDS)
def test_a_lost_tie_is_restored_and_trained_as_one(world: int) -> None:
    module = Net()
    winit.torch.init_(module, recipe_of_net())
    expected = stepped(module)
    for found in of_ranks(world, "lost ties"):
        assert found["was_tied"]
        assert found["is_tied"]
        assert torch.allclose(found["trained"], expected, atol=1e-6)


@pytest.mark.parametrize("world", WORLDS)
def test_parameters_that_are_split_in_two_ways_get_equal_values_and_are_not_tied(world: int) -> None:
    expected = {name: own_bytes(tensor) for name, tensor in recipe_of_net().items()}
    for found in of_ranks(world, "ties that cannot be"):
        assert found["bytes"] == expected
        assert not found["is_tied"]
