"""Pipeline stages and experts: each rank makes its own, and together they have the single process's bits."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.distributed.pipelining")
pytest.importorskip("torch.distributed.tensor")

import winit.torch  # noqa: E402
from torch_module_support import own_bytes  # noqa: E402
from torch_parallel_ranks import (  # noqa: E402
    Deep,
    parallel,
    recipe_of_deep,
    recipe_of_experts,
    recipe_of_named_experts,
    tokens,
)
from torch_ranks_support import on_ranks, reports  # noqa: E402

WORLDS = (4, 3, 2, 1)

CASES = {1: 3, 2: 3, 3: 3, 4: 8}

ranks = cache(lambda: on_ranks(WORLDS, parallel))


def of_ranks(world: int, case: str) -> list[dict[str, Any]]:
    return reports(ranks()[world], case)


def recipe_of(case: str) -> Any:
    if case == "experts by name":
        return recipe_of_named_experts()
    return recipe_of_deep() if case.startswith("stages") else recipe_of_experts()


@pytest.mark.parametrize("world", WORLDS)
def test_the_tensors_of_all_ranks_are_those_of_a_single_process(world: int) -> None:
    cases = list(ranks()[world][0])
    assert len(cases) == CASES[world]
    for case in cases:
        expected = {name: own_bytes(tensor) for name, tensor in recipe_of(case).items()}
        found = of_ranks(world, case)
        assert set().union(*(one["bytes"] for one in found)) == set(expected), case
        for one in found:
            assert one["bytes"] == {name: expected[name] for name in one["bytes"]}, case
            assert one["verified"] is None, case
            assert one["audited"] == [], case
        assert all(one["sharded"] for one in found) == (case not in ("stages", "experts by name")), case


@pytest.mark.parametrize("world", WORLDS)
def test_each_rank_makes_the_elements_of_its_stage_and_its_experts_and_no_other(world: int) -> None:
    for case in ranks()[world][0]:
        found = of_ranks(world, case)
        assert [one["made"] for one in found] == [one["held"] for one in found], case
        total = sum(tensor.count for tensor in recipe_of(case).values())
        assert world == 1 or max(one["held"] for one in found) < total, case


def test_four_ranks_do_not_divide_six_experts() -> None:
    router = 4 * 6
    assert [one["held"] - router for one in of_ranks(4, "experts")] == [128, 128, 128, 0]


@pytest.mark.parametrize("world", WORLDS)
def test_a_pipeline_of_the_stages_gives_the_output_of_the_whole_model(world: int) -> None:
    module = Deep()
    winit.torch.init_(module, recipe_of_deep())
    outputs = [one["output"] for one in of_ranks(world, "stages")]
    assert all(output is None for output in outputs[:-1])
    assert torch.allclose(outputs[-1], module(tokens()), atol=1e-6)
