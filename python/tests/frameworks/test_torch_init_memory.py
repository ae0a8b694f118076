"""init_: memory, views, Python objects and modules that compute their tensors stay what they are."""

from __future__ import annotations

import copy
import functools
import pickle
import weakref
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import winit  # noqa: E402
import winit.torch  # noqa: E402
from torch_module_support import Model, meta, own_bytes, require_all, spec_of  # noqa: E402
from winit.torch.dtypes import memory_of  # noqa: E402

init_: Any = winit.torch.init_  # mypy cannot tell a module from a function here, because PyTorch counts as untyped


def test_python_objects_that_held_a_meta_tensor_hold_the_filled_one() -> None:
    module = meta()
    weight, listed = module.norm.weight, [module.narrow]
    weight.is_special = True
    optimizer = torch.optim.SGD([module.norm.weight], lr=0.1)
    recipe = init_(module, spec_of(Model()), seed=7)
    assert module.norm.weight is weight is optimizer.param_groups[0]["params"][0]
    assert weight.is_special and isinstance(weight, nn.Parameter)
    assert memory_of(listed[0]).tobytes() == own_bytes(recipe["narrow"])
    assert module.frequencies_at_start is module.frequencies
    weight.sum().backward()
    optimizer.step()
    assert not torch.equal(weight, torch.from_numpy(recipe["norm.weight"][...]))


def test_a_parameter_that_cannot_be_exchanged_is_registered_anew() -> None:
    module = meta()
    held = [weakref.ref(module.lstm.weight_ih_l0), weakref.ref(module.frequencies)]
    recipe = init_(module, spec_of(Model()), seed=7)
    assert all(reference is not None for reference in held)
    require_all(module, recipe)
    assert module.frequencies_at_start is module.frequencies
    assert module.lstm._flat_weights[0] is module.lstm.weight_ih_l0
    assert module.lstm(torch.ones(2, 1, 8))[0].isfinite().all()


def test_a_materialized_module_trains_copies_pickles_and_gives_its_state() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.LSTM(4, 4))
    spec = spec_of(module)
    made = meta(lambda: nn.Sequential(nn.Linear(4, 4), nn.LSTM(4, 4)))
    with torch.inference_mode():
        recipe = init_(made, spec, seed=2)
    require_all(copy.deepcopy(made), recipe)
    require_all(pickle.loads(pickle.dumps(made)), recipe)
    module.load_state_dict(made.state_dict())
    require_all(module, recipe)
    made[1](made[0](torch.ones(2, 1, 4)))[0].sum().backward()
    assert all(p.grad is not None and p.is_leaf for p in made.parameters())


def test_views_of_one_storage_stay_views_of_one_storage() -> None:
    class Fused(nn.Module):  # type: ignore[misc]  # untyped
        def __init__(self) -> None:
            super().__init__()
            whole = torch.zeros(6, 4)
            self.register_buffer("q", whole[:3])
            self.register_buffer("k", whole[3:, ::2])
            self.register_buffer("v", whole[3:, 1::2])
            self.register_buffer("same", whole[:3])

    module = meta(Fused)
    recipe = init_(module, spec_of(Fused(), laws={"same": {"law": "same_as", "name": "q"}}), seed=1)
    require_all(module, recipe)
    storages = {buffer.untyped_storage().data_ptr() for buffer in module.buffers()}
    assert len(storages) == 1 and module.k.stride() == (4, 2)
    module.q.fill_(5)
    assert module.same.eq(5).all() and not module.k.eq(5).any()


def test_an_expanded_buffer_gets_a_place_for_each_element() -> None:
    class Expanded(nn.Module):  # type: ignore[misc]  # untyped
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("table", torch.zeros(1).expand(5, 3))

    for module in (Expanded(), meta(Expanded)):
        require_all(module, init_(module, spec_of(Expanded()), seed=1))


def test_parameters_of_a_class_of_their_own_keep_it() -> None:
    class Scaled(nn.Parameter):  # type: ignore[misc]  # untyped
        pass

    module = nn.Linear(2, 2, device="meta")
    module.weight = Scaled(module.weight.detach(), requires_grad=False)
    module.weight.axis = 1
    require_all(module, init_(module, spec_of(nn.Linear(2, 2)), seed=1))
    assert type(module.weight) is Scaled and module.weight.axis == 1 and not module.weight.requires_grad


def test_channels_last_stays_channels_last() -> None:
    for module in (nn.Conv2d(3, 5, 2), meta(lambda: nn.Conv2d(3, 5, 2))):
        module.to(memory_format=torch.channels_last)
        recipe = init_(module, spec_of(nn.Conv2d(3, 5, 2)), seed=1)
        require_all(module, recipe)
        assert module.weight.is_contiguous(memory_format=torch.channels_last)


def test_parametrizations_keep_working() -> None:
    from torch.nn.utils import parametrizations

    def build() -> Any:
        return parametrizations.weight_norm(nn.Linear(4, 3))

    module = meta(build)
    recipe = init_(module, spec_of(build()), seed=3)
    require_all(module, recipe)
    v = module.parametrizations.weight.original1
    g = module.parametrizations.weight.original0
    assert torch.allclose(module.weight, g * v / v.norm(dim=1, keepdim=True))


@pytest.mark.filterwarnings("ignore:.*weight_norm.*")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_attributes_that_hooks_compute_are_computed_anew() -> None:
    from torch.nn.utils import prune, spectral_norm, weight_norm

    wraps: list[Any] = [weight_norm, spectral_norm]
    for wrap in (*wraps, lambda linear: prune.random_unstructured(linear, "weight", amount=0.5)):

        def build(wrap: Any = wrap) -> Any:
            return wrap(nn.Linear(4, 3))

        module, real = meta(build), build()
        require_all(module, init_(module, spec_of(real), seed=3))
        assert not module.weight.is_meta
        init_(real, spec_of(real), seed=3)
        assert torch.equal(module.weight, real.weight)
        assert module.eval()(torch.ones(4)).shape == (3,)


def test_wrapped_modules_have_the_names_of_the_module_inside() -> None:
    recipe = spec_of(nn.Sequential(nn.Linear(3, 3))).recipe(9)
    inner = nn.Sequential(nn.Linear(3, 3))
    for wrapped in (torch.compile(inner), nn.DataParallel(inner), nn.Sequential(torch.compile(inner[0]))):
        for p in inner.parameters():
            p.data.zero_()
        init_(wrapped, recipe)
        require_all(inner, recipe)


def test_all_tensors_move_to_the_device_that_is_given_and_others_stay() -> None:
    module = meta()
    module.norm = nn.BatchNorm1d(8, device="cpu")
    init_(module, spec_of(Model()), seed=7, device="cpu")
    assert {tensor.device.type for tensor in module.state_dict().values()} == {"cpu"}
    with torch.device("meta"):
        module = Model()
        recipe = init_(module, spec_of(meta()), seed=7)
    require_all(module, recipe)


@pytest.mark.parametrize("way", ["operations", "copy"])
def test_the_ways_of_other_devices_fill_modules_with_the_same_bits(monkeypatch: Any, way: str) -> None:
    from winit.torch import writing
    from winit.torch.sharding import writing as of_parts

    monkeypatch.setattr(of_parts, "write_box", functools.partial(writing.write_box, force=way))
    for module in (Model(), meta()):
        require_all(module, init_(module, spec_of(Model()), seed=7))
