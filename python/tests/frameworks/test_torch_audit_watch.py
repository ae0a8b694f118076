"""winit.torch.watch: the audit as a context, for code that builds elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import winit

pytest.importorskip("torch")

import torch
from torch import nn

from winit.torch import audit, watch


class Rotary(nn.Module):  # type: ignore[misc]
    """A rotary embedding that computes its buffer in the constructor, as those of transformers do."""

    def __init__(self, dim: int = 8) -> None:
        super().__init__()
        self.register_buffer("inv_freq", 1.0 / 10000 ** (torch.arange(0, dim, 2) / dim), persistent=False)


class Block(nn.Module):  # type: ignore[misc]
    """A model whose `init_weights` forgets the buffer unless it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 8)
        self.rotary = Rotary()
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 10)

    def init_weights(self, buffers: bool) -> None:
        """Initializes all parameters, and the buffers on demand."""
        for layer in (self.embed, self.norm, self.head):
            layer.reset_parameters()
        if buffers:
            self.rotary.inv_freq.copy_(Rotary().inv_freq)


def names(result: Any) -> list[tuple[str, str]]:
    """Kind and tensor of each finding."""
    return [(finding.kind, finding.tensor) for finding in result.findings]


@pytest.mark.parametrize("buffers", [False, True])
def test_a_buffer_that_to_empty_leaves_without_values_is_found(buffers: bool) -> None:
    """Issues 1371 and 4783 of torchtitan, 34234 and 45902 of transformers."""
    with torch.device("meta"):
        model = Block()
    with watch() as w:
        model.to_empty(device="cpu")
        model.init_weights(buffers)
    result = w.audit(model)
    assert names(result) == ([] if buffers else [("never_written", "rotary.inv_freq")])
    assert not result.not_checked
    assert buffers or "by Module.to_empty" in result.findings[0].message


def test_a_tie_of_a_model_that_was_built_before_the_watch_is_known_from_to_empty() -> None:
    with torch.device("meta"):
        model = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 9, bias=False))
        model[1].weight = model[0].weight
    with watch() as w:
        model.to_empty(device="cpu")
        for layer in model:
            layer.reset_parameters()
    assert names(w.audit(model)) == [("tie_broken", "1.weight")]


def test_two_models_can_be_audited_within_and_after_one_watch() -> None:
    with watch() as w:
        bad = nn.utils.skip_init(nn.Linear, 2, 2, bias=False)
        good = nn.Linear(2, 2)
        assert names(w.audit(bad)) == [("never_written", "weight")]
        assert names(w.audit(good)) == []
        nn.init.zeros_(bad.weight)
    assert names(w.audit(bad)) == []


def test_a_watch_can_be_entered_again_and_goes_on() -> None:
    w = watch()
    with w:
        model = nn.utils.skip_init(nn.Linear, 2, 2)
    nn.init.zeros_(model.weight)  # not watched, and seen all the same
    with w:
        assert names(w.audit(model)) == [("never_written", "bias")]


def test_a_watch_within_a_watch_is_refused_and_the_outer_one_goes_on() -> None:
    with watch() as w:
        with pytest.raises(winit.BadInput, match="watches this thread already"), watch():
            raise AssertionError
        with pytest.raises(winit.BadInput, match="watches this thread already"):
            audit(lambda: nn.Linear(2, 2))
        with pytest.raises(winit.BadInput, match="watches this thread already"), w:
            raise AssertionError
        model = nn.utils.skip_init(nn.Linear, 2, 2)
    assert len(names(w.audit(model))) == 2
    with watch():
        pass


def test_an_exception_ends_the_watch() -> None:
    from torch.nn.modules.module import _global_parameter_registration_hooks as hooks
    from torch.utils._python_dispatch import _get_current_dispatch_mode as mode

    before = len(hooks)
    with pytest.raises(ZeroDivisionError), watch():
        assert mode() is not None and len(hooks) == before + 1
        raise ZeroDivisionError
    assert mode() is None and len(hooks) == before


