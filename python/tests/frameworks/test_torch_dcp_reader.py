"""RecipeReader in one process: what is loaded, and what is refused before anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
if not torch.distributed.is_available():
    pytest.skip("this PyTorch has no torch.distributed", allow_module_level=True)

import torch.distributed.checkpoint as dcp  # noqa: E402
from torch.distributed.checkpoint import DefaultLoadPlanner  # noqa: E402
from torch.distributed.checkpoint.metadata import BytesStorageMetadata  # noqa: E402

import dcp_support  # noqa: E402
import winit  # noqa: E402
from winit.recipes import BytesLiteral, law_text  # noqa: E402
from winit.torch import RecipeReader  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is disabled")


def load(state: dict[str, Any], reader: RecipeReader, **options: Any) -> dict[str, Any]:
    dcp.load(state, storage_reader=reader, no_dist=True, **options)
    return state


def refusal(state: dict[str, Any], reader: RecipeReader, **options: Any) -> str:
    before = {name: value.clone() for name, value in state.items() if isinstance(value, torch.Tensor)}
    with pytest.raises(BaseException) as found:  # CheckpointException is none of Exception
        load(state, reader, **options)
    assert all(torch.equal(state[name], value) for name, value in before.items()), "something was written"
    return str(found.value)


def test_tensors_are_those_of_the_reference_and_other_memory_stays() -> None:
    recipe, whole = dcp_support.recipe(), dcp_support.expected(dcp_support.recipe())
    around = torch.full((101, 39), 7.0)
    state = {"a.weight": around[:, 1:38], "scale": torch.zeros(())}
    load(state, RecipeReader(recipe))
    assert torch.equal(around[:, 1:38], whole["a.weight"]) and torch.equal(state["scale"], whole["scale"])
    assert (around[:, [0, 38]] == 7).all()


def test_names_in_a_nested_state_have_a_prefix() -> None:
    recipe, whole = dcp_support.recipe(), dcp_support.expected(dcp_support.recipe())
    state = {"model": dcp_support.Model().state_dict()}
    load(state, RecipeReader(recipe, prefix="model."))
    for name, value in state["model"].items():
        assert torch.equal(value, whole[name]), name


@pytest.mark.parametrize("form", ["path", "link", "checkpoint_id"])
def test_a_recipe_is_given_by_path_link_or_checkpoint_id(form: str, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    dcp_support.recipe().save(path)
    state = {"b.bias": torch.zeros(13)}
    if form == "checkpoint_id":
        load(state, RecipeReader(), checkpoint_id=f"winit://{path}")
    else:
        load(state, RecipeReader(path if form == "path" else f"winit://{path}"))
    assert torch.equal(state["b.bias"], dcp_support.expected(dcp_support.recipe())["b.bias"])


def test_another_dtype_is_refused_or_rounded_once() -> None:
    whole = dcp_support.expected(dcp_support.recipe())["b.bias"]
    state = {"b.bias": torch.zeros(13, dtype=torch.bfloat16), "a.bias": torch.zeros(101)}
    assert "has the dtype bfloat16, and the recipe says float32" in refusal(state, RecipeReader(dcp_support.recipe()))
    load(state, RecipeReader(dcp_support.recipe(), cast=True))
    assert torch.equal(state["b.bias"], whole.to(torch.bfloat16))
    integers = {"b.bias": torch.zeros(13, dtype=torch.int64)}
    assert "int64" in refusal(integers, RecipeReader(dcp_support.recipe(), cast=True))


def test_other_shapes_and_unknown_names_are_refused() -> None:
    reader, bias = RecipeReader(dcp_support.recipe()), torch.zeros(101)
    assert "a.weight" in refusal({"a.weight": torch.zeros(101, 36), "a.bias": bias}, reader)
    assert "c.weight" in refusal({"c.weight": torch.zeros(3), "a.bias": bias}, reader)


def test_what_is_no_tensor_is_refused() -> None:
    class Reader(RecipeReader):
        def read_metadata(self) -> Any:
            metadata = super().read_metadata()
            metadata.state_dict_metadata["step"] = BytesStorageMetadata()
            return metadata

    assert "`step` is no tensor" in refusal({"step": 3, "a.bias": torch.zeros(101)}, Reader(dcp_support.recipe()))


def test_a_planner_that_does_not_show_the_tensors_is_refused() -> None:
    class Planner(DefaultLoadPlanner):  # type: ignore[misc]  # untyped
        def finish_plan(self, new_plan: Any) -> Any:
            del self.state_dict
            return new_plan

    error = refusal({"a.bias": torch.zeros(101)}, RecipeReader(dcp_support.recipe()), planner=Planner())
    assert "no attribute `state_dict`" in error


def test_a_dtype_that_pytorch_lacks_is_named_before_a_load() -> None:
    law = law_text({"law": "literal"})
    literal = winit.TensorRecipe("w", (2, 2), "float4_e2m1fn", law, 0, 1, literals=(BytesLiteral(bytes(2)),))
    recipe = winit.Recipe(1, [literal])
    with pytest.raises(winit.BadInput, match=r"`w`: PyTorch .* has no dtype for float4"):
        RecipeReader(recipe)
    with pytest.raises(BaseException, match="RecipeReader"):
        load({"w": torch.zeros(2)}, RecipeReader())
