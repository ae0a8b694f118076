"""transformers on two ranks: folders that the command writes, loaded by its tensor parallelism; and FSDP2."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.distributed.tensor")

import winit.torch  # noqa: E402
from torch_module_support import own_bytes  # noqa: E402
from torch_ranks_support import on_ranks, reports  # noqa: E402
from torch_sharded_ranks import SEED  # noqa: E402
from torch_transformers_ranks import both, build, config  # noqa: E402
from winit.torch.dtypes import memory_of  # noqa: E402


@pytest.fixture(scope="module")
def folder(transformers: Any, command: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that `get --max-shard-size` wrote, with the config.json of the model."""
    place = tmp_path_factory.mktemp("llama")
    spec = winit.torch.capture(build)
    persistent = winit.Spec(tuple(tensor for tensor in spec.tensors if tensor.persistent))
    with winit.Registry(place / "r.sqlite", create=True) as registry:
        registry.create("llama", persistent, seed=SEED)
    words = [command, "get", "llama", "--registry", str(place / "r.sqlite"), "--max-shard-size", "60kB"]
    subprocess.run([*words, "-o", f"{place}/written/"], check=True, capture_output=True)
    config(transformers).save_pretrained(place / "written")
    return place / "written"


@pytest.fixture(scope="module")
def ranks(folder: Path) -> list[dict[str, Any]]:
    """What each of two ranks reports."""
    return on_ranks((2,), partial(both, str(folder)))[2]


@pytest.fixture(scope="module")
def expected(transformers: Any) -> dict[str, bytes]:
    """The tensors of a single process: drawn ones by the reference, and tables as transformers computes them."""
    buffers = {name: memory_of(tensor).tobytes() for name, tensor in build().named_buffers()}
    recipe = winit.torch.capture(build).recipe(SEED)
    return {name: buffers[name] if name in buffers else own_bytes(tensor) for name, tensor in recipe.items()}


def test_from_pretrained_splits_a_folder_of_shards_over_two_ranks(
    ranks: list[dict[str, Any]], folder: Path, expected: dict[str, bytes]
) -> None:
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    assert len(set(index["weight_map"].values())) > 3
    for found in reports(ranks, "loaded"):
        assert set(found["bytes"]) == set(expected)
        for name, data in found["bytes"].items():
            assert data == expected[name], name
        assert found["sharded"] >= 14, "seven matrices of each of two layers are split"
        assert found["report"] == {} and found["tied"]
        assert found["audited"] == []


def test_a_llama_that_fsdp_split_has_the_bits_of_a_single_process(
    ranks: list[dict[str, Any]], expected: dict[str, bytes]
) -> None:
    model = build()
    winit.torch.init_(model, winit.torch.capture(build).recipe(SEED))
    logits = model(torch.arange(10)[None]).logits.detach()
    for found in reports(ranks, "sharded"):
        assert found["bytes"] == expected
        assert found["verified"] is None and found["audited"] == []
        assert found["made"] == found["held"]
        assert torch.allclose(found["logits"], logits, atol=1e-5)