def test_the_context_managers_of_the_user_nest_in_any_order() -> None:
    from torch.utils._python_dispatch import TorchDispatchMode

    seen = list[str]()

    class Seen(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            seen.append(str(function))
            return function(*args, **(kwargs or {}))

    with Seen(), watch() as w:
        outer = nn.utils.skip_init(nn.Linear, 2, 2, bias=False)
    with w, Seen():
        inner = nn.utils.skip_init(nn.Linear, 2, 2, bias=False)
    assert len(names(w.audit(outer))) == len(names(w.audit(inner))) == 1
    assert len(seen) == 6 and len(seen) % 2 == 0  # the audit's own work is no operation that others see


def test_threads_that_enter_the_watch_are_watched() -> None:
    made = dict[str, Any]()
    with watch() as w:

        def build() -> None:
            with w:
                made["in"] = nn.utils.skip_init(nn.Linear, 2, 2, bias=False)

        threads = [threading.Thread(target=build)]
        threads.append(threading.Thread(target=lambda: made.update(out=nn.Linear(2, 2, bias=False))))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert names(w.audit(made["in"])) == [("never_written", "weight")]
    outside = w.audit(made["out"])
    assert outside.ok and [left.tensor for left in outside.not_checked] == ["weight"]


def test_the_same_address_after_memory_was_freed_is_not_taken_for_the_old_memory() -> None:
    with watch() as w:
        model = nn.utils.skip_init(nn.Linear, 8, 8)
        for _ in range(6000):  # more than the table holds before it forgets freed storages
            torch.empty(64)
        nn.init.zeros_(model.bias)
        again = nn.Linear(8, 8)
    assert names(w.audit(model)) == [("never_written", "weight")]
    assert not w.audit(model).not_checked
    assert names(w.audit(again)) == [] and not w.audit(again).not_checked
    for _ in range(50):
        with w:
            torch.zeros(64)  # freed at once
        unseen = nn.Linear(8, 8, bias=False)
        assert [left.tensor for left in w.audit(unseen).not_checked] == ["weight"]


@contextmanager
def init_empty_weights() -> Iterator[None]:
    """Moves each parameter to the meta device when it is registered, and leaves buffers, as accelerate does."""
    original = nn.Module.register_parameter

    def register(module: Any, name: str, parameter: Any) -> None:
        original(module, name, parameter)
        if parameter is not None:
            module._parameters[name] = nn.Parameter(parameter.to("meta"))

    nn.Module.register_parameter = register
    try:
        yield
    finally:
        nn.Module.register_parameter = original


def test_buffers_that_to_empty_takes_from_a_model_with_empty_weights_are_found() -> None:
    """Issue 34234 of transformers: `to_empty` replaces buffers that had values."""
    with watch() as w:
        with init_empty_weights():
            model = Block()
        assert model.rotary.inv_freq.device.type == "cpu"
        model.to_empty(device="cpu")
        model.init_weights(buffers=False)
    assert names(w.audit(model)) == [("never_written", "rotary.inv_freq")]


def test_integers_and_bools_that_chance_may_explain_are_named_and_long_runs_are_found() -> None:
    with watch() as w:
        model = nn.Module()
        model.register_buffer("mask", torch.empty(500, dtype=torch.bool))
        model.mask[:300] = True
        model.register_buffer("codes", torch.empty(40, dtype=torch.uint8))
        model.codes[:39] = 7
        model.register_buffer("zeros", torch.empty(100_000, dtype=torch.bool).zero_())
    result = w.audit(model)
    (finding,) = result.findings
    assert finding.tensor == "mask" and 200 <= finding.count <= 210
    assert [left.tensor for left in result.not_checked] == ["mask", "codes", "zeros"]


def test_what_is_no_module_is_refused() -> None:
    with watch() as w:
        pass
    with pytest.raises(winit.BadInput, match="got dict"):
        w.audit({})


def test_a_model_that_is_sharded_and_then_materialized_is_checked(tmp_path: Path) -> None:
    """FSDP2: meta device, `fully_shard`, `to_empty`, and an initialization that forgets a layer."""
    if not torch.distributed.is_available():
        pytest.skip("this torch has no torch.distributed")
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        mesh = init_device_mesh("cpu", (1,))
        with watch() as w:
            with torch.device("meta"):
                model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
            for layer in model:
                fully_shard(layer, mesh=mesh)
            fully_shard(model, mesh=mesh)
            model.to_empty(device="cpu")
            model[0].reset_parameters()
        result = w.audit(model)
        assert names(result) == [("never_written", "1.weight"), ("never_written", "1.bias")]
        assert "the local part" in result.findings[0].message
        with w:
            model[1].reset_parameters()
        assert w.audit(model).ok and not w.audit(model).not_checked
    finally:
        torch.distributed.destroy_process_group()
