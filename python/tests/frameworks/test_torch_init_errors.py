"""init_: what does not fit is named, and nothing is written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import winit  # noqa: E402
import winit.torch  # noqa: E402
from torch_module_support import NORMAL, ZEROS, Model, meta, require_all, require_unchanged, snapshot, spec_of  # noqa: E402
from winit.torch.dtypes import memory_of  # noqa: E402

init_: Any = winit.torch.init_  # mypy cannot tell a module from a function here, because PyTorch counts as untyped


def broken() -> Iterator[tuple[str, Any, winit.Spec, dict[str, Any]]]:
    """What does not fit: a text of the error, the module, the spec, and options."""
    module, full = Model(), spec_of(Model())
    yield "`narrow`", module, spec_of(module, without=["narrow"]), {}
    yield "non-persistent.*`frequencies`", module, spec_of(module, without=["frequencies"]), {}
    yield "num_batches_tracked", module, spec_of(module, without=["norm.num_batches_tracked"]), {}
    extra = winit.SpecTensor("extra", (2,), "float32", ZEROS)
    yield "`extra`", module, winit.Spec((*full.tensors, extra)), {}
    shape = [winit.SpecTensor(t.name, (6,), t.dtype, t.law) if t.name == "narrow" else t for t in full.tensors]
    yield r"`narrow` has the shape \[5\]", module, winit.Spec(tuple(shape)), {}
    dtype = [winit.SpecTensor(t.name, t.shape, "float32", t.law) if t.name == "narrow" else t for t in full.tensors]
    yield "`narrow` has the dtype bfloat16", module, winit.Spec(tuple(dtype)), {}
    yield "`embedding.weight` and `norm.weight` both", module, full, {"rename": {"norm.weight": "embedding.weight"}}
    yield "matches no tensor", module, full, {"keep": "typo*"}
    yield "a name is a str", module, full, {"rename": lambda name: None}
    yield "meta device", module, full, {"device": "meta"}
    yield "is to be kept, but is on the meta device", meta(), full, {"keep": "narrow"}
    lazy = nn.Sequential(nn.LazyLinear(3))
    yield "`0.weight` is lazy", lazy, spec_of(nn.Sequential(nn.Linear(2, 3))), {}
    sparse = nn.Module()
    sparse.register_buffer("s", torch.eye(3).to_sparse())
    yield "`s` has the layout sparse_coo", sparse, winit.Spec((winit.SpecTensor("s", (3, 3), "float32", ZEROS),)), {}
    views = nn.Module()
    views.register_buffer("all", torch.zeros(10))
    views.register_buffer("some", views.all[3:5])
    yield "`all` and `some` share", views, spec_of(views), {}
    stale = meta().to_empty(device="cpu")
    yield "the attribute `frequencies_at_start`", stale, full, {}
    plain = meta()
    plain.table = torch.empty(3, device="meta")
    yield "the attribute `table`", plain, full, {}
    hooked = meta()
    hooked.narrow.requires_grad_(True).register_hook(lambda grad: grad)
    yield "`narrow` has hooks", hooked, full, {}


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_whatever_does_not_fit_is_named_and_nothing_is_written() -> None:
    for text, module, spec, options in broken():
        named = [each for each in module.named_parameters() if not isinstance(each[1], nn.UninitializedParameter)]
        before = {name: (id(p), p.device, None if p.is_meta else memory_of(p).tobytes()) for name, p in named}
        with pytest.raises(winit.BadInput, match=f"(?s){text}"):
            init_(module, spec, seed=7, **options)
        for name, p in module.named_parameters():
            assert name not in before or (id(p), p.device) == before[name][:2], text
            assert name not in before or p.is_meta or memory_of(p).tobytes() == before[name][2], text


def test_all_problems_are_in_one_error() -> None:
    with pytest.raises(winit.BadInput) as caught:
        init_(Model(), spec_of(Model(), without=["narrow", "mask", "frequencies", "norm.bias"]), seed=7)
    assert all(f"`{name}`" in str(caught.value) for name in ("narrow", "mask", "frequencies", "norm.bias"))


def test_the_kind_of_source_decides_where_the_seed_comes_from() -> None:
    spec = spec_of(nn.Linear(2, 2))
    recipe = spec.recipe(5)
    for source, seed in ((spec, None), (recipe, 5), (5, None), (5, 6), (True, None), (spec, "5"), (None, None)):
        with pytest.raises(winit.BadInput):
            init_(nn.Linear(2, 2), source, seed)
    with pytest.raises(winit.BadInput, match="function that builds"):
        init_(nn.Linear(2, 2), 5)
    linear = nn.Linear(2, 2)
    assert init_(linear, recipe) is recipe
    require_all(linear, recipe)


def test_tied_names_with_different_values_are_refused() -> None:
    module = Model()
    before = snapshot(module)
    with pytest.raises(winit.BadInput, match="one tensor of the module"):
        init_(module, spec_of(module, laws={"head.weight": NORMAL}), seed=7)
    require_unchanged(module, before)


def test_an_error_while_values_are_made_changes_nothing() -> None:
    class Unreadable(winit.recipes.BytesLiteral):
        def read(self, start: int, stop: int) -> bytes:
            raise winit.BadInput("the literal is damaged")

    for module in (Model(), meta()):
        spec = spec_of(Model())
        tensors = [
            winit.SpecTensor(t.name, t.shape, t.dtype, {"law": "literal"}, (Unreadable(bytes(128)),))
            if t.name == "lstm.bias_hh_l0"  # the last in the order of the module
            else t
            for t in spec.tensors
        ]
        before = snapshot(module)
        with pytest.raises(winit.BadInput, match="damaged"):
            init_(module, winit.Spec(tuple(tensors)), seed=7)
        require_unchanged(module, before)


def test_values_that_may_fail_are_made_once_before_and_not_kept_beyond_a_limit(monkeypatch: Any) -> None:
    from winit.torch import commit

    read = list[str]()

    class Counted(winit.recipes.BytesLiteral):
        def read(self, start: int, stop: int) -> bytes:
            read.append("once")
            return super().read(start, stop)

    literal = winit.SpecTensor("bias", (2,), "float32", {"law": "literal"}, (Counted(b"\0\0\x80\x3f" * 2),))
    spec = winit.Spec((literal, winit.SpecTensor("weight", (2, 2), "float32", NORMAL)))
    counts = []
    for limit in (1 << 30, 0):
        monkeypatch.setattr(commit, "_KEPT_BYTES", limit)
        read.clear()
        linear = nn.Linear(2, 2)
        init_(linear, spec, seed=1)
        assert linear.bias.tolist() == [1.0, 1.0]
        counts.append(len(read))
    assert counts[1] > counts[0] > 0


def test_an_interrupted_fill_says_that_the_module_is_partly_written(monkeypatch: Any) -> None:
    from winit.torch.sharding import writing

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "write_box", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        init_(nn.Linear(2, 2), spec_of(nn.Linear(2, 2)), seed=1)
    if sys.version_info >= (3, 11):
        assert "partly written" in caught.value.__notes__[0]


def test_a_function_that_fails_on_meta_is_told_from_one_that_builds_no_module() -> None:
    spec = spec_of(nn.Linear(2, 2))
    with pytest.raises(winit.BadInput, match="meta device"):
        init_(lambda: nn.Linear(2, int(torch.ones(()).item())), spec, seed=1)
    with pytest.raises(winit.BadInput, match="returned dict"):
        init_(dict, spec, seed=1)
    with pytest.raises(winit.BadInput, match="expected, not int"):
        init_(3, spec, seed=1)
