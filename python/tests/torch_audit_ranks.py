"""What each rank does in the tests of audit_distributed. Every case returns the audit as JSON holds it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

import winit.torch
from torch_module_support import meta, spec_of
from torch_ranks_support import attempt
from torch_sharded_ranks import local, mesh_of, split_by_tensor_parallel, strided

Cases = dict[str, Callable[[], Any]]


class Net(nn.Module):  # type: ignore[misc]  # untyped
    """Lengths that 2, 3 and 4 do not divide, a tie, small tensors, and buffers of both kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(57, 30, padding_idx=0)
        self.up = nn.Linear(30, 77)
        self.down = nn.Linear(77, 30)
        self.norm = nn.LayerNorm(30)
        self.head = nn.Linear(30, 57, bias=False)
        self.head.weight = self.embedding.weight
        self.narrow = nn.Linear(40, 32, dtype=torch.bfloat16)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("noise", torch.randn(100), persistent=False)

    def forward(self, tokens: Any) -> Any:
        hidden = self.embedding(tokens)
        return self.head(hidden + self.down(torch.relu(self.up(hidden))))


class Structured(nn.Module):  # type: ignore[misc]  # untyped
    """Parameters that are equal on different rows on purpose: constants, tables, repeated rows, signs."""

    def __init__(self) -> None:
        super().__init__()
        rows = torch.arange(1.0, 25.0).log().repeat(96, 1)  # the A_log of Mamba
        angles = torch.arange(12.0)[:, None] / 100 ** (torch.arange(32) / 32)
        tables = {
            "zeros": torch.zeros(96, 24),
            "ones": torch.ones(96, 24, dtype=torch.bfloat16),
            "rows": rows,
            "one_row": rows[:12, :].clone(),
            "drawn_row": torch.randn(128).repeat(12, 1),
            "drawn_column": torch.randn(12, 1).repeat(1, 128),
            "identities": torch.eye(16).repeat(12, 1),
            "table": torch.sin(angles).repeat(12, 8),
            "signs": 1 - 2 * (torch.arange(96)[:, None] + torch.arange(24)).remainder(2).float(),
            "mask": torch.ones(96, 96).tril().repeat(12, 1),
            "codes": torch.arange(96 * 4).remainder(7).reshape(96, 4),
        }
        for name, table in tables.items():
            if table.is_floating_point():
                self.register_parameter(name, nn.Parameter(table))
            else:
                self.register_buffer(name, table)


def found(module: Any, **options: Any) -> Any:
    """The audit as JSON holds it, as text, and what it left as it was."""
    state = torch.get_rng_state()
    audit = winit.torch.audit_distributed(module, **options)
    assert torch.equal(torch.get_rng_state(), state), "a random number was drawn"
    result = {"text": str(audit), **audit.as_dict()}
    del result["software"]  # a process of an earlier test may have imported more libraries than the others
    return result


def of_one_seed(build: Callable[[], Any], seed: int = 1) -> Any:
    """A module as a single process makes it."""
    torch.manual_seed(seed)
    return build()


def by_fsdp(module: Any, mesh: Any) -> Any:
    from torch.distributed.fsdp import fully_shard

    for name in ("up", "down", "narrow"):
        fully_shard(getattr(module, name), mesh=mesh)
    return fully_shard(module, mesh=mesh)


def split(module: Any, mesh: Any, placements: list[Any]) -> Any:
    """Makes each parameter a DTensor, from the values of rank 0."""
    from torch.distributed.tensor import distribute_tensor

    for owner in module.modules():
        for name, tensor in [pair for pair in owner._parameters.items() if pair[1] is not None]:
            made = distribute_tensor(tensor.detach(), mesh, placements)
            owner._parameters[name] = nn.Parameter(made, requires_grad=tensor.requires_grad)
    return module


