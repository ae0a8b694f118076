"""What the tests of winit.jax run in processes of their own: see `jax_support.run_in_child`."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx
from flax.training import train_state
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

import winit
from jax_support import bits_by_law, bits_of, recipe_of
from winit import reference
from winit.jax import generate, make_array, make_tree
from winit.jax.in_jit.exact import Exact
from winit.jax.in_jit.philox import Region, words
from winit.jax.trees import names

NORMAL = reference.normal(-1.25, 0.3)  # a mean, so that the last sum would be fused with the product before it
LAWS: dict[str, Any] = {
    "normal": NORMAL,
    "uniform": reference.uniform(-0.1, 0.3),
    "truncated_normal": reference.truncated_normal(-0.7, 0.11, -1.0, 3.0),
}


def generate_with_fast_math() -> None:
    """Compares each draw, and a sum that fast math reorders elsewhere, with the reference and with NumPy."""
    for name, law in LAWS.items():
        recipe = recipe_of(law, (64, 256))
        differing = np.count_nonzero(bits_of(jax.jit(lambda r=recipe: generate(r))()) != bits_by_law(recipe))
        assert differing == 0, f"{name}: {differing} elements differ"
    x = np.linspace(0.1, 1.9, 1 << 10, dtype=np.float32)
    large = np.float32(1 << 20)
    assert np.array_equal(np.asarray(jax.jit(lambda y: (y + large) - large)(x)), x), "fast math does not reorder sums"
    made = jax.jit(_kept_sum)(x, large)
    assert np.array_equal(np.asarray(made), (x + large) - large), "sums were reordered"
    print("equal")


def _kept_sum(x: Any, large: Any) -> Any:
    exact = Exact(words(Region.of_box(1, 2, x.shape, (0,), x.shape))[1])
    return exact.subtract(exact.add(x, large), large)


def _mesh(**axes: int) -> Any:
    kinds = (jax.sharding.AxisType.Auto,) * len(axes)
    return jax.make_mesh(tuple(axes.values()), tuple(axes), axis_types=kinds)


def generate_under_shardings() -> None:
    """Generates under shardings, also uneven ones; each device computes what it holds, without communication."""
    assert jax.device_count() == 8
    gates: Any = [{"box": [[16 * k, 16 * k + 16]], "law": law} for k, law in enumerate(LAWS.values())]
    parts: Any = {"law": "parts", "parts": [{"box": [], "law": reference.constant(1.0)}, *gates]}
    line, grid = _mesh(x=8), _mesh(x=4, y=2)
    shardings = [
        NamedSharding(line, P("x")),
        NamedSharding(line, P(None, "x")),
        NamedSharding(grid, P("x", "y")),
        NamedSharding(grid, P("y")),
    ]
    for sharding in shardings:
        recipe = recipe_of(NORMAL, (64, 48), "bfloat16")
        compiled = jax.jit(lambda r=recipe, s=sharding: generate(r, sharding=s)).lower().compile()
        text = compiled.as_text()
        assert not re.search("all-gather|all-reduce|all-to-all|collective-permute", text), sharding
        assert "[64,48]" not in text and f"[{','.join(map(str, sharding.shard_shape((64, 48))))}]" in text, sharding
        made = compiled()
        assert made.sharding.is_equivalent_to(sharding, 2)
        assert np.array_equal(bits_of(made), bits_by_law(recipe)), sharding
    recipe, explicit = recipe_of(NORMAL, (64, 48)), jax.make_mesh((8,), ("x",), (jax.sharding.AxisType.Explicit,))
    with jax.set_mesh(explicit):
        for given in (P("x"), NamedSharding(explicit, P(None, "x"))):
            compiled = jax.jit(lambda s=given: generate(recipe, sharding=s) * 1).lower().compile()
            assert "[64,48]" not in compiled.as_text(), given
            assert np.array_equal(bits_of(compiled()), bits_by_law(recipe)), given
    divided = recipe_of(parts, (64, 48))
    for sharding in (NamedSharding(line, P("x")), NamedSharding(grid, P("y", "x")), NamedSharding(grid, P())):
        made = jax.jit(lambda s=sharding: generate(divided, sharding=s))()
        assert np.array_equal(bits_of(made), bits_by_law(divided)), sharding
    uneven = recipe_of(NORMAL, (10, 7))
    doubled = jax.jit(lambda: generate(uneven, sharding=NamedSharding(line, P("x"))) * 2)()
    assert np.array_equal(np.asarray(doubled), 2 * bits_by_law(uneven).view(np.float32))
    print("equal")


def make_arrays_on_meshes() -> None:
    """Makes arrays on meshes; each distinct shard is made once, and the shards of a device are its elements."""
    assert jax.device_count() == 8
    recipe, asked, box = recipe_of(NORMAL, (16, 8)), Counter[Any](), winit.TensorRecipe.box

    def counting(self: Any, offset: Any, size: Any, *rest: Any, **more: Any) -> Any:
        asked[tuple(offset), tuple(size)] += 1
        return box(self, offset, size, *rest, **more)

    winit.TensorRecipe.box = counting  # type: ignore[method-assign]
    line, grid, cube = _mesh(x=8), _mesh(x=4, y=2), _mesh(x=2, y=2, z=2)
    for mesh, spec, distinct in (
        (line, P("x"), 8),
        (line, P(None, "x"), 8),
        (line, P(), 1),
        (grid, P("x", "y"), 8),
        (grid, P("x"), 4),
        (grid, P(None, "y"), 2),
        (grid, P(("x", "y")), 8),
        (cube, P(("z", "x"), None), 4),
    ):
        asked.clear()
        array = make_array(recipe, NamedSharding(mesh, spec))
        assert len(asked) == distinct and set(asked.values()) == {1}, (spec, asked)
        whole = bits_by_law(recipe)
        for shard in array.addressable_shards:
            assert np.array_equal(bits_of(shard.data), whole[shard.index]), (spec, shard.index)
    print("equal")


class Dense(linen.Module):  # type: ignore[misc]
    """A layer of linen whose kernel has logical axes, as MaxText's have."""

    @linen.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        kernel = linen.with_logical_partitioning(linen.initializers.lecun_normal(), ("embed", "mlp"))
        return linen.LayerNorm()(linen.Dense(16, kernel_init=kernel)(x))


