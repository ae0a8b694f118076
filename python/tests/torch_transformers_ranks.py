"""What each rank does with a small Llama of transformers, loaded by its from_pretrained or sharded by FSDP2."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import torch

import winit.torch
from torch_ranks_support import attempt
from torch_sharded_ranks import SEED, counted, is_dtensor, local, mesh_of, whole_bytes
from torchvision_support import load_torchvision


def config(transformers: Any) -> Any:
    """Two layers of four heads, with a tied head; 34 kB of embeddings, and 100 words that 4 shards divide unevenly."""
    return transformers.LlamaConfig(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=96,
        vocab_size=134, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip


def build() -> Any:
    import transformers

    return transformers.LlamaForCausalLM(config(transformers))


def both(folder: str, rank: int, world: int) -> dict[str, Any]:
    """Loads a checkpoint as torchrun would, and fills a module that FSDP2 split."""
    load_torchvision()
    return {"loaded": attempt(lambda: _loaded(folder, rank, world)), "sharded": attempt(lambda: _sharded(world))}


def _loaded(folder: str, rank: int, world: int) -> dict[str, Any]:
    import transformers

    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world))
    model, report = transformers.LlamaForCausalLM.from_pretrained(
        Path(folder), output_loading_info=True, **_tensor_parallel(transformers, world)
    )
    return {
        "bytes": whole_bytes(model),
        "sharded": sum(is_dtensor(one) and local(one).numel() < one.numel() for one in model.parameters()),
        "report": {key: sorted(map(str, names)) for key, names in report.items() if names},
        "tied": model.lm_head.weight is model.model.embed_tokens.weight,
        "audited": winit.torch.audit_distributed(model).as_dict()["findings"],
    }


def _tensor_parallel(transformers: Any, world: int) -> dict[str, Any]:
    """The plan of the library: `tp_plan="auto"`, which newer versions take in a DistributedConfig."""
    kind = getattr(transformers, "DistributedConfig", None)
    if kind is None or "tp_size" not in {one.name for one in dataclasses.fields(kind)}:
        return {"tp_plan": "auto"}
    return {"distributed_config": kind(tp_plan="auto", tp_size=world)}


def _sharded(world: int) -> dict[str, Any]:
    """FSDP2 as trainers apply it, on the meta device, and what init_ makes of it."""
    from torch.distributed.fsdp import fully_shard

    recipe = winit.torch.capture(build).recipe(SEED)
    with torch.device("meta"):
        model = build()
    for layer in model.model.layers:
        fully_shard(layer, mesh=mesh_of(world))
    fully_shard(model, mesh=mesh_of(world))
    with counted() as made:
        winit.torch.init_(model, recipe)
    held = sum(local(one).numel() for one in [*model.parameters(), *model.buffers()])
    tokens = torch.arange(10)[None]
    return {
        "bytes": whole_bytes(model),
        "made": made[0],
        "held": held,
        "verified": attempt(lambda: winit.torch.verify_distributed(model, recipe)),
        "audited": winit.torch.audit_distributed(model).as_dict()["findings"],
        "logits": model(tokens).logits.detach(),
    }