def healthy(world: int) -> Cases:
    """Modules without faults."""
    from torch.distributed.tensor import Replicate, Shard

    def filled() -> Any:
        module = by_fsdp(meta(Net), mesh_of(world))
        winit.torch.init_(module, spec_of(Net()).recipe(7))
        return found(module)

    cases: Cases = {
        "fsdp": lambda: found(by_fsdp(of_one_seed(Net), mesh_of(world))),
        "init_": filled,
        "tensor parallel": lambda: found(split_by_tensor_parallel(of_one_seed(Net), mesh_of(world))),
        "replicas": lambda: found(of_one_seed(Net)),
        "replicated": lambda: found(split(of_one_seed(lambda: nn.Linear(40, 30)), mesh_of(world), [Replicate()])),
        "structured": lambda: found(split(of_one_seed(Structured), mesh_of(world), [Shard(0)])),
        "structured columns": lambda: found(split(of_one_seed(Structured_matrices), mesh_of(world), [Shard(1)])),
        "strided": lambda: found(split(of_one_seed(lambda: nn.Linear(40, 30 * world)), mesh_of(world), strided(3))),
        "stages": lambda: _stages(world),
        "declared": lambda: found(
            of_one_seed(Net, _rank()), sharded={"*weight": 0, "*bias": 0, "no*": 0, "steps": None}
        ),
        "small": lambda: _small(mesh_of(world)),
    }
    if world == 4:
        both = mesh_of(2, 2)
        cases["nested"] = lambda: found(by_fsdp(split_by_tensor_parallel(of_one_seed(Net), both["b"]), both["a"]))
        cases["hybrid"] = lambda: found(by_fsdp(of_one_seed(Net), both))
        cases["laws of the whole"] = lambda: _whole_laws(both)
        cases["a chosen std"] = lambda: _chosen(mesh_of(4))
        cases["fan laws with a gain"] = lambda: _gains(mesh_of(2, 2))
        cases["groups"] = lambda: _groups()
        cases["two chosen stds"] = lambda: _chosen(mesh_of(4), 0.006)
    return cases


def Structured_matrices() -> Any:
    module = Structured()
    for name, parameter in [*module.named_parameters()]:
        if parameter.shape[1] < 96:
            delattr(module, name)
    return module


def _rank() -> int:
    from torch import distributed

    return int(distributed.get_rank())


def _stages(world: int) -> Any:
    """Each rank has the layers of its stage, under their names in the whole model."""
    torch.manual_seed(_rank())
    return found(nn.ModuleDict({f"{at}": nn.Linear(30, 30) for at in range(8) if at % world == _rank()}))


def _small(mesh: Any) -> Any:
    """Shards of few elements that are equal: they are no evidence."""
    from torch.distributed.tensor import Shard

    def build() -> Any:
        module = nn.Linear(4, 4 * mesh.size())
        with torch.no_grad():
            module.weight.copy_(torch.randn(4, 4).repeat(mesh.size(), 1))
        return module

    return found(split(of_one_seed(build), mesh, [Shard(0)]))


def _whole_laws(mesh: Any) -> Any:
    """Every law of torch.nn.init and others, drawn whole and then split along both axes."""
    from torch.distributed.tensor import Shard

    init = nn.init
    laws: dict[str, Callable[[Any], Any]] = {
        "xavier": init.xavier_normal_,
        "xavier_uniform": init.xavier_uniform_,
        "kaiming": init.kaiming_normal_,
        "kaiming_out": lambda weight: init.kaiming_normal_(weight, mode="fan_out"),
        "linear": lambda weight: init.kaiming_uniform_(weight, a=math.sqrt(5)),
        "small": lambda weight: init.normal_(weight, std=math.sqrt(2 / (5 * weight.shape[1]))),
        "truncated": lambda weight: init.trunc_normal_(weight, std=0.02, a=-0.04, b=0.04),
        "orthogonal": init.orthogonal_,
        "sparse": lambda weight: init.sparse_(weight, 0.9),
    }

    def build() -> Any:
        module = nn.ParameterDict()
        for name, law in laws.items():
            for shape in ((256, 512), (512, 256)):
                weight = torch.empty(shape)
                law(weight)
                module[f"{name}_{shape[0]}"] = nn.Parameter(weight)
        return module

    return found(split(of_one_seed(build), mesh, [Shard(0), Shard(1)]))


def _gains(mesh: Any) -> Any:
    """Normal laws of the fan-in with a gain for three layers, whose std on two ranks is that of Linear's default."""
    from torch.distributed.tensor import Replicate, Shard

    def build() -> Any:
        widths = {"a": 2048, "b": 4096}
        drawn = {name: torch.randn(64, width) * math.sqrt(2 / 3 / width) for name, width in widths.items()}
        return nn.ParameterDict({name: nn.Parameter(tensor) for name, tensor in drawn.items()})

    return found(split(of_one_seed(build), mesh, [Replicate(), Shard(1)]))


def _groups() -> Any:
    """Two groups of two ranks: each holds the halves of a model, as Megatron's tensor parallelism with replicas."""
    from torch import distributed

    tensor, _ = distributed.new_subgroups_by_enumeration([[0, 1], [2, 3]])
    data, _ = distributed.new_subgroups_by_enumeration([[0, 2], [1, 3]])
    module = of_one_seed(lambda: nn.Linear(30, 20), _rank() % 2)
    split_up = found(module, sharded={"*": 0}, group=tensor)
    replicas = found(module, group=data)
    assert split_up["ranks"] == replicas["ranks"] == 2
    return {**split_up, "findings": split_up["findings"] + replicas["findings"]}


