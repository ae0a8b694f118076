"""The elements of a recipe as a pure function of nothing, which `jax.jit` compiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from ...errors import BadInput
from ...quoting import quoted
from ...recipes import TensorRecipe, law_text
from ..dtypes import held_dtype
from .exact import Exact
from .philox import Region, words
from .storing import stored
from .truncated import truncated
from .unit_draws import normal, uniform

_DRAWS = ("uniform", "normal", "truncated_normal")
_PARAMETERS = ("std", "mean", "half", "mid", "low", "high")
_LEAST = 2.0**-70
"""With parameters of at least this magnitude, no step of a draw is subnormal in binary32: draws are 2^-53 or more."""

_RAREST = 2.0**-22
"""Below the probability of a tail beyond 5 standard deviations, where the range of the cuts ends."""


def generate(recipe: TensorRecipe, *, sharding: Any = None) -> Any:
    """Generates a tensor inside `jax.jit`, with the bits of the law, whatever XLA fuses or reorders.

    It takes nothing from the host: the compiled function holds the seed, the stream and the parameters. Under a
    sharding, each device computes the elements that it holds. Each element costs a Philox block of four words, so that
    `make_array` may be faster where a tensor is made once. Outside `jax.jit` it works too, one operation at a time.

    Args:
        recipe: The recipe of a tensor whose law is uniform, normal, truncated_normal, constant, or parts of these, or
            of one that is tied to such a tensor.
        sharding: The sharding of the result, as for `jax.lax.with_sharding_constraint`, over a mesh whose axes are all
            automatic or all explicit. With explicit axes, call within `jax.set_mesh`. By default, XLA chooses one.

    Returns:
        An array of the tensor's shape and dtype.

    Raises:
        BadInput: If the law is another one, a parameter of a draw is nearer to 0 than 2^-70 (XLA flushes subnormal
            numbers to zero), or JAX cannot hold the dtype, as it cannot hold 64 bits unless `jax_enable_x64` is set.

    Example:
        >>> import jax, winit
        >>> from winit.jax import generate
        >>> laws = {"w": ("bfloat16", (8, 4), winit.reference.truncated_normal(std=0.02))}
        >>> recipe = winit.Recipe.from_laws(42, laws)
        >>> made = jax.jit(lambda: generate(recipe["w"]))()
        >>> bool((made == recipe["w"][...]).all())
        True
    """
    tensor = _target(recipe)
    _check(tensor)
    if sharding is None:
        return _tensor(tensor)
    if _is_explicit(sharding):
        # with_sharding_constraint is an assertion there, and reshard would compute the whole tensor on each device.
        return jax.sharding.auto_axes(lambda: _tensor(tensor), out_sharding=sharding)()
    return jax.lax.with_sharding_constraint(_tensor(tensor), sharding)


def _is_explicit(sharding: Any) -> bool:
    """Tells whether all axes of the mesh of a sharding are explicit, as those of `jax.make_mesh` are by default."""
    kinds = getattr(jax.sharding, "AxisType", None)
    if kinds is None:
        return False
    mesh = getattr(sharding, "mesh", None)
    if isinstance(sharding, jax.sharding.PartitionSpec):
        mesh = jax.sharding.get_abstract_mesh()
    types = getattr(mesh, "axis_types", None) or ()
    return bool(types) and all(kind == kinds.Explicit for kind in types)


def _target(recipe: TensorRecipe) -> TensorRecipe:
    """Returns the recipe that gives the elements: for a tied tensor, its target's."""
    while recipe.tied_to is not None and recipe.source is not None:
        recipe = recipe.source
    return recipe


def _check(tensor: TensorRecipe) -> None:
    """Raises `BadInput` if the tensor cannot be generated with the bits of its law."""
    law = tensor.law
    for each in [part["law"] for part in law["parts"]] if law["law"] == "parts" else [law]:
        if each["law"] not in (*_DRAWS, "constant"):
            raise BadInput(
                f"{quoted(tensor.name)} has the law {each['law']}, which is not generated inside jit. Make it outside "
                "with winit.jax.make_array, and pass it to the function"
            )
        if each.get("beta", 1) < _RAREST or each.get("alpha", 0) > 1 - _RAREST:
            raise BadInput(
                f"{quoted(tensor.name)} has alpha {each['alpha']!r} and beta {each['beta']!r}, which no cuts in the "
                "range of the law have. Make it outside jit with winit.jax.make_array, and pass it to the function"
            )
        for key in _PARAMETERS:
            if 0 < abs(each.get(key, 0)) < _LEAST:
                raise BadInput(
                    f"{quoted(tensor.name)} has {key} {each[key]!r}, and XLA flushes so small numbers to zero. Make it "
                    "outside jit with winit.jax.make_array, and pass it to the function"
                )
    held_dtype(tensor, None)
    rank = len(tensor.shape)
    tensor.box((0,) * rank, (0,) * rank)  # raises if a recipe by hand has a law that its dtype or shape cannot hold


