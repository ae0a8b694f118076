"""What each rank does with torchtitan's llama3 debug model."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from torchtitan.components.checkpointer.base import ModelWrapper
from torchtitan.config import CompileConfig, ParallelismConfig, TrainingConfig
from torchtitan.distributed import ParallelDims, parallel_dims
from torchtitan.models.llama3 import model_registry, parallelize_llama
from torchtitan.tools import filesystem

import winit
import winit.torch
from dcp_support import SEED, expected, held, load, wrong
from winit import reference


def body(rank: int, ranks: int, folder: str) -> dict[str, Any]:
    """Builds, parallelizes (FSDP2 and tensor parallelism, 2 × 2) and loads the model as torchtitan's trainer does."""
    parallel_dims.device_type = "cpu"  # torchtitan takes the accelerator, and CUDA where there is none
    with torch.device("meta"):
        model = model_registry("debugmodel").model.build()
    laws: dict[str, Any] = {
        name: ("float32", tuple(value.shape), reference.normal(std=0.02)) for name, value in model.state_dict().items()
    }
    recipe, path = winit.Recipe.from_laws(SEED, laws), str(Path(folder, f"{rank}.recipe.json"))
    recipe.save(path)
    dims = ParallelDims(
        dp_replicate=1, dp_shard=2, cp=1, tp=2, pp=1, ep=1, world_size=ranks, spmd_backend="partial_dtensor"
    )
    parallelism = ParallelismConfig(
        data_parallel_shard_degree=2, tensor_parallel_degree=2, spmd_backend="partial_dtensor"
    )
    model = parallelize_llama(
        model,
        parallel_dims=dims,
        training=TrainingConfig(),
        parallelism=parallelism,
        compile_config=CompileConfig(),
        ac_config=None,
        dump_folder=folder,
    )
    model.to_empty(device="cpu")
    own = _audited_after_its_own_initialization(model)
    assert filesystem.isdir("winit://" + path), "torchtitan's checkpointer requires a folder"
    wrapper = ModelWrapper(model)
    state = wrapper.state_dict()
    made = load(state, "link", path)
    wrapper.load_state_dict(state)  # the state has query, key and value apart, which the model holds together
    whole = expected(recipe)
    sharded = sum(hasattr(value, "placements") for value in model.state_dict().values())
    return {
        "wrong": wrong(model.state_dict(), whole),
        "sharded": sharded,
        "own": own,
        "audited": [finding.kind for finding in winit.torch.audit_distributed(model).findings],
        "made": made,
        "held": held(state),
    }


def _audited_after_its_own_initialization(model: Any) -> list[str]:
    """What is wrong with what torchtitan draws on processors, where DTensor draws the same numbers on each rank."""
    torch.manual_seed(0)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.init_weights(buffer_device=torch.device("cpu"))
    return [finding.kind for finding in winit.torch.audit_distributed(model).findings]
