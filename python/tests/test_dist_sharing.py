"""winit.dist.shares: each chunk once, at the same cost for each worker, and the same on every machine."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest

from dist_support import MIB, model
from recipe_support import REPOSITORY, random_tensors
from winit import BadInput, Recipe, Spec, reference
from winit.dist import ChunkRange, shares
from winit.distributing.costs import tensor_cost

WORLDS = (1, 2, 3, 7, 16, 100)


def chunks(shares: list[list[ChunkRange]]) -> Counter[tuple[str, int]]:
    """How often each chunk is in shares."""
    return Counter((name, chunk) for share in shares for name, start, stop in share for chunk in range(start, stop))


def uniform(size: int) -> tuple[str, tuple[int, ...], Any]:
    return "float32", (size * MIB // 4,), reference.uniform(-1, 1)


@pytest.mark.parametrize("world", WORLDS)
def test_the_shares_hold_each_chunk_once(world: int) -> None:
    recipes = [model(), *(Spec(tuple(random_tensors(random.Random(at), 30))).recipe(at) for at in range(20))]
    for recipe in recipes:
        expected = {
            (name, chunk)
            for name, tensor in recipe.items()
            if tensor.tied_to is None
            for chunk in range(-(-tensor.byte_count // MIB))
        }
        found = chunks(shares(recipe, world))
        assert set(found) == expected
        assert set(found.values()) <= {1}


def test_a_tensor_is_cut_at_chunks_and_each_share_is_one_range() -> None:
    recipe = Recipe.from_laws(1, {"w": uniform(10)})
    assert shares(recipe, 3) == [[("w", 0, 3)], [("w", 3, 7)], [("w", 7, 10)]]
    assert shares(recipe, 1) == [[("w", 0, 10)]]


def test_shares_of_one_law_differ_by_a_chunk_at_most() -> None:
    laws = {f"layer.{at}": uniform(size) for at, size in enumerate((1, 17, 3, 64, 2, 30))}
    for world in (2, 5, 8, 31, 117):
        sizes = [sum(stop - start for _, start, stop in share) for share in shares(Recipe.from_laws(1, laws), world)]
        assert max(sizes) - min(sizes) <= 1
        assert sum(sizes) == 117


def test_more_shares_than_chunks_leave_some_empty() -> None:
    found = shares(Recipe.from_laws(1, {"a": uniform(2), "b": uniform(1)}), 8)
    assert sorted(map(len, found)) == [0] * 5 + [1] * 3
    assert shares(Recipe.from_laws(1, {}), 3) == [[], [], []]


def test_a_share_of_dear_elements_has_fewer_of_them() -> None:
    # A function of a draw costs several times what the draw costs.
    dear = reference.expression(["tanh", "draw"], reference.normal())
    recipe = Recipe.from_laws(1, {"a": ("float32", (16, MIB // 4), dear), "b": uniform(16)})
    first, second = shares(recipe, 2)
    assert first == [("a", 0, first[0].stop)] and first[0].stop < 12
    assert second == [("a", first[0].stop, 16), ("b", 0, 16)]


def orthogonal(side: int, batch: int = 0) -> tuple[str, tuple[int, ...], Any]:
    law = {"law": "orthogonal", "gain": 1.0, "rows": side, **({"batch": [0]} if batch else {})}
    return "float32", ((batch,) if batch else ()) + (side, side), law


def test_the_chunks_that_can_be_divided_level_the_workers_that_make_matrices() -> None:
    recipe = Recipe.from_laws(1, {"a": orthogonal(512), "b": orthogonal(512), "u": uniform(200), "v": uniform(3)})
    costs = {name: tensor_cost(tensor) for name, tensor in recipe.items()}
    chunk = costs["u"] // 200
    for world in (2, 3, 5):
        loads = [sum(costs[n] * (b - a) * MIB // recipe[n].byte_count for n, a, b in s) for s in shares(recipe, world)]
        assert max(loads) - min(loads) <= chunk + 10
    # A matrix that costs more than all else has a worker for itself.
    recipe = Recipe.from_laws(1, {"a": orthogonal(1024), "u": uniform(40)})
    assert shares(recipe, 3) == [[("a", 0, 4)], [("u", 0, 20)], [("u", 20, 40)]]


def test_the_dearest_matrices_are_given_to_workers_first() -> None:
    recipe = Recipe.from_laws(1, {**{f"a.{at}": orthogonal(512) for at in range(6)}, "b": orthogonal(1024)})
    assert [("b", 0, 4)] in shares(recipe, 2)


def test_matrices_that_are_made_whole_are_not_divided_and_go_to_different_workers() -> None:
    recipe = Recipe.from_laws(1, {"batch": orthogonal(512, 4), "odd": orthogonal(500, 4), "one": orthogonal(1024, 0)})
    for world in (2, 3, 4, 9):
        found = [each for share in shares(recipe, world) for each in share]
        # A matrix of 512 × 512 is a chunk; those of 500 × 500 share chunks, so one worker makes all of them.
        assert [each for each in found if each.tensor != "batch"].count(ChunkRange("odd", 0, 4)) == 1
        assert found.count(ChunkRange("one", 0, 4)) == 1
    held = [{name for name, _, _ in share} for share in shares(recipe, 6)]
    assert sum("one" in names and "odd" in names for names in held) == 0
    assert sum("batch" in names for names in held) == 4


@pytest.mark.parametrize("seed", range(5))
def test_no_share_costs_more_than_the_mean_and_the_dearest_piece(seed: int) -> None:
    rng = random.Random(seed)
    laws = dict[str, tuple[str, tuple[int, ...], Any]]()
    for at in range(60):
        side = rng.choice((64, 256, 512, 1024))
        law = rng.choice(
            (
                reference.normal(),
                reference.uniform(0, 1),
                {"law": "orthogonal", "gain": 1.0, "rows": side},
                {"law": "sparse", "std": 0.5, "zeros": 3},
            )
        )
        laws[f"layer.{at}"] = ("float32", (side, side), law)
    recipe = Recipe.from_laws(1, laws)
    costs = {name: tensor_cost(tensor) for name, tensor in recipe.items()}
    counts = {name: -(-tensor.byte_count // MIB) for name, tensor in recipe.items()}
    dearest = max(cost if recipe[name].needs_whole else cost // counts[name] for name, cost in costs.items())
    for world in (2, 3, 8, 20):
        loads = [sum(costs[n] * (b - a) // counts[n] for n, a, b in share) for share in shares(recipe, world)]
        assert max(loads) <= sum(costs.values()) // world + dearest


def test_every_machine_shares_a_recipe_out_in_the_same_way() -> None:
    program = (
        "import json, sys; sys.path[:0] = sys.argv[1:]; from dist_support import model; from winit.dist import shares; "
        "print(json.dumps(shares(model(), 5)))"
    )
    folders = [str(REPOSITORY / each) for each in ("python/src", "python/tests", "tools")]
    for settings in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "WINIT_KERNEL": "scalar"}):
        done = subprocess.run(
            [sys.executable, "-c", program, *folders], capture_output=True, env={**os.environ, **settings}, check=True
        )
        assert [[tuple(each) for each in share] for share in json.loads(done.stdout)] == shares(model(), 5)


@pytest.mark.parametrize("count", [0, -3, True, 2.0, "2", None])
def test_a_number_that_is_no_number_of_shares_is_refused(count: Any) -> None:
    with pytest.raises(BadInput, match="the number of shares is"):
        shares(model(), count)


def test_an_integer_of_numpy_is_a_number_of_shares() -> None:
    count: Any = np.int64(2)
    assert shares(model(), count) == shares(model(), 2)