def _chosen(mesh: Any, other: float = 0.02) -> Any:
    """A std of 0.02, which is that of LeCun for the fan-in of a shard: 10,000 / 4."""
    from torch.distributed.tensor import Shard

    def build() -> Any:
        module = nn.ParameterDict()
        for name, (std, width) in {
            "a": (0.02, 10_000),
            "b": (other, 6_000),
            "c": (0.02 / math.sqrt(24), 4_000),
        }.items():
            module[name] = nn.Parameter(torch.randn(32, width) * std)
        return module

    return found(split(of_one_seed(build), mesh, [Shard(1)]))


def faulty(rank: int, world: int) -> Cases:
    """Modules with a fault each, and what cannot be checked."""
    from torch.distributed.tensor import Replicate, Shard

    mesh = mesh_of(world)

    def renewed(module: Any, draw: Callable[[Any], Any], seed: Callable[[int], int]) -> Any:
        """Draws the local parts with seeds of their own."""
        with torch.no_grad():
            for at, tensor in enumerate(module.parameters()):
                torch.manual_seed(seed(at))
                draw(local(tensor))
        return module

    def linear(**options: Any) -> Any:
        return split(nn.Linear(30, 57, bias=False, **options), mesh, [Shard(0)])

    def pair() -> Any:
        return split(nn.ModuleList(nn.Linear(40, width) for width in (57, 57, 61)), mesh, [Shard(0)])

    def matrices(widths: tuple[int, ...], draw: Callable[[Any], Any], dim: int = 1) -> Any:
        shapes = [(64, width) if dim == 1 else (width, 64) for width in widths]
        module = split(nn.ParameterList(torch.zeros(shape) for shape in shapes), mesh, [Shard(dim)])
        return renewed(module, draw, lambda at: 10 * rank + at)

    def plain(widths: tuple[int, ...], draw: Callable[[Any], Any]) -> Any:
        module = nn.ParameterList(torch.zeros(64, width // world) for width in widths)
        return renewed(module, draw, lambda at: 10 * rank + at)

    normal, kaiming = nn.init.xavier_normal_, lambda weight: nn.init.kaiming_uniform_(weight, a=math.sqrt(5))
    draw = nn.init.normal_

    def marked() -> Any:
        module = of_one_seed(lambda: nn.Linear(30, 20), rank)
        module.weight.tensor_model_parallel = True
        module.bias.allreduce = False
        return found(module)

    cases: Cases = {
        "draws of PyTorch": lambda: _drawn_by_pytorch(mesh),
        "one seed": lambda: found(renewed(linear(), draw, lambda at: 3)),
        "one seed bfloat16": lambda: found(renewed(linear(dtype=torch.bfloat16), draw, lambda at: 3)),
        "one seed of all tensors": lambda: found(renewed(pair(), draw, lambda at: 3)),
        "one seed of a tensor": lambda: found(renewed(pair(), draw, lambda at: 3 + at)),
        "one seed of a rank": lambda: found(renewed(pair(), draw, lambda at: rank)),
        "one seed in columns": lambda: found(
            renewed(split(nn.Linear(57, 30, bias=False), mesh, [Shard(1)]), draw, lambda at: 3)
        ),
        "experts": lambda: found(of_one_seed(lambda: nn.Linear(30, 20)), sharded={"weight": None}),
        "fans": lambda: found(matrices((2048, 4096), normal)),
        "fans of one": lambda: found(matrices((2048,), normal)),
        "fans uniform": lambda: found(matrices((2048,), kaiming)),
        "fans of rows": lambda: found(matrices((2048,), nn.init.xavier_uniform_, 0)),
        "fans of small": lambda: found(matrices((64, 128), normal)),
        "fans declared": lambda: found(plain((2048, 4096), normal), sharded={"*": 1}),
        "fans watched": lambda: _watched(mesh, normal),
        "fans of small watched": lambda: _watched(mesh, kaiming, 64),
        "a chosen std watched": lambda: _watched(mesh, lambda weight: nn.init.normal_(weight, std=0.02), 2500 * world),
        "whole fans watched": lambda: _watched(
            mesh, lambda weight: nn.init.normal_(weight, std=math.sqrt(2 / (2048 + 64)))
        ),
        "replica": lambda: _replica(split(nn.Linear(30, 20), mesh, [Replicate()]), rank == world - 1),
        "plain replica": lambda: _replica(of_one_seed(Net), rank == world - 1),
        "buffers": lambda: _buffers(rank),
        "marked": marked,
        "shapes": lambda: found(nn.Linear(30, 20 + rank)),
        "accepted": lambda: found(renewed(linear(), draw, lambda at: 3), accept={"equal_shards": "w*"}),
        "not a module": lambda: found(None if rank == world - 1 else nn.Linear(2, 2)),
        "meta": lambda: found(meta(Net)),
        "unmatched": lambda: found(nn.Linear(2, 2), sharded={"bais": 0}),
        "no axis": lambda: found(nn.Linear(2, 2), sharded={"bias": 1}),
        "a DTensor declared": lambda: found(linear(), sharded={"weight": 0}),
        "partial": lambda: _partial(mesh),
        "fsdp1": lambda: _fsdp1(world),
        "gathered": lambda: _gathered(mesh),
    }
    if world == 3:
        cases["another group"] = lambda: _another_group(rank)
    if world == 4:
        both = mesh_of(2, 2)
        cases["replicas of shards"] = lambda: found(
            renewed(split(nn.Linear(30, 20), both, [Replicate(), Shard(0)]), draw, lambda at: 10 * rank + at)
        )
        cases["one seed of each column"] = lambda: found(
            renewed(split(nn.Linear(32, 20, bias=False), both, [Shard(0), Shard(1)]), draw, lambda at: rank % 2)
        )
    return cases


def _watched(mesh: Any, draw: Callable[[Any], Any], width: int = 2048) -> Any:
    """A matrix whose columns are split, and of which each rank draws its part while a `watch` sees it."""
    from torch.distributed.tensor import Shard

    module = split(nn.ParameterList([torch.zeros(64, width)]), mesh, [Shard(1)])
    torch.manual_seed(_rank())
    with winit.torch.watch() as watched, torch.no_grad():
        draw(local(module[0]))
    return found(module, watched=watched)


def _drawn_by_pytorch(mesh: Any) -> Any:
    """What DTensor itself draws on a mesh of processors, and whether the parts are equal."""
    module = by_fsdp(meta(Net), mesh).to_empty(device="cpu")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nn.init.normal_(module.up.weight)
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
            if name != "up.weight":
                nn.init.ones_(tensor)
    parts = [part for part in module.up.weight.full_tensor().detach().chunk(mesh.size()) if len(part)]
    are_equal = all(torch.equal(parts[0], part) for part in parts[1:-1]) and len(parts) > 1
    return {**found(module), "are_equal": are_equal and torch.equal(parts[0][:3], parts[-1][:3])}


def _replica(module: Any, is_changed: bool) -> Any:
    with torch.no_grad():
        weight = local(next(iter(module.parameters())))
        if is_changed:
            weight[3, 1] += 1
    return found(module)


def _buffers(rank: int) -> Any:
    """Buffers of a rank's own: a table and numbers, which may be meant, and random numbers, which are not."""
    torch.manual_seed(rank)
    module = nn.Module()
    module.register_buffer("table", torch.arange(100.0) + 100 * rank)
    module.register_buffer("rank", torch.tensor(rank))
    module.register_buffer("features", torch.randn(100))
    return found(module)


def _fsdp1(world: int) -> Any:
    """FSDP1 with the original parameters: each rank holds a piece of the same length under their names."""
    from torch.distributed.fsdp import FullyShardedDataParallel

    module = of_one_seed(lambda: nn.Linear(24, 50 * world, bias=False), _rank())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = FullyShardedDataParallel(module, use_orig_params=True, device_id=torch.device("cpu"))
    return found(made)


def _another_group(rank: int) -> Any:
    """A group of two ranks, and the rank that is not in it."""
    from torch import distributed

    group = distributed.new_group([0, 1])
    torch.manual_seed(rank)
    result = attempt(lambda: found(nn.Linear(30, 20), group=group))
    return result if isinstance(result, dict) else {"error": result}


def _partial(mesh: Any) -> Any:
    from torch.distributed.tensor import DTensor, Partial

    module = nn.Module()
    module.w = nn.Parameter(DTensor.from_local(torch.randn(20, 20), mesh, [Partial()], run_check=False))
    return found(module)


def _gathered(mesh: Any) -> Any:
    module = by_fsdp(of_one_seed(Net), mesh)
    module.unshard()
    return found(module)


def audits(rank: int, world: int) -> dict[str, Any]:
    """All cases, and how many bytes the ranks exchange for one of them."""
    results = {name: attempt(case) for name, case in [*healthy(world).items(), *faulty(rank, world).items()]}
    results["bytes"] = _bytes_exchanged(lambda: found(by_fsdp(of_one_seed(Net), mesh_of(world))))
    return results


def _bytes_exchanged(function: Callable[[], Any]) -> int:
    from torch import distributed

    sent, reduce = [0], distributed.all_reduce

    def all_reduce(tensor: Any, *arguments: Any) -> Any:
        sent[0] += tensor.nbytes
        return reduce(tensor, *arguments)

    distributed.all_reduce = all_reduce
    try:
        function()
    finally:
        distributed.all_reduce = reduce
    return sent[0]
