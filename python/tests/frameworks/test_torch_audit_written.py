"""winit.torch.audit: elements that were never written, and elements computed from such."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import winit

pytest.importorskip("torch")

import torch
from torch import nn

from winit.torch import audit

DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.complex64,
    torch.complex128,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]


def module(**tensors: Any) -> Any:
    """A module with parameters, submodules and buffers of these names."""
    made = nn.Module()
    for name, value in tensors.items():
        if isinstance(value, nn.Parameter | nn.Module):
            setattr(made, name, value)
        else:
            made.register_buffer(name, value)
    return made


def found(build: Callable[[], Any], **options: Any) -> list[tuple[str, str, int]]:
    """Kind, tensor and count of each finding."""
    result = audit(build, **options)
    assert not result.not_checked, result
    return [(finding.kind, finding.tensor, finding.count) for finding in result.findings]


def test_one_forgotten_row_of_an_embedding_is_found() -> None:
    def build() -> Any:
        embedding = nn.Embedding.__new__(nn.Embedding)
        nn.Module.__init__(embedding)
        embedding.padding_idx = None
        embedding.weight = nn.Parameter(torch.empty(100, 16))
        nn.init.normal_(embedding.weight[:42], std=0.02)
        nn.init.normal_(embedding.weight[43:], std=0.02)
        return embedding

    (finding,) = audit(build).findings
    assert (finding.kind, finding.tensor, finding.count) == ("never_written", "weight", 16)
    assert finding.indices.tolist() == [[42, column] for column in range(16)]
    assert "[42, :]" in finding.message
    assert "test_torch_audit_written.py" in finding.allocated


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_one_element_that_was_not_written_is_found_in_every_dtype(dtype: Any) -> None:
    def build() -> Any:
        tensor = torch.empty(7, 300, dtype=dtype)
        tensor[:6] = 0
        tensor[6, :123] = 1
        tensor[6, 124:] = 1
        return module(mask=tensor)

    (finding,) = audit(build).findings
    assert (finding.kind, finding.count, finding.indices.tolist()) == ("never_written", 1, [[6, 123]])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_written_values_are_no_findings_in_any_dtype(dtype: Any) -> None:
    def build() -> Any:
        drawn = torch.empty(20_000, dtype=torch.float32).uniform_(0, 200)
        made = torch.empty(20_000, dtype=dtype)
        made.copy_(drawn if dtype != torch.bool else drawn > 100)
        return module(zeros=torch.empty(50, 40, dtype=dtype).zero_(), drawn=made, ones=torch.ones(9, dtype=dtype))

    assert found(build) == []


@pytest.mark.parametrize("value", range(256))
def test_no_constant_byte_is_taken_for_a_sentinel(value: int) -> None:
    assert found(lambda: module(mask=torch.empty(300, dtype=torch.uint8).fill_(value))) == []


def test_scalars_are_checked() -> None:
    def build() -> Any:
        return module(scale=nn.Parameter(torch.empty(())), flag=torch.empty((), dtype=torch.bool), step=torch.tensor(0))

    assert found(build) == [("never_written", "scale", 1), ("never_written", "flag", 1)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.empty(3, 4),
        lambda: torch.empty((3, 4), dtype=torch.bfloat16),
        lambda: torch.Tensor(3, 4),
        lambda: torch.FloatTensor(12).view(3, 4),
        lambda: torch.empty_like(torch.ones(3, 4)),
        lambda: torch.ones(2).new_empty(3, 4),
        lambda: torch.ones(2).new(3, 4),
        lambda: torch.empty_strided((3, 4), (1, 3)),
        lambda: torch.empty_permuted((3, 4), (1, 0)),
        lambda: torch.empty(0).resize_(3, 4),
        lambda: torch.empty(0).resize_as_(torch.ones(3, 4)),
        lambda: torch.empty((3, 4), out=torch.empty(0)),
        lambda: torch.empty(4, 3).t(),
        lambda: torch.empty(2, 3, 4)[1],
        lambda: torch.empty(3, 8)[:, ::2],
    ],
)
def test_memory_without_values_is_found_whatever_allocates_it(make: Callable[[], Any]) -> None:
    assert found(lambda: module(w=nn.Parameter(make()))) == [("never_written", "w", 12)]


def test_enlarging_a_tensor_leaves_its_old_elements_and_reports_the_new_ones() -> None:
    def build() -> Any:
        return module(table=torch.arange(6.0).resize_(10))

    (finding,) = audit(build).findings
    assert (finding.count, finding.indices.tolist()) == (4, [[6], [7], [8], [9]])


def test_a_lazy_parameter_that_is_materialized_and_not_initialized_is_found() -> None:
    def build() -> Any:
        made = nn.Module()
        made.w = nn.UninitializedParameter()
        made.w.materialize((5, 2))
        return made

    assert found(build) == [("never_written", "w", 10)]


def test_a_lazy_module_that_ran_is_checked_and_one_that_did_not_is_named() -> None:
    def ran() -> Any:
        layer = nn.LazyLinear(3)
        layer(torch.ones(2, 4))
        return layer

    assert found(ran) == []
    result = audit(lambda: nn.LazyLinear(3))
    assert [left.tensor for left in result.not_checked] == ["weight", "bias"]
    assert "lazy" in result.not_checked[0].reason


def test_skip_init_without_an_initialization_is_found() -> None:
    build = lambda: nn.utils.skip_init(nn.Linear, 3, 4)  # noqa: E731
    assert found(build) == [("never_written", "weight", 12), ("never_written", "bias", 4)]


def test_a_buffer_that_the_state_dict_leaves_out_and_a_plain_attribute_are_checked() -> None:
    def build() -> Any:
        made = nn.Module()
        made.register_buffer("inv_freq", torch.empty(8), persistent=False)
        made.freqs_cis = torch.empty(4, dtype=torch.complex64)
        return made

    result = audit(build)
    assert [finding.tensor for finding in result.findings] == ["inv_freq", "freqs_cis"]
    assert "not in the state dict" in result.findings[0].message


def test_a_flat_buffer_is_checked_through_its_views_of_other_dtypes() -> None:
    def build() -> Any:
        flat = torch.empty(64, dtype=torch.uint8)
        w = flat.view(torch.float32)
        w[:10] = 1.0
        return module(w=nn.Parameter(w), short=flat.view(torch.bfloat16))

    assert found(build) == [("never_written", "w", 6), ("never_written", "short", 12)]


def test_only_the_elements_of_the_tensor_count_and_not_the_rest_of_its_storage() -> None:
    def build() -> Any:
        base = torch.empty(10, 10)
        view = base[2:5, 1:4]
        view.zero_()
        return module(window=view)

    assert found(build) == []


def test_tensors_without_elements_are_no_findings() -> None:
    assert found(lambda: module(a=torch.empty(0), b=nn.Parameter(torch.empty(3, 0)))) == []


def test_a_tensor_with_two_names_is_reported_once() -> None:
    def build() -> Any:
        shared = nn.Parameter(torch.empty(4))
        return module(a=shared, b=shared)

    assert found(build) == [("never_written", "a", 4)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.empty(6).exp(),
        lambda: torch.empty(6, dtype=torch.int32).mul_(2),
        lambda: torch.empty(6).half(),
        lambda: torch.empty(6).clone(),
        lambda: torch.empty(6, dtype=torch.bfloat16).float(),
        lambda: torch.empty(6, dtype=torch.int64) + 1,
        lambda: torch.empty(6, dtype=torch.uint8) * 2,
        lambda: torch.empty(6).long(),
        lambda: torch.nan_to_num(torch.empty(6)),
        lambda: torch.add(torch.empty(6), 1, out=torch.empty(6)),
        lambda: torch.softmax(torch.empty(6), 0),
    ],
)
def test_elements_computed_from_memory_without_values_are_found(make: Callable[[], Any]) -> None:
    assert found(lambda: module(w=make())) == [("computed_from_garbage", "w", 6)]


def test_integers_computed_from_partly_written_memory_are_found_and_those_of_written_parts_are_not() -> None:
    def build(stop: int) -> Any:
        codes = torch.empty(6, dtype=torch.int64)
        codes[:3] = 0
        codes[3:stop] = 1
        return module(codes=codes * 2)

    assert found(lambda: build(5)) == [("computed_from_garbage", "codes", 1)]
    assert found(lambda: build(6)) == []


def test_scaling_memory_without_values_gives_it_none() -> None:
    assert found(lambda: module(w=nn.Parameter(torch.empty(6).mul_(0.02)))) == [("never_written", "w", 6)]


def test_a_comparison_with_memory_without_values_is_found() -> None:
    """Of 40 comparisons with other finite numbers not all stay equal."""
    ((kind, name, count),) = found(lambda: module(mask=torch.empty(40) > 0))
    assert (kind, name) == ("computed_from_garbage", "mask") and count > 0


def test_the_part_that_was_computed_from_memory_without_values_is_named() -> None:
    def build() -> Any:
        return module(w=nn.Parameter(torch.stack([torch.zeros(3), torch.empty(3)])))

    (finding,) = audit(build).findings
    assert (finding.kind, finding.indices.tolist()) == ("computed_from_garbage", [[1, 0], [1, 1], [1, 2]])
    assert "test_torch_audit_written.py" in finding.message


def test_a_nan_that_was_written_is_a_finding_in_a_parameter_and_none_in_a_buffer() -> None:
    def build() -> Any:
        nan = torch.tensor([1.0, float("nan"), float("inf")])
        return module(w=nn.Parameter(nan.clone()), unset=nan.clone(), low=torch.full((3,), -float("inf")))

    assert found(build) == [("not_finite", "w", 2)]


def test_a_build_that_is_not_reproducible_is_no_finding_but_named() -> None:
    def build() -> Any:
        return module(salt=torch.tensor(list(os.urandom(64))), w=nn.Parameter(torch.empty(8)))

    result = audit(build, builds=2)
    assert [finding.tensor for finding in result.findings] == ["w"]
    assert [left.tensor for left in result.not_checked] == ["salt"]


def test_random_bytes_that_differ_between_builds_are_no_finding() -> None:
    """A byte equals both sentinels by chance once in 65,536: 4,000 bytes may have a few such, and no more."""

    def build() -> Any:
        drawn = torch.tensor(list(os.urandom(400)), dtype=torch.uint8)
        return module(salt=torch.empty(400, dtype=torch.uint8).copy_(drawn))

    assert sum(finding.count for finding in audit(build).findings) <= 2


def test_a_second_build_is_made_only_if_a_question_is_open() -> None:
    calls = list[int]()

    def build(tensor: Callable[[], Any]) -> Callable[[], Any]:
        calls.clear()

        def made() -> Any:
            calls.append(1)
            return module(w=tensor())

        return made

    assert audit(build(lambda: torch.empty(8))).builds == 1 and len(calls) == 1
    assert audit(build(lambda: torch.empty(8, dtype=torch.bool))).builds == 2 and len(calls) == 2
    assert audit(build(lambda: torch.zeros(8)), builds=2).builds == 2 and len(calls) == 2
    assert audit(build(lambda: torch.empty(8, dtype=torch.bool)), builds=1).builds == 1 and len(calls) == 1


def test_both_builds_start_from_the_same_random_state_and_the_state_is_restored() -> None:
    import random

    seen = list[tuple[float, float, float]]()

    def build() -> Any:
        seen.append((torch.rand(()).item(), float(np.random.rand()), random.random()))
        return module(mask=torch.empty(4, dtype=torch.bool))

    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    audit(build)
    after = (torch.rand(()).item(), float(np.random.rand()), random.random())
    assert len(seen) == 2 and seen[0] == seen[1] == after


def test_the_audit_does_not_change_what_the_build_makes() -> None:
    kept = list[Any]()

    def build() -> Any:
        torch.manual_seed(7)
        kept.append(nn.Sequential(nn.Linear(50, 40), nn.Conv2d(3, 4, 3), nn.LSTM(5, 6), nn.BatchNorm1d(3)))
        return kept[-1]

    build()
    audit(build)
    assert len(kept) == 2
    for (name, plain), (other, watched) in zip(kept[0].state_dict().items(), kept[1].state_dict().items(), strict=True):
        assert name == other and torch.equal(plain, watched)


def test_an_error_of_the_build_is_passed_on_and_nothing_stays_active() -> None:
    def build() -> Any:
        raise RuntimeError("no data")

    state = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="no data"):
        audit(build)
    assert torch.equal(torch.get_rng_state(), state)
    assert found(lambda: nn.Linear(2, 2)) == []
    assert torch.isfinite(torch.empty(1000).zero_()).all()


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (nn.Linear(2, 2), "finished Linear"),
        (3, "got int"),
        (lambda: 3, "got int"),
        (lambda: nn.Linear(2, 2, device="meta"), "on the meta device"),
    ],
)
def test_what_is_no_build_is_refused(build: Any, text: str) -> None:
    with pytest.raises(winit.BadInput, match=text):
        audit(build)


def test_a_tensor_that_stays_on_the_meta_device_is_found() -> None:
    def build() -> Any:
        return module(a=nn.Linear(2, 2), b=nn.Linear(2, 3, bias=False, device="meta"))

    assert found(build) == [("never_written", "b.weight", 6)]


def test_sparse_quantized_and_nested_tensors_are_named_as_not_checked() -> None:
    def build() -> Any:
        return module(
            sparse=torch.eye(3).to_sparse(),
            rows=torch.eye(3).to_sparse_csr(),
            quantized=torch.quantize_per_tensor(torch.ones(3), 1.0, 0, torch.quint8),
            nested=torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        )

    result = audit(build)
    assert result.ok
    assert [left.tensor for left in result.not_checked] == ["sparse", "rows", "quantized", "nested"]


def test_memory_from_numpy_and_from_another_thread_is_named_as_not_checked() -> None:
    import threading

    def build() -> Any:
        made = module(table=torch.from_numpy(np.zeros(3)))
        thread = threading.Thread(target=lambda: made.register_buffer("other", torch.empty(3)))
        thread.start()
        thread.join()
        return made

    assert {left.tensor: "NumPy" in left.reason for left in audit(build).not_checked} == {
        "table": True,
        "other": False,
    }


def test_modes_of_the_user_go_on_working() -> None:
    def build() -> Any:
        with torch.inference_mode():
            a = torch.empty(4)
        torch.use_deterministic_algorithms(True)  # PyTorch itself fills new memory then, with NaN
        try:
            b = torch.empty(4)
        finally:
            torch.use_deterministic_algorithms(False)
        with torch.device("cpu"), torch.no_grad():
            c = torch.empty(4, requires_grad=True)
        return module(a=a, b=b, c=c, d=torch.vmap(lambda x: x + 1)(torch.ones(2)))

    assert [name for _, name, _ in found(build)] == ["a", "b", "c"]


def test_builds_that_run_a_higher_order_operator_are_checked() -> None:
    def build() -> Any:
        taken = torch.cond(torch.tensor(True), lambda x: x + 1, lambda x: x - 1, (torch.ones(3),))
        return module(taken=taken, w=nn.Parameter(torch.empty(3)))

    assert found(build) == [("never_written", "w", 3)]


@pytest.mark.parametrize(
    "build",
    [
        lambda: nn.utils.parametrizations.weight_norm(nn.Linear(3, 4)),
        lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(3, 4)),
        lambda: nn.utils.parametrizations.orthogonal(nn.Linear(30, 40)),
        lambda: nn.DataParallel(nn.Linear(3, 4)),
        lambda: torch.compile(nn.Linear(3, 4)),
        lambda: torch.jit.script(nn.Linear(3, 4)),
        lambda: nn.MultiheadAttention(8, 2, add_bias_kv=True),
        lambda: nn.Sequential(nn.LSTM(4, 5, 2, bidirectional=True), nn.GRU(4, 5), nn.RNNCell(3, 3)),
        lambda: nn.AdaptiveLogSoftmaxWithLoss(20, 60, [10, 30]),
        lambda: nn.Sequential(nn.BatchNorm2d(3), nn.InstanceNorm2d(3, affine=True), nn.PReLU(), nn.Bilinear(2, 3, 4)),
        lambda: nn.Sequential(nn.Embedding(9, 4, padding_idx=1), nn.EmbeddingBag(9, 4, padding_idx=0)),
        lambda: nn.Linear(3, 4).half(),
        lambda: nn.Linear(3, 4, dtype=torch.float64).to(torch.bfloat16),
    ],
)
def test_modules_as_torch_builds_them_have_no_findings(build: Callable[[], Any]) -> None:
    assert found(build) == []


def test_memory_that_numpy_cannot_address_is_filled_and_checked_by_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of CUDA and other devices, taken on the CPU."""
    from winit.torch.auditing import memory

    monkeypatch.setattr(memory, "is_host", lambda storage: False)

    def build() -> Any:
        table = torch.empty(70_000, 3)  # longer than the period of sentinels
        table[:69_000] = 1.0
        bits = torch.empty(50, dtype=torch.bool)
        bits[::2] = True
        embedding = nn.Embedding(9, 4, padding_idx=0)
        nn.init.normal_(embedding.weight)
        return module(table=table, bits=bits, odd=torch.empty(3, dtype=torch.bfloat16).t(), embedding=embedding)

    assert found(build) == [
        ("never_written", "table", 3000),
        ("never_written", "bits", 25),
        ("never_written", "odd", 3),
        ("padding_row", "embedding.weight", 4),
    ]
