"""Captures of functions that shard the module: what the error says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.distributed.tensor")

import winit.torch  # noqa: E402


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[object]:
    """A mesh of this process alone."""
    from torch import distributed
    from torch.distributed.device_mesh import init_device_mesh

    distributed.init_process_group("gloo", f"file://{tmp_path}/group", rank=0, world_size=1)
    try:
        yield init_device_mesh("cpu", (1,))
    finally:
        distributed.destroy_process_group()


def test_a_function_that_shards_is_refused_for_a_seed_and_filled_from_a_recipe(mesh: object) -> None:
    from torch.distributed.fsdp import fully_shard

    def whole() -> Any:
        return torch.nn.Linear(5, 3)

    def sharded() -> Any:
        return fully_shard(whole(), mesh=mesh)

    with pytest.raises(winit.BadInput, match=r"DTensor.* Capture the function before it shards the module"):
        winit.torch.init_(sharded, 42)
    recipe = winit.torch.capture(whole).recipe(42)
    model: Any = winit.torch.init_(sharded, recipe)[0]
    assert (model.weight.full_tensor().detach().numpy() == recipe["weight"][:]).all()
