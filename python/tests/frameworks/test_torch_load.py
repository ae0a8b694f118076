"""load_into, state_dict and verify: a run as if it were a checkpoint."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

from torch import nn  # noqa: E402

import winit  # noqa: E402
import winit.torch  # noqa: E402
from winit import reference  # noqa: E402
from winit.torch import load_into, state_dict, verify  # noqa: E402

NORMAL = reference.normal(std=0.02)


class Tied(nn.Module):  # type: ignore[misc]  # untyped
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 8)
        self.norm = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, 10, bias=False)
        self.head.weight = self.embedding.weight
        self.register_buffer("scratch", torch.zeros(2), persistent=False)


def recipe_of(**extra: Any) -> winit.Recipe:
    laws: dict[str, Any] = {
        "embedding.weight": ("float32", (10, 8), NORMAL),
        "head.weight": ("float32", (10, 8), {"law": "same_as", "name": "embedding.weight"}),
        "norm.bias": ("float32", (8,), reference.uniform(-1, 1)),
        "norm.num_batches_tracked": ("int64", (), reference.constant(4)),
        "norm.running_mean": ("float32", (8,), NORMAL),
        "norm.running_var": ("float32", (8,), reference.constant(1.0)),
        "norm.weight": ("float32", (8,), reference.truncated_normal(1, 0.5)),
        **extra,
    }
    return winit.Recipe.from_laws(42, {name: law for name, law in laws.items() if law is not None})


def own_state(recipe: winit.Recipe) -> dict[str, Any]:
    """The tensors by the reference in NumPy, which shares no code with the kernels nor with winit.torch."""
    made = {}
    for name, one in recipe.items():
        tensor = one if one.source is None else one.source
        law: Any = tensor.law
        plain = reference.Tensor(tensor.name, tensor.dtype, tensor.shape, law, tensor.stream, tensor.seed)
        values = np.frombuffer(reference.canonical_bytes(42, plain), np.dtype(tensor.dtype)).reshape(tensor.shape)
        made[name] = torch.from_numpy(values.copy())
    return made


def test_load_into_does_what_safetensors_load_model_does(tmp_path: Any) -> None:
    recipe, file = recipe_of(**{"head.weight": None}), tmp_path / "m.safetensors"
    safetensors_torch.save_file(own_state(recipe), file)
    for build in (Tied, lambda: nn.Sequential(Tied()), lambda: nn.Sequential(nn.Linear(8, 8))):
        ours, theirs = build(), build()
        expected = [sorted(names) for names in safetensors_torch.load_model(theirs, file, strict=False)]
        found = load_into(ours, recipe, strict=False)
        # PyTorch takes an absent count of batches for 0, because old checkpoints have none.
        missing = [name for name in found[0] if not name.endswith("num_batches_tracked")]
        assert [sorted(missing), sorted(found[1])] == expected
        if build is Tied:
            assert found == ([], [])
            for (name, a), b in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
                assert torch.equal(a, b), name


def test_strict_is_the_default_and_changes_nothing_on_failure() -> None:
    for recipe, text in (
        (recipe_of(extra=("float32", (3,), NORMAL)), "unexpected.*`extra`"),
        (recipe_of(**{"norm.bias": None}), "missing.*`norm.bias`"),
        (recipe_of(**{"norm.bias": ("float32", (9,), NORMAL)}), "shape"),
        (recipe_of(**{"norm.bias": ("float64", (8,), NORMAL)}), "dtype"),
    ):
        module = Tied()
        before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        with pytest.raises(winit.BadInput, match=text):
            load_into(module, recipe)
        assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    module = Tied()
    assert load_into(module, recipe_of(extra=("float32", (3,), NORMAL)), strict=False) == ([], ["extra"])
    with pytest.raises(winit.BadInput, match="shape"):
        load_into(module, recipe_of(**{"norm.bias": ("float32", (9,), NORMAL)}), strict=False)


def test_load_into_gives_memory_to_what_it_loads_on_meta() -> None:
    with torch.device("meta"):
        module = Tied()
    assert load_into(module, recipe_of(**{"norm.bias": None}), strict=False) == (["norm.bias"], [])
    assert module.norm.bias.is_meta and module.scratch.is_meta
    assert module.head.weight is module.embedding.weight
    assert torch.equal(module.embedding.weight, own_state(recipe_of())["embedding.weight"])


def test_names_of_the_module_are_renamed_to_names_of_the_run() -> None:
    module = nn.Sequential(Tied())
    assert load_into(module, recipe_of(), rename=lambda name: name.removeprefix("0.")) == ([], [])
    verify(module, recipe_of(), rename=lambda name: name.removeprefix("0."))
    with pytest.raises(winit.BadInput, match="missing"):
        load_into(module, recipe_of())


def test_state_dict_holds_every_tensor_and_ties_share_memory() -> None:
    found, expected = state_dict(recipe_of()), own_state(recipe_of())
    assert list(found) == list(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert all(found[name].dtype == expected[name].dtype for name in expected)
    assert found["head.weight"] is found["embedding.weight"]
    module = Tied()
    module.load_state_dict(found)
    verify(module, recipe_of())
    with torch.inference_mode():
        assert not state_dict(recipe_of())["norm.bias"].is_inference()


def test_state_dict_names_the_tensor_whose_dtype_pytorch_lacks() -> None:
    literal = winit.recipes.BytesLiteral(bytes(3))
    spec = winit.Spec((winit.SpecTensor("six", (4,), "float6_e2m3fn", {"law": "literal"}, (literal,)),))
    with pytest.raises(winit.BadInput, match=r"six.*float6"):
        state_dict(spec.recipe(1))
    with pytest.raises(winit.BadInput, match="meta"):
        state_dict(recipe_of(), device="meta")


def test_verify_accepts_a_module_its_state_and_its_wrappers() -> None:
    module, recipe = Tied(), recipe_of()
    load_into(module, recipe)
    for good in (module, module.state_dict(), dict(module.named_parameters())):
        verify(good, recipe, subset=True)
    verify(torch.compile(module), recipe)
    verify(nn.DataParallel(module), recipe)


def test_one_changed_bit_is_found_with_its_index() -> None:
    module, recipe = Tied(), recipe_of()
    load_into(module, recipe)
    with torch.no_grad():
        module.norm.weight.view(torch.int32)[5] ^= 1
    with pytest.raises(winit.Mismatch, match=r"norm\.weight") as caught:
        verify(module, recipe)
    [finding] = caught.value.findings
    assert isinstance(finding, winit.Finding)
    assert (finding.kind, finding.tensor, finding.index) == ("values", "norm.weight", (5,))


def test_a_broken_tie_a_missing_and_an_unexpected_tensor_are_found() -> None:
    module, recipe = Tied(), recipe_of()
    load_into(module, recipe)
    module.head.weight = nn.Parameter(torch.zeros(10, 8))
    with pytest.raises(winit.Mismatch, match=r"head\.weight"):
        verify(module, recipe)
    with pytest.raises(winit.Mismatch, match="extra"):
        verify(Tied(), recipe_of(extra=("float32", (3,), NORMAL)))
    module = Tied()
    load_into(module, recipe)
    module.register_parameter("new", nn.Parameter(torch.zeros(2)))
    with pytest.raises(winit.Mismatch, match="new"):
        verify(module, recipe)


def test_non_persistent_buffers_are_verified_where_the_run_has_them() -> None:
    module, recipe = Tied(), recipe_of(scratch=("float32", (2,), reference.constant(3.0)))
    load_into(module, recipe)
    verify(module, recipe)
    assert module.scratch.tolist() == [3.0, 3.0]
    module.scratch.zero_()
    with pytest.raises(winit.Mismatch, match="scratch"):
        verify(module, recipe)


def test_a_module_rounded_to_bfloat16_is_verified_with_cast() -> None:
    module, recipe = Tied(), recipe_of()
    load_into(module, recipe)
    module.to(torch.bfloat16)
    with pytest.raises(winit.Mismatch, match="dtype"):
        verify(module, recipe)
    verify(module, recipe, cast=True)


def test_a_recorded_run_is_loaded_verified_and_made_a_state(tmp_path: Any, command: str) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "tensors:\n  weight: {shape: [2, 3], init: {scheme: normal, std: 0.5}}\n  bias: {shape: [2], init: zeros}\n"
    )
    with winit.Registry(tmp_path / "r.sqlite", create=True) as registry:
        run = registry.create("linear", spec, seed=5)
        linear = nn.Linear(3, 2)
        assert load_into(linear, run) == ([], [])
        verify(linear, run)
        expected = reference.Tensor("weight", "float32", (2, 3), reference.normal(0, 0.5))
        assert linear.weight.detach().numpy().tobytes() == reference.canonical_bytes(5, expected)
        assert torch.equal(state_dict(run)["weight"], linear.weight)
        assert winit.torch.init_(nn.Linear(3, 2), run).id == run.id


def test_a_tied_parameter_that_the_run_has_under_one_name_is_verified_once() -> None:
    module = torch.nn.ModuleDict({"embed": torch.nn.Embedding(5, 3), "head": torch.nn.Linear(3, 5, bias=False)})
    module["head"].weight = module["embed"].weight
    recipe = winit.Recipe.from_laws(42, {"embed.weight": ("float32", (5, 3), reference.normal(std=0.02))})
    load_into(module, recipe, strict=False)
    verify(module, recipe)
    module["head"].weight = torch.nn.Parameter(module["head"].weight.detach().clone())
    with pytest.raises(winit.Mismatch, match=r"head\.weight"):
        verify(module, recipe)
