"""init_: every parameter and buffer of a module, from every kind of source."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import winit  # noqa: E402
import winit.torch  # noqa: E402
from torch_module_support import NORMAL, Model, meta, own_bytes, require_all, spec_of  # noqa: E402
from winit.torch.dtypes import memory_of  # noqa: E402

init_: Any = winit.torch.init_  # mypy cannot tell a module from a function here, because PyTorch counts as untyped


def test_every_parameter_and_buffer_of_a_meta_module_gets_its_values() -> None:
    module = meta()
    recipe = init_(module, spec_of(Model()), seed=7)
    require_all(module, recipe)
    assert module.head.weight is module.embedding.weight
    assert [p.requires_grad for p in module.parameters()] == [p.requires_grad for p in Model().parameters()]
    assert module.lstm(torch.ones(2, 1, 8))[0].shape == (2, 1, 8)
    assert all(any(flat is p for p in module.lstm.parameters()) for flat in module.lstm._flat_weights)


def test_a_function_gives_the_module_that_it_builds_and_the_recipe() -> None:
    module, recipe = init_(Model, spec_of(Model()), seed=7)
    assert isinstance(module, Model)
    require_all(module, recipe)


def test_a_real_module_is_filled_in_place() -> None:
    module = Model()
    places = {name: (id(tensor), tensor.data_ptr()) for name, tensor in module.state_dict(keep_vars=True).items()}
    recipe = init_(module, spec_of(module), seed=7)
    require_all(module, recipe)
    found = {name: (id(tensor), tensor.data_ptr()) for name, tensor in module.state_dict(keep_vars=True).items()}
    assert found == places


def test_ties_that_to_empty_broke_are_restored() -> None:
    module = meta()
    del module.frequencies_at_start  # to_empty leaves it on the meta device, which is an error of its own
    module.to_empty(device="cpu")
    assert module.head.weight is not module.embedding.weight
    require_all(module, init_(module, spec_of(Model()), seed=7))
    assert module.head.weight is module.embedding.weight
    assert len(list(module.parameters())) == len(list(Model().parameters()))


def test_ties_are_values_only_where_that_is_asked_for_or_one_of_the_two_is_not_trained() -> None:
    untied = nn.ModuleDict({"a": nn.Linear(3, 3, bias=False), "b": nn.Linear(3, 3, bias=False)})
    spec = spec_of(untied, laws={"b.weight": {"law": "same_as", "name": "a.weight"}})
    teacher = copy.deepcopy(untied)
    teacher["b"].requires_grad_(False)
    init_(teacher, spec, seed=1)
    assert teacher["a"].weight is not teacher["b"].weight
    assert torch.equal(teacher["a"].weight, teacher["b"].weight)
    init_(untied, spec, seed=1, tie=False)
    assert untied["a"].weight is not untied["b"].weight
    assert torch.equal(untied["a"].weight, untied["b"].weight)
    init_(untied, spec, seed=1)
    assert untied["a"].weight is untied["b"].weight


def test_one_name_of_a_tied_tensor_is_enough() -> None:
    module = meta()
    recipe = init_(module, spec_of(Model(), without=["head.weight"]), seed=7)
    assert memory_of(module.head.weight).tobytes() == own_bytes(recipe["embedding.weight"])


def test_a_module_that_is_registered_twice_has_two_names() -> None:
    class Twice(nn.Module):  # type: ignore[misc]  # untyped
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(2, 2)
            self.second = self.first

    for module in (Twice(), meta(Twice)):
        recipe = init_(module, spec_of(Twice()), seed=7)
        assert "second.weight" in recipe and module.second is module.first
        require_all(module, recipe)


def test_a_recipe_file_and_its_path_are_sources(tmp_path: Any) -> None:
    recipe = spec_of(nn.Linear(2, 2)).recipe(5)
    recipe.save(tmp_path / "recipe.json")
    linear = nn.Linear(2, 2)
    found = init_(linear, tmp_path / "recipe.json")
    require_all(linear, recipe)
    assert found.compute_id() == recipe.compute_id()


def test_a_seed_fills_the_laws_that_are_captured_from_the_function(monkeypatch: Any) -> None:
    monkeypatch.setattr(winit.torch, "capture", lambda build: spec_of(build()), raising=False)
    module, recipe = init_(Model, np.int64(11))
    require_all(module, recipe)
    assert recipe.seed == 11


def test_non_persistent_buffers_of_a_run_without_them_come_from_the_function(monkeypatch: Any) -> None:
    drawn = list[bool]()

    def capture(build: Any) -> winit.Spec:
        spec = spec_of(build())
        literal = winit.recipes.BytesLiteral((np.arange(4, dtype="<f4") / 4).tobytes())
        given = {"law": "literal"}
        tensors = [
            winit.SpecTensor(t.name, t.shape, t.dtype, NORMAL if drawn else given, () if drawn else (literal,))
            if t.name == "frequencies"
            else t
            for t in spec.tensors
        ]
        return winit.Spec(tuple(tensors))

    monkeypatch.setattr(winit.torch, "capture", capture, raising=False)
    recipe = spec_of(Model(), without=["frequencies"]).recipe(7)
    module, _ = init_(Model, recipe)
    assert module.frequencies.tolist() == [0.0, 0.25, 0.5, 0.75]
    drawn.append(True)  # a value that the function draws has no seed in the run
    with pytest.raises(winit.BadInput, match="`frequencies`"):
        init_(Model, recipe)


def test_kept_tensors_stay_and_need_no_recipe() -> None:
    module = Model()
    module.narrow.data.fill_(3)
    recipe = init_(module, spec_of(module, without=["frequencies", "narrow"]), seed=7, keep=["freq*", "narrow"])
    assert module.frequencies.tolist() == [0.0, 0.25, 0.5, 0.75] and module.narrow.eq(3).all()
    assert memory_of(module.norm.weight).tobytes() == own_bytes(recipe["norm.weight"])
    init_(module, spec_of(module), seed=8, keep="narrow")
    assert module.narrow.eq(3).all()


def test_a_renamed_tensor_keeps_the_values_of_its_name_in_the_recipe() -> None:
    recipe = spec_of(nn.Sequential(nn.Linear(3, 3))).recipe(9)
    linear = nn.Linear(3, 3)
    init_(linear, recipe, rename=lambda name: f"0.{name}")
    assert memory_of(linear.weight).tobytes() == own_bytes(recipe["0.weight"])
    init_(nn.Sequential(linear), recipe, rename={"absent": "present"})


def test_a_subset_of_a_recipe_fills_a_part_of_a_model() -> None:
    recipe = spec_of(Model()).recipe(7)
    norm = nn.BatchNorm1d(8)
    init_(norm, recipe, rename=lambda name: f"norm.{name}", subset=True)
    assert memory_of(norm.weight).tobytes() == own_bytes(recipe["norm.weight"])


def test_gpt2_of_transformers_is_built_on_meta_filled_and_runs(transformers: Any) -> None:
    config = transformers.GPT2Config(
        n_layer=2, n_embd=32, n_head=4, vocab_size=100, n_positions=16, bos_token_id=0, eos_token_id=0
    )
    spec = spec_of(transformers.GPT2LMHeadModel(config))
    model, recipe = init_(lambda: transformers.GPT2LMHeadModel(config), spec, seed=42)
    require_all(model, recipe)
    assert model.lm_head.weight is model.transformer.wte.weight
    logits = model(torch.arange(5)[None]).logits
    assert logits.shape == (1, 5, 100) and logits.isfinite().all()
    llama = transformers.LlamaConfig(
        num_hidden_layers=1, hidden_size=32, num_attention_heads=4, intermediate_size=64, vocab_size=100
    )
    rotary = transformers.LlamaForCausalLM(llama)
    names = [name for name, _ in rotary.named_buffers()]
    assert names
    with pytest.raises(winit.BadInput, match="non-persistent"):
        init_(rotary, spec_of(rotary, without=names), seed=1)
