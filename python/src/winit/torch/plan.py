"""Which recipe fills which tensor of a module; all that can be wrong is found here, before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..errors import BadInput
from ..recipes import TensorRecipe
from .dtypes import dtype_name
from .names import Rename, name_in_run
from .overlaps import overlaps
from .sharding.dtensors import same_layout, why_unfillable
from .tensors import ModuleTensor

_SHOWN = 20  # problems in an error


@dataclass
class Plan:
    """What is to be written.

    Attributes:
        fills: Tensors with the recipe that fills each.
        ties: Tensors of `fills` that the recipe ties to another tensor of the module, with that tensor.
        missing: Tensors of the module that the recipe has not.
        unexpected: Names in the run that the module has not.
        problems: Sentences about tensors that do not fit.
    """

    fills: list[tuple[ModuleTensor, TensorRecipe]] = field(default_factory=list)
    ties: list[tuple[ModuleTensor, ModuleTensor]] = field(default_factory=list)
    missing: list[ModuleTensor] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, tensor: ModuleTensor, recipe: TensorRecipe) -> None:
        """Adds a fill, and a problem if the recipe does not fit."""
        self.fills.append((tensor, recipe))
        self.problems += _misfits(tensor, recipe)


def plan(
    tensors: list[ModuleTensor],
    recipe: Mapping[str, TensorRecipe],
    rename: Rename | None = None,
    *,
    tie: bool = True,
    ignored: Collection[str] = (),
) -> Plan:
    """Matches the tensors of a module with those of a recipe, by name.

    Args:
        tensors: The tensors of the module.
        recipe: The recipes by name.
        rename: From names in the module to names in the recipe.
        tie: Whether ties of the recipe that the module has not are restored.
        ignored: Names in the module that are not matched; the recipe may have them.

    Returns:
        The plan, with its problems.
    """
    result = Plan()
    held = set(recipe)
    of_recipe: dict[str, ModuleTensor] = {}
    for tensor in tensors:
        names = {name: name_in_run(name, rename) for name in tensor.names}
        candidates = {name: recipe[name] for name in names.values() if name in held}
        if not candidates:
            result.missing.append(tensor)
            continue
        for name in candidates:
            other = of_recipe.setdefault(name, tensor)
            if other is not tensor:
                result.problems.append(f"`{other.name}` and `{tensor.name}` both have the name `{name}` in the recipe")
        chosen = next((each for each in candidates.values() if each.tied_to is None), next(iter(candidates.values())))
        if any(_bytes_of(each) != _bytes_of(chosen) for each in candidates.values()):
            texts = " and ".join(f"`{name}`" for name in candidates)
            result.problems.append(f"{texts} are one tensor of the module, and have different values in the recipe")
        result.add(tensor, chosen)
    known = {*of_recipe, *(name_in_run(name, rename) for name in ignored)}
    result.unexpected = [name for name in recipe if name not in known]
    for tensor, chosen in result.fills:
        target = of_recipe.get(chosen.tied_to or "")
        if tie and target is not None and target is not tensor and _can_tie(tensor, target):
            result.ties.append((tensor, target))
    tied = {id(tensor) for tensor, _ in result.ties}
    for first, second in overlaps([tensor for tensor, _ in result.fills if id(tensor) not in tied]):
        result.problems.append(f"`{first.name}` and `{second.name}` share some of their memory, and are not tied")
    return result


def refuse(problems: list[str]) -> None:
    """Raises `BadInput` with all problems, if there are any."""
    if len(problems) == 1:
        raise BadInput(f"{problems[0]}. Nothing was written.")
    if problems:
        more = [f"… and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        raise BadInput("\n  ".join(["nothing was written:", *problems[:_SHOWN], *more]))


def _bytes_of(tensor: TensorRecipe) -> tuple[object, ...]:
    """What decides the bytes of a tensor."""
    while tensor.tied_to is not None and tensor.source is not None:
        tensor = tensor.source
    if tensor.law["law"] == "literal":
        return ("literal", tensor.shape, tensor.dtype, tensor.digest, *map(id, tensor.literals))
    if tensor.law["law"] == "constant":
        return (tensor.law_text, tensor.shape, tensor.dtype)
    return (tensor.law_text, tensor.shape, tensor.dtype, tensor.stream, tensor.seed)


def _can_tie(one: ModuleTensor, other: ModuleTensor) -> bool:
    """One parameter cannot be trained and not trained, parameter and buffer, nor split over ranks in two ways."""
    both = one.is_parameter and other.is_parameter and same_layout(one.tensor, other.tensor)
    return both and one.tensor.requires_grad == other.tensor.requires_grad


def _misfits(tensor: ModuleTensor, recipe: TensorRecipe) -> list[str]:
    for name, one in ((tensor.name, each) for each in tensor.objects):
        reason = why_unfillable(one)
        if reason is not None:
            return [f"`{name}` {reason}"]
        if tuple(one.shape) != recipe.shape:
            return [f"`{name}` has the shape {list(one.shape)}, and the recipe says {list(recipe.shape)}"]
        if dtype_name(one.dtype) != recipe.dtype:
            return [f"`{name}` has the dtype {dtype_name(one.dtype)}, and the recipe says {recipe.dtype}"]
    return []