def _tensor(tensor: TensorRecipe) -> Any:
    law, shape = tensor.law, tensor.shape
    origin = (0,) * len(shape)
    if law["law"] != "parts":
        return _elements(tensor, law, Region.of_box(tensor.seed, tensor.stream, shape, origin, shape))
    result = None
    for part, start, stop in _visible(law["parts"], shape):
        size = tuple(last - first for first, last in zip(start, stop, strict=True))
        own = part.get("stream")
        region = (
            Region.of_box(tensor.seed, tensor.stream, shape, start, size)
            if own is None
            else Region.of_box(tensor.seed, int(own), size, origin, size)
        )
        made = _elements(tensor, part["law"], region)
        if size == shape:
            result = made
            continue
        if result is None:
            result = jnp.zeros(shape, made.dtype)
        result = jax.lax.dynamic_update_slice(result, made, start)
    return jnp.zeros(shape, held_dtype(tensor, None)) if result is None else result


def _visible(
    parts: list[Mapping[str, Any]], shape: tuple[int, ...]
) -> Iterator[tuple[Mapping[str, Any], tuple[int, ...], tuple[int, ...]]]:
    """Yields the parts that have elements and that no later one covers, with start and stop on all axes."""
    bounds = []
    for part in parts:
        ranges = [*part["box"], *([0, length] for length in shape[len(part["box"]) :])]
        bounds.append((tuple(int(first) for first, _ in ranges), tuple(int(last) for _, last in ranges)))
    for place, (part, (start, stop)) in enumerate(zip(parts, bounds, strict=True)):
        is_empty = any(first >= last for first, last in zip(start, stop, strict=True))
        if not is_empty and not any(_covers(later, (start, stop)) for later in bounds[place + 1 :]):
            yield part, start, stop


def _covers(outer: tuple[tuple[int, ...], tuple[int, ...]], inner: tuple[tuple[int, ...], tuple[int, ...]]) -> bool:
    return all(a <= b for a, b in zip(outer[0], inner[0], strict=True)) and all(
        a >= b for a, b in zip(outer[1], inner[1], strict=True)
    )


def _elements(tensor: TensorRecipe, law: Mapping[str, Any], region: Region) -> Any:
    """Computes the elements of a region in the tensor's dtype."""
    name = law["law"]
    if 0 in region.size:
        return jnp.zeros(region.size, held_dtype(tensor, None))
    if name == "constant" or (name == "truncated_normal" and law["alpha"] >= law["beta"]):
        # Where alpha is beta, every word gives one value.
        one = TensorRecipe(tensor.name, (), tensor.dtype, law_text(law), tensor.stream, tensor.seed)
        return jnp.broadcast_to(jnp.asarray(one[...]), region.size)
    return stored(draw_values(law, *words(region)), tensor.dtype)


def draw_values(law: Mapping[str, Any], word: Any, zero: Any) -> Any:
    """Computes the values of a law that draws (docs/law.md, "Laws and their parameters").

    Args:
        law: A law uniform, normal or truncated_normal.
        word: The words of the elements, uint32.
        zero: Zeros that the compiler does not know, of the shape of the words: see `philox.hidden_zero`.

    Returns:
        The values in float32, of the shape of the words.
    """
    exact = Exact(zero)
    if law["law"] == "uniform":
        low, high = exact.constant(law["low"]), exact.constant(law["high"])
        scaled = exact.multiply(uniform(exact, word), exact.constant(law["half"]))
        value = exact.add(scaled, exact.constant(law["mid"]))
        value = jnp.where(value > low, value, low)
        return jnp.where(value < high, value, high)
    draw = normal(exact, word) if law["law"] == "normal" else truncated(exact, word, law)
    return exact.add(exact.multiply(draw, exact.constant(law["std"])), exact.constant(law["mean"]))
