"""`RecipeReader`: a checkpoint of which nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import torch
from torch.distributed.checkpoint import StorageReader
from torch.distributed.checkpoint.metadata import (
    ChunkStorageMetadata,
    Metadata,
    TensorProperties,
    TensorStorageMetadata,
)
from torch.distributed.checkpoint.planner import LoadItemType, LoadPlan, LoadPlanner, ReadItem
from torch.futures import Future

from ...errors import BadInput
from ...quoting import quoted
from ...recipes import Recipe, TensorRecipe
from ..dtypes import dtype_name, torch_dtype
from ..kinds import why_unsupported
from ..plan import refuse
from ..writing import write_box
from .links import SCHEME, recipe_from
from .strided import why_refused


class RecipeReader(StorageReader):  # type: ignore[misc]  # untyped
    """Reads a recipe or a run as a checkpoint of `torch.distributed.checkpoint`, and makes each element where it lies.

    Each rank makes the elements that it holds and no others, from the numbers of the recipe: nothing is stored, sent or
    gathered, and the bits are those of one process, whatever the number of ranks, the mesh and the placements. Laws
    that need the whole tensor (orthogonal, sparse, norms) cost each rank the whole tensor, and give the same bits.

    Before a rank writes anything, it looks at all of its tensors. A `_StridedShard` that `dcp.load` itself loads
    wrongly is refused, on all ranks; so are partial placements, and other dtypes. Names that the recipe lacks are
    refused by `dcp.load`, unless its planner allows partial loads; names that only the recipe has are left out, as with
    any checkpoint.

    Args:
        run: A recipe, a run, a reference such as "gpt2:v2", the path of a recipe file, or a link `winit://…`. Ranks on
            several machines seldom share a registry: give them a recipe file. Without it, `dcp.load` gives it as
            `checkpoint_id`.
        prefix: The text before all names in the state dict, such as "model." for `{"model": model.state_dict()}`.
        cast: Whether a tensor may have another floating-point dtype than the recipe says. Each element is rounded once
            then.

    Raises:
        BadInput: If the recipe cannot be opened, or has a dtype that PyTorch lacks.

    Example:
        >>> import torch, winit
        >>> import torch.distributed.checkpoint as dcp
        >>> spec = winit.Spec((winit.SpecTensor("w", (2, 3), "float32", winit.reference.normal(std=0.02)),))
        >>> state = {"w": torch.empty(2, 3)}
        >>> dcp.load(state, storage_reader=RecipeReader(spec.recipe(seed=42)), no_dist=True)
        >>> bool((state["w"].numpy() == spec.recipe(seed=42)["w"][:]).all())
        True

    The interface is that of PyTorch: https://docs.pytorch.org/docs/stable/distributed.checkpoint.html.
    """

    def __init__(
        self, run: Recipe | str | PathLike[str] | None = None, *, prefix: str = "", cast: bool = False
    ) -> None:
        """Makes the reader, and opens the recipe."""
        self._recipe = None if run is None else recipe_from(run)
        self._prefix, self._cast = prefix, cast

    def reset(self, checkpoint_id: str | PathLike[str] | None = None) -> None:
        """Opens another recipe, where `dcp.load` was given a `checkpoint_id`."""
        if checkpoint_id is not None:
            self._recipe = recipe_from(checkpoint_id)

    def read_metadata(self) -> Metadata:
        """Returns shapes and dtypes. Each tensor is one box, so that a rank is asked for exactly its shard."""
        return Metadata({self._prefix + name: _metadata(tensor) for name, tensor in self._opened().items()})

    def set_up_storage_reader(self, metadata: Metadata, is_coordinator: bool) -> None:
        """Does nothing: there is no storage."""

    def prepare_local_plan(self, plan: LoadPlan) -> LoadPlan:
        """Returns the plan."""
        return plan

    def prepare_global_plan(self, plans: list[LoadPlan]) -> list[LoadPlan]:
        """Returns the plans."""
        return plans

    def read_data(self, plan: LoadPlan, planner: LoadPlanner) -> Future[None]:
        """Makes the elements of this rank.

        Args:
            plan: Which boxes go where.
            planner: Gives the memory; it has the attribute `state_dict`, as PyTorch's planner does.

        Raises:
            BadInput: If a tensor cannot be loaded rightly. Nothing was written on this rank.
        """
        made: set[tuple[Any, ...]] = set()
        for item, target, tensor in self._checked(plan, planner):
            offset = tuple(item.storage_offsets)
            # Tied tensors are one memory under several names.
            key = (
                target.data_ptr(),
                str(target.device),
                tuple(target.shape),
                target.stride(),
                offset,
                _resolved(tensor),
            )
            if key not in made:
                self._write(target, tensor, offset)
                made.add(key)
            planner.commit_tensor(item, target)
        done: Future[None] = Future()
        done.set_result(None)
        return done

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: str | PathLike[str]) -> bool:
        """Returns whether an id is a link to a recipe, `winit://…`."""
        return str(checkpoint_id).startswith(SCHEME)

    def _opened(self) -> Recipe:
        if self._recipe is None:
            raise BadInput("the reader has no recipe: write RecipeReader(run), or give dcp.load a checkpoint_id")
        return self._recipe

    def _checked(self, plan: LoadPlan, planner: LoadPlanner) -> list[tuple[ReadItem, torch.Tensor, TensorRecipe]]:
        state: Mapping[str, Any] | None = getattr(planner, "state_dict", None)
        if state is None:
            raise BadInput(
                f"{type(planner).__name__} has no attribute `state_dict`, by which strided shards are recognized. Use "
                "DefaultLoadPlanner or a subclass. Nothing was written."
            )
        recipe, problems, writes = self._opened(), dict[str, None](), []
        for name in dict.fromkeys(item.dest_index.fqn for item in plan.items):
            reason = why_refused(state.get(name))
            if reason is not None:
                problems[f"{quoted(name)} {reason}"] = None
        for item in () if problems else plan.items:
            name = item.dest_index.fqn
            if item.type == LoadItemType.BYTE_IO:
                problems[f"{quoted(name)} is no tensor, and a recipe holds nothing else"] = None
                continue
            target, tensor = planner.resolve_tensor(item).detach(), recipe[item.storage_index.fqn[len(self._prefix) :]]
            reason = self._misfit(target, tensor)
            if reason is not None:
                problems[f"{quoted(name)} {reason}"] = None
            writes.append((item, target, tensor))
        refuse(list(problems))
        return writes

    def _misfit(self, target: torch.Tensor, tensor: TensorRecipe) -> str | None:
        reason = why_unsupported(target)
        own = dtype_name(target.dtype)
        if reason is not None or own == tensor.dtype:
            return reason
        both = target.dtype.is_floating_point and torch_dtype(tensor.dtype).is_floating_point
        if self._cast and both:
            return None
        cure = ", or write RecipeReader(…, cast=True) to round" if both else ""
        return f"has the dtype {own}, and the recipe says {tensor.dtype}. Load into that dtype{cure}"

    def _write(self, target: torch.Tensor, tensor: TensorRecipe, offset: tuple[int, ...]) -> None:
        dtype = torch_dtype(tensor.dtype)
        if target.dtype == dtype:
            write_box(target, tensor, offset)
            return
        with torch.no_grad():
            made = torch.empty(tuple(target.shape), dtype=dtype, device="cpu")
            write_box(made, tensor, offset)
            target.copy_(made)


def _metadata(tensor: TensorRecipe) -> TensorStorageMetadata:
    whole = ChunkStorageMetadata(torch.Size([0] * len(tensor.shape)), torch.Size(tensor.shape))
    return TensorStorageMetadata(TensorProperties(dtype=torch_dtype(tensor.dtype)), torch.Size(tensor.shape), [whole])


def _resolved(tensor: TensorRecipe) -> TensorRecipe:
    while tensor.tied_to is not None and tensor.source is not None:
        tensor = tensor.source
    return tensor
