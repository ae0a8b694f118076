"""Comparison of JAX arrays, also sharded ones."""

from __future__ import annotations

import pytest

from winit import Recipe, compare, reference

jax = pytest.importorskip("jax")


def test_jax_arrays_are_compared_by_their_bits() -> None:
    law = reference.normal(std=0.02)
    recipe = Recipe.from_laws(
        42,
        {
            "w": ("float32", (8, 6), law),
            "b": ("bfloat16", (6,), law),
            "n": ("int32", (), {"law": "constant", "value": 3}),
        },
    )
    mesh = jax.sharding.Mesh(jax.devices()[:1], ("x",))
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("x"))
    weights = {name: jax.numpy.asarray(array) for name, array in recipe.arrays()}
    weights["w"] = jax.device_put(weights["w"], sharding)
    assert str(weights["b"].dtype) == "bfloat16"
    assert compare(weights, recipe) == []
    weights["b"] = weights["b"].at[5].set(1)
    (finding,) = compare(weights, recipe)
    assert (finding.tensor, finding.index, finding.found) == ("b", (5,), 1)
