"""winit.jax: arrays, and trees of flax. Meshes of eight devices are in test_jax_meshes.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import winit

jax = pytest.importorskip("jax")
flax = pytest.importorskip("flax")

import jax.numpy as jnp  # noqa: E402
from flax import linen, nnx  # noqa: E402

from winit.jax import make_array, make_tree  # noqa: E402
from winit.jax.trees import names  # noqa: E402

LAWS: Any = {
    "w": ("float32", (16, 8), winit.reference.normal(std=0.5)),
    "half": ("bfloat16", (8,), winit.reference.uniform(-1, 1)),
}
RECIPE = winit.Recipe.from_laws(7, LAWS)


def test_values_are_rounded_once_to_another_dtype() -> None:
    array = make_array(RECIPE["w"], jax.devices()[0], "bfloat16")
    bits = RECIPE["w"][...].view(np.uint32).astype(np.uint64)
    expected = ((bits + 0x7FFF + ((bits >> np.uint64(16)) & np.uint64(1))) >> np.uint64(16)).astype(np.uint16)
    assert (np.asarray(array).view(np.uint16) == expected).all()


def test_a_dtype_that_jax_would_narrow_is_refused() -> None:
    recipe = winit.Recipe.from_laws(7, {"w": ("float64", (4,), winit.reference.normal(std=0.5))})
    with pytest.raises(winit.BadInput, match="jax_enable_x64"):
        make_array(recipe["w"], jax.devices()[0])
    with jax.enable_x64(True):
        assert (np.asarray(make_array(recipe["w"], jax.devices()[0])) == recipe["w"][...]).all()


class Linen(linen.Module):  # type: ignore[misc]
    @linen.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        return linen.BatchNorm(use_running_average=False)(linen.Dense(3)(x))


class Nnx(nnx.Module):  # type: ignore[misc]
    def __init__(self, rngs: Any) -> None:
        self.linear = nnx.Linear(4, 3, rngs=rngs)
        self.norm = nnx.BatchNorm(3, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.dropout(self.norm(self.linear(x)))


def _recipe_of(abstract: Any) -> winit.Recipe:
    law = winit.reference.normal(std=0.5)
    return winit.Recipe.from_laws(3, {name: ("float32", shape, law) for name, shape in names(abstract).items()})


def test_a_tree_of_linen_has_the_names_of_its_paths() -> None:
    abstract = jax.eval_shape(lambda key: Linen().init(key, jnp.zeros((2, 4))), jax.random.key(0))
    recipe = _recipe_of(abstract)
    assert "params/Dense_0/kernel" in recipe and "batch_stats/BatchNorm_0/mean" in recipe
    made = make_tree(recipe, abstract)
    assert jax.tree_util.tree_structure(made) == jax.tree_util.tree_structure(abstract)
    assert (np.asarray(made["params"]["Dense_0"]["kernel"]) == recipe["params/Dense_0/kernel"][...]).all()
    Linen().apply(made, jnp.zeros((2, 4)), mutable=["batch_stats"])


def test_a_state_of_nnx_keeps_its_random_generators() -> None:
    graph, state = nnx.split(Nnx(nnx.Rngs(5)))
    recipe = _recipe_of(state)
    assert sorted(recipe) == ["linear/bias", "linear/kernel", "norm/bias", "norm/mean", "norm/scale", "norm/var"]
    model = nnx.merge(graph, make_tree(recipe, state))
    assert (np.asarray(model.linear.kernel[...]) == recipe["linear/kernel"][...]).all()
    assert (np.asarray(model.norm.mean[...]) == recipe["norm/mean"][...]).all()
    model(jnp.zeros((2, 4)))  # dropout draws from the generator that the model had


def test_nothing_is_made_if_a_name_shape_or_dtype_differs() -> None:
    def leaf(shape: tuple[int, ...], dtype: str = "float32") -> Any:
        return jax.ShapeDtypeStruct(shape, dtype)

    with pytest.raises(winit.NotFound, match="leaf `x`"):
        make_tree(RECIPE, {"w": leaf((16, 8)), "half": leaf((8,), "bfloat16"), "x": leaf((1,))})
    with pytest.raises(winit.BadInput, match=r"\[8, 16\]"):
        make_tree(RECIPE, {"w": leaf((8, 16)), "half": leaf((8,), "bfloat16")})
    with pytest.raises(winit.BadInput, match="cast=True"):
        make_tree(RECIPE, {"w": leaf((16, 8)), "half": leaf((8,))})
    with pytest.raises(winit.BadInput, match="no leaf for, such as `half`"):
        make_tree(RECIPE, {"w": leaf((16, 8))})
    made = make_tree(RECIPE, {"w": leaf((16, 8), "float16")}, subset=True, cast=True)
    assert (np.asarray(made["w"]) == RECIPE["w"][...].astype(np.float16)).all()


def test_names_can_be_mapped() -> None:
    made = make_tree(
        RECIPE, {"a": {"w": jax.ShapeDtypeStruct((16, 8), "float32")}}, None, lambda name: name[2:], subset=True
    )
    assert (np.asarray(made["a"]["w"]) == RECIPE["w"][...]).all()