class Linear(nnx.Module):  # type: ignore[misc]
    """A layer of nnx with a partitioned kernel and a random generator."""

    def __init__(self, rngs: Any) -> None:
        kernel = nnx.with_partitioning(nnx.initializers.lecun_normal(), ("x", "y"))
        self.linear = nnx.Linear(8, 16, kernel_init=kernel, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)


def make_the_state_of_linen() -> None:
    """Makes the parameters of an abstract training state: logical axes, a mesh, and the boxes of linen."""
    optax = pytest.importorskip("optax")

    def begin(key: Any) -> Any:
        variables = Dense().init(key, jnp.zeros((2, 8)))
        return train_state.TrainState.create(apply_fn=Dense().apply, params=variables, tx=optax.sgd(0.1, momentum=0.9))

    key, mesh = jax.random.key(0), _mesh(x=4, y=2)
    boxed = jax.eval_shape(begin, key)
    rules = (("embed", "x"), ("mlp", "y"))
    shardings = linen.logical_to_mesh_sharding(linen.get_partition_spec(boxed), mesh, rules)
    abstract = jax.jit(begin, out_shardings=shardings).eval_shape(key)
    wanted = {"params/Dense_0/kernel", "params/Dense_0/bias", "params/LayerNorm_0/scale", "params/LayerNorm_0/bias"}
    assert set(names(abstract.params)) == wanted
    recipe = _recipe_of(abstract.params)
    for tree, given in (
        (abstract.params, None),
        (linen.unbox(abstract).params, None),
        (boxed.params, shardings.params),
    ):
        made = make_tree(recipe, tree, given)
        assert jax.tree_util.tree_structure(made) == jax.tree_util.tree_structure(tree)
        kernel = linen.unbox(made)["params"]["Dense_0"]["kernel"]
        assert kernel.sharding.spec == P("x", "y") and len(kernel.addressable_shards) == 8
        _check(recipe["params/Dense_0/kernel"], kernel)
        _check(recipe["params/LayerNorm_0/bias"], linen.unbox(made)["params"]["LayerNorm_0"]["bias"])
    state = jax.jit(begin, out_shardings=shardings)(key).replace(params=make_tree(recipe, abstract.params))
    Dense().apply(linen.unbox(state.params), jnp.zeros((2, 8)))
    print("equal")


def make_the_state_of_nnx() -> None:
    """Makes a state of nnx on the mesh of `jax.set_mesh`, and with shardings that are given."""
    mesh = _mesh(x=4, y=2)
    with jax.set_mesh(mesh):
        graph, state = nnx.split(nnx.eval_shape(lambda: Linear(nnx.Rngs(0))))
    parameters = nnx.state(nnx.merge(graph, state), nnx.Param)
    recipe = _recipe_of(parameters)
    assert sorted(recipe) == ["linear/bias", "linear/kernel"]
    with jax.set_mesh(mesh):
        ambient = make_tree(recipe, state)
    given = make_tree(recipe, parameters, nnx.get_named_sharding(parameters, mesh))
    for made in (ambient, given):
        kernel = made["linear"]["kernel"].get_value()
        assert kernel.sharding.spec == P("x", "y") and len(kernel.addressable_shards) == 8
        _check(recipe["linear/kernel"], kernel)
        _check(recipe["linear/bias"], made["linear"]["bias"].get_value())
    try:
        make_tree(recipe, state)
    except winit.BadInput as error:
        assert "jax.set_mesh" in str(error), error
    else:
        raise AssertionError("an abstract mesh has no devices, and the array was made")
    print("equal")


def refuse_uneven_shards() -> None:
    """Refuses a tree of which one leaf is not divided, before anything is made."""
    mesh, calls = _mesh(x=8), list[Any]()
    recipe = winit.Recipe.from_laws(1, {"a": ("float32", (16,), NORMAL), "b": ("float32", (10,), NORMAL)})
    tree = {"a": jax.ShapeDtypeStruct((16,), "float32"), "b": jax.ShapeDtypeStruct((10,), "float32")}
    winit.TensorRecipe.box = lambda *words, **_: calls.append(words)  # type: ignore[method-assign, assignment]
    try:
        make_tree(recipe, tree, NamedSharding(mesh, P("x")))
    except winit.BadInput as error:
        assert "`b`" in str(error) and "winit.jax.generate" in str(error), error
        print(f"refused after {len(calls)} boxes")


def _recipe_of(tree: Any) -> winit.Recipe:
    laws: Any = {name: ("float32", shape, NORMAL) for name, shape in names(tree).items()}
    return winit.Recipe.from_laws(3, laws)


def _check(recipe: winit.TensorRecipe, array: Any) -> None:
    assert np.array_equal(bits_of(array), bits_by_law(recipe)), recipe.name
