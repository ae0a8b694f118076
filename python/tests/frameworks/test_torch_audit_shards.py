"""audit_distributed: what the parts that ranks hold show together. The ranks run in torch_audit_ranks.py."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.distributed.tensor")

import winit.torch  # noqa: E402
from torch_audit_ranks import audits, healthy  # noqa: E402
from torch_ranks_support import on_ranks  # noqa: E402

WORLDS = (4, 3, 1)

ranks = cache(lambda: on_ranks(WORLDS, audits))


def of_all_ranks(world: int, case: str) -> Any:
    """What each rank reports of a case, which is the same audit on each."""
    results = [found[case] for found in ranks()[world]]
    assert len(results) == world
    if isinstance(results[0], str):
        results = [text.split("\nTraceback")[0] for text in results]
    assert results == [results[0]] * world, case
    return results[0]


def findings(world: int, case: str) -> list[tuple[str, str]]:
    found = of_all_ranks(world, case)
    assert isinstance(found, dict), found
    return [(one["kind"], one["tensor"]) for one in found["findings"]]


def message(world: int, case: str) -> str:
    [finding] = of_all_ranks(world, case)["findings"]
    return str(finding["message"])


@pytest.mark.parametrize("world", WORLDS)
def test_modules_without_faults_have_no_findings(world: int) -> None:
    cases = list(healthy(world)) if world != 4 else list(ranks()[4][0])[:18]
    assert len(cases) == (18 if world == 4 else 11)
    for case in cases:
        assert findings(world, case) == [], case
        assert of_all_ranks(world, case)["not_checked"] == [], case


@pytest.mark.parametrize("world", WORLDS)
def test_tensors_and_elements_of_all_ranks_count_once(world: int) -> None:
    elements = 57 * 30 + 30 * 77 + 77 + 77 * 30 + 30 + 30 + 30 + 40 * 32 + 32 + 1 + 100
    for case in ("fsdp", "init_", "replicas", *(("nested", "hybrid") if world == 4 else ())):
        found = of_all_ranks(world, case)
        assert (found["parameter_count"], found["buffer_count"], found["element_count"]) == (9, 2, elements), case
        assert found["ranks"] == world
        assert found["text"].endswith(
            f"9 parameters and 2 buffers, {elements:,} elements, on {world} rank{'s' * (world > 1)}"
        )


@pytest.mark.parametrize("world", [4, 3])
def test_equal_shards_that_dtensor_itself_draws_on_processors_are_found(world: int) -> None:
    found = of_all_ranks(world, "draws of PyTorch")
    assert found["are_equal"], "PyTorch draws each part on its own now: this test has lost its reason"
    assert findings(world, "draws of PyTorch") == [("equal_shards", "up.weight")]


@pytest.mark.parametrize("world", [4, 3])
@pytest.mark.parametrize("case", ["one seed", "one seed bfloat16", "one seed in columns"])
def test_parts_that_were_drawn_from_one_seed_are_found(world: int, case: str) -> None:
    assert findings(world, case) == [("equal_shards", "weight")]
    text = message(world, case)
    assert f"the parts that ranks 0 to {world - 1} hold" in text
    # 57 rows: the last of 3 ranks holds 19 as the others do, the last of 4 only 12 instead of 15.
    assert ("are equal bit for bit" if world == 3 else "begin with the same 64 elements") in text


@pytest.mark.parametrize("world", [4, 3])
def test_tensors_that_were_drawn_from_one_random_state_are_found(world: int) -> None:
    weights = [f"{at}.weight" for at in range(3)]
    expected = [
        ("equal_shards", weights[0]),
        ("equal_tensors", weights[0]),
        *(("equal_shards", w) for w in weights[1:]),
    ]
    assert findings(world, "one seed of all tensors") == expected
    assert findings(world, "one seed of a tensor") == [("equal_shards", name) for name in weights]
    assert findings(world, "one seed of a rank") == [("equal_tensors", weights[0])]
    [finding] = of_all_ranks(world, "one seed of a rank")["findings"]
    assert finding["others"] == weights[1:]


def test_parts_of_a_mesh_of_two_dimensions_that_were_drawn_from_one_seed_are_found() -> None:
    assert findings(4, "one seed of each column") == [("equal_shards", "weight")]
    expected = "the parts that ranks 0 and 2 hold are equal bit for bit, those of ranks 1 and 3 too, and they are"
    assert expected in message(4, "one seed of each column")


@pytest.mark.parametrize("world", [4, 3])
def test_experts_that_are_equal_are_found(world: int) -> None:
    assert findings(world, "experts") == [("equal_shards", "weight")]


def test_a_std_that_follows_the_fans_of_a_shard_is_found() -> None:
    for case in ("fans", "fans declared"):
        assert findings(4, case) == [("shard_fan", "0"), ("shard_fan", "1")], case
        first = of_all_ranks(4, case)["findings"][0]
        # √(2 / (2048 / 4 + 64)) = 0.0589, and √(2 / (2048 + 64)) = 0.0308 for the whole.
        assert "that of xavier for a shard (fan-in 512, fan-out 64)" in first["message"]
        assert "For the whole tensor (fan-in 2048, fan-out 64) it is 0.03077" in first["message"]
        assert first["count"] == 64 * 2048
    for case in ("fans uniform", "fans of rows"):
        assert findings(4, case) == [("shard_fan", "0")], case


def test_one_std_that_a_law_has_by_chance_is_no_finding() -> None:
    assert findings(4, "fans of one") == []
    assert findings(4, "a chosen std") == findings(4, "two chosen stds") == []


def test_a_law_that_was_watched_needs_one_tensor() -> None:
    for case in ("fans watched", "fans of small watched"):
        assert findings(4, case) == [("shard_fan", "0")], case
    assert "its standard deviation is 0.05893, that of xavier for a shard" in message(4, "fans watched")
    for case in ("a chosen std watched", "whole fans watched"):
        assert findings(4, case) == [], case


def test_the_std_of_few_elements_is_no_finding() -> None:
    assert findings(4, "fans of small") == []


@pytest.mark.parametrize("world", [4, 3])
def test_replicas_that_differ_are_found(world: int) -> None:
    assert findings(world, "replica") == [("replicas_differ", "weight")]
    assert f"ranks 0 to {world - 1} hold the same part of it, and it differs on rank {world - 1}. " in message(
        world, "replica"
    )
    assert findings(world, "plain replica") == [("replicas_differ", "embedding.weight")]
    assert "pass sharded=" in message(world, "plain replica")


def test_replicas_of_shards_that_differ_are_found() -> None:
    assert findings(4, "replicas of shards") == [("replicas_differ", "weight"), ("replicas_differ", "bias")]
    text = of_all_ranks(4, "replicas of shards")["findings"][0]["message"]
    assert "ranks 0 and 2 hold the same part of it, and it differs on rank 2. " in text


@pytest.mark.parametrize("world", [4, 3])
def test_a_buffer_of_a_rank_is_a_finding_only_if_it_was_drawn(world: int) -> None:
    assert findings(world, "buffers") == [("replicas_differ", "features")]


@pytest.mark.parametrize("world", [4, 3])
def test_what_cannot_be_judged_is_named_with_the_reason(world: int) -> None:
    for case, names, reason in (
        ("marked", ["weight", "bias"], "tensor_model_parallel"),
        ("shapes", ["weight", "bias"], "in different shapes"),
        ("partial", ["w"], "a term of it (Partial)"),
        ("fsdp1", ["_fsdp_wrapped_module.weight"], "FSDP1"),
    ):
        assert findings(world, case) == [], case
        left = of_all_ranks(world, case)["not_checked"]
        assert [one["tensor"] for one in left] == names
        assert all(reason in one["reason"] for one in left), case


@pytest.mark.parametrize("world", WORLDS)
def test_an_error_of_one_rank_is_the_error_of_each(world: int) -> None:
    for case, text in (
        ("not a module", "audit_distributed needs a torch.nn.Module, and got NoneType"),
        ("meta", "is on the meta device and has no values"),
        ("unmatched", "`bais` matches no tensor of the module"),
        ("no axis", "`bias` has 1 axes, and no axis 1"),
        ("a DTensor declared", "is a DTensor and says itself how it is split"),
        ("gathered", "Call reshard() of the module before"),
    ):
        found = of_all_ranks(world, case)
        assert isinstance(found, str) and found.startswith("BadInput: ") and text in found, found
    if world > 1:
        assert f"rank {world - 1} could not look at its part. " in of_all_ranks(world, "not a module")


def test_a_group_of_ranks_is_audited_alone() -> None:
    results = [found["another group"] for found in ranks()[3]]
    for found in results[:2]:
        assert found["ranks"] == 2 and [one["kind"] for one in found["findings"]] == ["replicas_differ"] * 2
    assert results[2]["error"].startswith("BadInput: this process is no rank of the group")


def test_findings_can_be_accepted() -> None:
    found = of_all_ranks(4, "accepted")
    assert found["ok"] and [one["kind"] for one in found["accepted"]] == ["equal_shards"]


@pytest.mark.parametrize("world", [4, 3])
def test_ranks_exchange_128_bytes_for_each_tensor(world: int) -> None:
    assert of_all_ranks(world, "bytes") <= world * (512 + 11 * 128)


def test_tensors_of_every_kind_are_checked_or_named() -> None:
    module = torch.nn.Module()
    for name, tensor in {
        "empty": torch.empty(0, 3),
        "infinite": torch.full((100,), torch.inf),
        "transposed": torch.randn(16, 16).t(),
        "every_second": torch.randn(10, 20)[:, ::2],
        "byte": torch.randn(16, 16).to(torch.float8_e4m3fn),
    }.items():
        module.register_parameter(name, torch.nn.Parameter(tensor, requires_grad=False))
    module.register_buffer("complex", torch.randn(200, dtype=torch.complex64))
    module.register_buffer("sparse", torch.randn(20, 20).to_sparse())
    module.lazy = torch.nn.LazyLinear(3, bias=False)
    with torch.device("meta"):
        module.lazy_on_meta = torch.nn.LazyLinear(3, bias=False)
    audit = winit.torch.audit_distributed(module)
    assert audit.ok and (audit.parameter_count, audit.buffer_count) == (4, 1)
    assert [left.tensor for left in audit.not_checked] == ["sparse", "lazy.weight", "lazy_on_meta.weight"]


def test_without_a_process_group_this_process_is_the_only_rank() -> None:
    assert winit.torch.audit_distributed(torch.nn.Linear(3, 3)).ranks == 1
    with pytest.raises(winit.BadInput, match="no kind of finding"):
        winit.torch.audit_distributed(torch.nn.Linear(3, 3), accept={"equal": "*"})
    rows: Any = {"weight": "rows"}
    with pytest.raises(winit.BadInput, match=r"watched must be a winit\.torch\.watch"):
        winit.torch.audit_distributed(torch.nn.Linear(3, 3), watched=rows)
    with pytest.raises(winit.BadInput, match="axis"):
        winit.torch.audit_distributed(torch.nn.Linear(3, 3), sharded=rows)
