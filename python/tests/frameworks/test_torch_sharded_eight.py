"""Eight ranks, and meshes of three dimensions: most tensors of the tests have fewer rows than there are ranks."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.distributed.pipelining")
pytest.importorskip("torch.distributed.tensor")

from torch_eight_ranks import eight  # noqa: E402
from torch_module_support import own_bytes  # noqa: E402
from torch_parallel_ranks import recipe_of_deep, recipe_of_experts, recipe_of_named_experts  # noqa: E402
from torch_ranks_support import on_ranks, reports  # noqa: E402
from torch_sharded_ranks import recipe_of_net  # noqa: E402

ranks = cache(lambda: on_ranks((8,), eight)[8])

OTHERS = ("gathered", "lost ties", "ties that cannot be")
"""Cases of modules that report something else than the elements of a module."""

REFUSED = ("partial", "wrong local")


def of_ranks(topic: str, case: str) -> list[dict[str, Any]]:
    return reports([each[topic] for each in ranks()], case)


def cases(topic: str) -> list[str]:
    return [case for case in ranks()[0][topic] if case not in (*OTHERS, *REFUSED)]


def test_the_gathered_module_has_the_bits_of_a_single_process() -> None:
    expected = {name: own_bytes(tensor) for name, tensor in recipe_of_net().items()}
    assert cases("modules") == ["fsdp", "fsdp load", "tensor parallel", "offloaded", "hybrid"]
    for case in cases("modules"):
        for found in of_ranks("modules", case):
            assert found["bytes"] == expected, case
            assert found["sharded"] >= 3 and found["tied"] and found["verified"] is None, case


def test_each_rank_has_the_elements_that_pytorch_says_it_holds() -> None:
    assert len(cases("tensors")) == 6 + 5 + 2
    for case in cases("tensors"):
        for found in of_ranks("tensors", case):
            whole = np.frombuffer(own_bytes(found["recipe"]), "<f4")
            assert np.array_equal(np.array(found["values"], np.float32), whole[found["indices"]]), case
            assert found["verified"] is None, found["verified"]


def test_stages_and_experts_of_all_ranks_are_those_of_a_single_process() -> None:
    recipes = {"stages": recipe_of_deep(), "experts": recipe_of_experts(), "experts by name": recipe_of_named_experts()}
    recipes |= {"stages of both": recipes["stages"], "experts of both": recipes["experts"]}
    assert set(cases("parallel")) == set(recipes)
    for case, recipe in recipes.items():
        expected = {name: own_bytes(tensor) for name, tensor in recipe.items()}
        found = of_ranks("parallel", case)
        assert set().union(*(one["bytes"] for one in found)) == set(expected), case
        for one in found:
            assert one["bytes"] == {name: expected[name] for name in one["bytes"]}, case
            assert one["verified"] is None, case


def test_each_rank_makes_the_elements_that_it_holds_and_no_other() -> None:
    for topic in ("modules", "tensors", "parallel"):
        for case in cases(topic):
            if case != "orthogonal":
                found = of_ranks(topic, case)
                assert [one["made"] for one in found] == [one["held"] for one in found], case


def test_the_reader_and_links_give_the_bits_of_a_single_process() -> None:
    for rank, result in enumerate(ranks()):
        loads = result["loads"]
        assert isinstance(loads, dict) and len(loads) == 10, loads
        for name, (wrong, made, held) in loads.items():
            assert wrong == [], f"rank {rank}, {name}"
            assert held <= made <= (1.2 if name.startswith("link") else 1) * held, f"rank {rank}, {name}"


def test_some_of_eight_ranks_hold_nothing() -> None:
    assert [one["held"] for one in of_ranks("tensors", "empty")] == [3, 3, 0, 0, 0, 0, 0, 0]
