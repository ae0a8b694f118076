"""The comparison of weights with a recipe or a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput, Finding
from ..quoting import quoted, shown
from ..recipes import Recipe, TensorRecipe
from ..recipes.dtypes import FLOATING_LIMITS
from . import causes as likely
from .elements import coordinates, difference, element_text, number
from .report import mismatch
from .sample import Sample
from .weights import Weights, held_weights

if TYPE_CHECKING:
    State = Mapping[str, Any] | str | os.PathLike[str]


def compare(
    state: State,
    source: Recipe | str | os.PathLike[str],
    *,
    subset: bool = False,
    cast: bool = False,
    rename: Callable[[str], str] | None = None,
    seeds: Iterable[int] = (),
) -> list[Finding]:
    """Compares weights with a recipe or a run: names, shapes, dtypes and every bit.

    A tile of the weights and of the run is in memory at a time, except for tensors that can only be made whole. A
    tensor that is tied to another may be absent if the other is there, as in a checkpoint.

    Args:
        state: Arrays by name (NumPy, torch, JAX, or any with `__array__`), or the path of a .safetensors file, of the
            index of a sharded one, or of a folder with one of them.
        source: The recipe or the run; or a reference or a path, as `winit.open` takes it.
        subset: Whether the weights may lack tensors of the run.
        cast: Whether the weights may hold the values of the run rounded to another floating-point dtype, once, to
            nearest, ties to even.
        rename: Gives the name that a tensor of the weights has in the run, such as
            `lambda name: name.removeprefix("module.")`.
        seeds: Seeds that are tried first as a likely cause.

    Returns:
        What differs, in the order of the tensors, with `unexpected` ones last; an empty list if nothing does. The kinds
        are `missing`, `unexpected`, `shape`, `dtype` and `values`.

    Raises:
        BadInput: If an object is no tensor, a file is not valid, or two names are one after `rename`.

    Example:
        >>> from winit import Recipe, reference
        >>> recipe = Recipe.from_laws(42, {"l1.weight": ("float32", (8, 5), reference.normal(std=0.02))})
        >>> weights = {"l1.weight": recipe["l1.weight"][...]}
        >>> compare(weights, recipe)
        []
        >>> weights["l1.weight"][5, 3] = 1
        >>> compare(weights, recipe)[0].index
        (5, 3)
    """
    recipe = _recipe(source)
    weights = _renamed(held_weights(state, _dtypes(recipe, rename, state)), rename)
    comparison = _Comparison(recipe, weights, subset, cast, seeds, isinstance(state, str | os.PathLike))
    return comparison.findings()


def verify(
    state: State,
    source: Recipe | str | os.PathLike[str],
    *,
    subset: bool = False,
    cast: bool = False,
    rename: Callable[[str], str] | None = None,
) -> None:
    """Compares weights as `compare` does, and raises `Mismatch` if anything differs.

    Raises:
        Mismatch: Its text names each finding, and its `findings` are what `compare` returns.
        BadInput: As `compare`.

    Example:
        >>> from winit import Recipe, reference
        >>> recipe = Recipe.from_laws(42, {"w": ("float32", (8, 5), reference.normal(std=0.02))})
        >>> verify({"w": recipe.with_seed(43)["w"][...]}, recipe)
        Traceback (most recent call last):
        winit.errors.Mismatch: the weights are not those of the recipe:
          `w`: 40 of 40 elements differ; first at [0, 0] ... Likely cause: the values of seed 43
    """
    recipe = _recipe(source)
    findings = compare(state, recipe, subset=subset, cast=cast, rename=rename)
    if findings:
        what = getattr(recipe, "reference", None) or "the recipe"
        known = f" (id {recipe.id})" if recipe.id is not None else ""
        raise mismatch(findings, f"the weights are not those of {what}{known}")


def _recipe(source: Recipe | str | os.PathLike[str]) -> Recipe:
    if isinstance(source, Recipe):
        return source
    from ..opening import open

    return open(source)


def _dtypes(recipe: Recipe, rename: Callable[[str], str] | None, state: Any) -> dict[str, str]:
    if isinstance(state, Mapping) and rename is not None:
        named = {str(name): rename(str(name)) for name in state}
        return {name: recipe[other].dtype for name, other in named.items() if other in recipe}
    return {name: tensor.dtype for name, tensor in recipe.items()}


def _renamed(weights: dict[str, Weights], rename: Callable[[str], str] | None) -> dict[str, Weights]:
    if rename is None:
        return weights
    made, names = dict[str, Weights](), dict[str, str]()
    for name, tensor in weights.items():
        new = rename(name)
        if new in made:
            raise BadInput(f"{quoted(names[new])} and {quoted(name)} are both renamed to {quoted(new)}")
        made[new], names[new] = tensor, name
    return made


class _Comparison:
    def __init__(
        self,
        recipe: Recipe,
        weights: dict[str, Weights],
        subset: bool,
        cast: bool,
        seeds: Iterable[int],
        is_file: bool,
    ) -> None:
        self._recipe, self._weights = recipe, weights
        self._subset, self._cast = subset, cast
        self._causes = likely.Causes(recipe, seeds, "the file was" if is_file else "the weights were")
        self._explained = 0
        self._compared = 0
        self._run = "the run" if hasattr(recipe, "reference") else "the recipe"
        self._what = "the file" if is_file else "the weights"
        self._verb = "holds" if is_file else "hold"
        self._ties = _ties(recipe)

    def findings(self) -> list[Finding]:
        found = list[Finding]()
        for tensor in self._recipe.values():
            found += self._of_tensor(tensor)
        message = f"{self._what} {self._verb} this tensor, and {self._run} does not"
        unexpected = [name for name in self._weights if name not in self._recipe]
        found += [Finding("unexpected", message, name) for name in unexpected]
        if not self._compared and not found:
            found.append(Finding("missing", f"{self._what} {self._verb} none of the tensors to compare"))
        return self._with_name_causes(found, unexpected)

    def _of_tensor(self, tensor: TensorRecipe) -> list[Finding]:
        weights = self._weights.get(tensor.name)
        if weights is None:
            if self._subset or any(name in self._weights for name in self._ties.get(tensor.name, ())):
                return []
            negated = "does not hold" if self._what == "the file" else "do not hold"
            return [Finding("missing", f"{self._what} {negated} this tensor", tensor.name)]
        self._compared += 1
        found = list[Finding]()
        floating = {tensor.dtype, weights.dtype} <= FLOATING_LIMITS.keys()
        is_cast = weights.dtype != tensor.dtype
        if is_cast and not (self._cast and floating):
            message = f"the dtype is {tensor.dtype} in {self._run} and {weights.dtype} in {self._what}"
            if floating:
                verb = "is" if self._what == "the file" else "are"
                message += f". With cast=True, {self._what} {verb} compared with the values rounded to {weights.dtype}"
            cause = self._cause(lambda sample: self._causes.of_dtype(tensor, sample), weights)
            found.append(Finding("dtype", message, tensor.name, likely_cause=cause))
        if weights.shape != tensor.shape:
            shapes = f"{shown(tensor.shape)} in {self._run} and {shown(weights.shape)} in {self._what}"
            cause = self._cause(lambda sample: self._causes.of_shape(tensor, sample), weights)
            found.append(Finding("shape", f"the shape is {shapes}", tensor.name, likely_cause=cause))
        return found or self._of_values(tensor, weights, is_cast)

    def _of_values(self, tensor: TensorRecipe, weights: Weights, is_cast: bool) -> list[Finding]:
        differs = difference(tensor, weights)
        if differs is None:
            return []
        dtype = weights.dtype
        texts = element_text(differs.expected, dtype), element_text(differs.found, dtype)
        if texts[0] == texts[1]:  # NaNs
            texts = f"{texts[0]} (0x{differs.expected:x})", f"{texts[1]} (0x{differs.found:x})"
        index = coordinates(differs.element, tensor.shape)
        verb = "differs" if differs.count == 1 else "differ"
        place = f"[{', '.join(map(str, index))}] (element {differs.element})"
        message = (
            f"{differs.count} of {tensor.count} elements {verb}; "
            f"first at {place}: {texts[0]} expected, {texts[1]} found"
        )
        if is_cast:
            message += f", rounded from {tensor.dtype} to {dtype}"
        cause = None if is_cast else self._cause(lambda s: self._causes.of_values(tensor, s, differs), weights)
        expected, found = number(differs.expected, dtype), number(differs.found, dtype)
        return [Finding("values", message, tensor.name, index, expected, found, differs.count, cause)]

    def _cause(self, explain: Callable[[Sample | None], str | None], weights: Weights) -> str | None:
        self._explained += 1
        return explain(Sample.of(weights)) if self._explained <= likely.LIMIT else None

    def _with_name_causes(self, found: list[Finding], unexpected: list[str]) -> list[Finding]:
        """Names the likely cause if only the names differ by a prefix, or if tensors are missing and no others are."""
        from dataclasses import replace

        first = next((at for at, finding in enumerate(found) if finding.kind in ("missing", "unexpected")), None)
        if first is None or (not unexpected and not self._compared):
            return found
        if unexpected:
            cause = likely.prefix_cause(unexpected, list(self._recipe), self._what, self._run)
        else:
            cause = f"{self._what} {self._verb} a part of {self._run}; with subset=True, only this part is compared"
        found[first] = replace(found[first], likely_cause=cause)
        return found


def _ties(recipe: Recipe) -> dict[str, list[str]]:
    """Returns the other names of the same bytes, for each tensor that is tied or a target."""
    groups = dict[str, list[str]]()
    for tensor in recipe.values():
        if tensor.tied_to is not None:
            groups.setdefault(tensor.tied_to, [tensor.tied_to]).append(tensor.name)
    return {name: [other for other in group if other != name] for group in groups.values() for name in group}
