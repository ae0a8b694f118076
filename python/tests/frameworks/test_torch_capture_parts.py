"""Tensors of several parts: padding rows, gates, fused projections, masks, and draws that two tensors share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from winit import reference  # noqa: E402
from winit.torch import capture  # noqa: E402
from winit.torch.capturing import deviations  # noqa: E402

nn = torch.nn

NORMAL = dict(reference.normal())


def laws(build: Callable[[], Any]) -> dict[str, dict[str, Any]]:
    """The law of each tensor, all of which have one."""
    spec = capture(build)
    assert not spec.unresolved, spec.unresolved
    spec.recipe(1)
    return {tensor.name: dict(tensor.law) for tensor in spec.tensors}


def parts(base: Any, *others: tuple[list[list[int]], Any]) -> dict[str, Any]:
    """A law of parts."""
    return {"law": "parts", "parts": [{"box": [], "law": base}, *({"box": box, "law": law} for box, law in others)]}


def parameters(**tensors: Any) -> Any:
    return nn.ParameterDict({name: nn.Parameter(tensor, requires_grad=False) for name, tensor in tensors.items()})


def zero() -> dict[str, Any]:
    return dict(reference.constant(0.0))


def test_the_padding_row_is_zero() -> None:
    assert laws(lambda: nn.Embedding(10, 4, padding_idx=2))["weight"] == parts(NORMAL, ([[2, 3]], zero()))

    def scaled() -> Any:
        embedding = nn.Embedding(10, 4, padding_idx=0)
        embedding.weight.data.mul_(0.5)
        return embedding

    assert laws(scaled)["weight"] == parts(reference.normal(0.0, 0.5), ([[0, 1]], zero()))

    def overwritten() -> Any:
        embedding = nn.Embedding(10, 4, padding_idx=0)
        nn.init.normal_(embedding.weight, std=0.02)
        return embedding

    assert laws(overwritten)["weight"] == reference.normal(0.0, 0.02)


def test_gates_have_laws_of_their_own() -> None:
    def build() -> Any:
        lstm = nn.LSTM(6, 4)
        for gate in lstm.weight_hh_l0.chunk(4):
            nn.init.orthogonal_(gate)
        nn.init.zeros_(lstm.bias_ih_l0)
        lstm.bias_hh_l0.data[4:8].fill_(1.0)
        return lstm

    found = laws(build)
    orthogonal = {"law": "orthogonal", "gain": 1.0, "rows": 4}
    boxes: list[list[list[int]]] = [[[0, 4]], [[4, 8]], [[8, 12]], [[12, 16]]]
    assert found["weight_hh_l0"] == parts(zero(), *((box, orthogonal) for box in boxes))
    assert found["bias_ih_l0"] == reference.constant(0.0)
    assert found["bias_hh_l0"] == parts(reference.uniform(-0.5, 0.5), ([[4, 8]], reference.constant(1.0)))
    assert deviations(build(), capture(build)) == []


def test_the_forget_gate_in_zeros_is_a_part_and_not_a_literal() -> None:
    def build() -> Any:
        lstm = nn.LSTM(6, 64)
        nn.init.zeros_(lstm.bias_ih_l0)
        lstm.bias_ih_l0.data[64:128].fill_(1.0)
        return lstm

    assert laws(build)["bias_ih_l0"] == parts(zero(), ([[64, 128]], reference.constant(1.0)))


def test_a_fused_projection_has_one_law_where_its_parts_have_one() -> None:
    def build() -> Any:
        qkv = nn.Linear(8, 24)
        for third in qkv.weight.chunk(3):
            nn.init.xavier_uniform_(third)
        with torch.no_grad():
            qkv.bias[:8].normal_(0, 0.02)
            qkv.bias[8:16].zero_()
        return qkv

    found = laws(build)
    bound = math.sqrt(3) * (1.0 * math.sqrt(2.0 / (8 + 8)))
    assert found["weight"] == reference.uniform(-bound, bound)
    normal = reference.normal(0.0, 0.02)
    bias = reference.uniform(-1 / math.sqrt(8), 1 / math.sqrt(8))
    assert found["bias"] == parts(bias, ([[0, 8]], normal), ([[8, 16]], zero()))


@pytest.mark.parametrize(
    "write",
    [
        lambda w: w[1:3].zero_(),
        lambda w: w[1:3].mul_(0),
        lambda w: w.__setitem__([1, 2], 0.0),
        lambda w: w.__setitem__(torch.tensor([1, 2]), 0.0),
        lambda w: w.__setitem__(torch.tensor([False, True, True, False, False, False]), 0.0),
        lambda w: w.copy_(torch.where(torch.tensor([[0], [1], [1], [0], [0], [0]]) > 0, 0.0, w)),
        lambda w: w.masked_fill_(torch.tensor([[0], [1], [1], [0], [0], [0]]) > 0, 0.0),
        lambda w: w.mul_(torch.tensor([[1.0], [0.0], [0.0], [1.0], [1.0], [1.0]])),
        lambda w: w.t()[:, 1:3].fill_(0),
        lambda w: w.view(3, 8)[:, :].view(6, 4)[1:3].copy_(torch.zeros(2, 4)),
        lambda w: w.view(-1)[4:12].zero_(),
        lambda w: w.index_put_((torch.tensor([1, 2]),), torch.tensor(0.0)),
    ],
)
def test_rows_are_zero_however_they_were_written(write: Callable[[Any], Any]) -> None:
    def build() -> Any:
        weight = torch.randn(6, 4)
        write(weight)
        return parameters(w=weight)

    module = build()
    assert bool((module["w"][1:3] == 0).all()) and bool((module["w"][[0, 3, 4, 5]] != 0).all())
    spec = capture(build)
    values = spec.recipe(9)["w"][:]
    assert np.all(values[1:3] == 0) and np.all(values[[0, 3, 4, 5]] != 0)
    assert deviations(module, spec) == []


def test_every_second_column_is_found() -> None:
    def build() -> Any:
        weight = torch.randn(4, 6)
        weight[:, ::2] = 0.5
        return parameters(w=weight)

    values = capture(build).recipe(9)["w"][:]
    assert np.all(values[:, ::2] == 0.5) and np.all(values[:, 1::2] != 0.5)


def test_triangles_and_joined_tensors_have_parts() -> None:
    def build() -> Any:
        return parameters(
            lower=torch.tril(torch.randn(5, 5)),
            joined=torch.cat([torch.zeros(2, 3), torch.rand(4, 3)]),
            stacked=torch.stack([torch.ones(3), torch.randn(3) * 2]),
        )

    module, spec = build(), capture(build)
    assert deviations(module, spec) == []
    recipe = spec.recipe(2)
    assert np.array_equal(recipe["lower"][:] != 0, np.tril(np.ones((5, 5), bool)))
    found = laws(build)
    assert found["joined"] == parts(reference.uniform(0.0, 1.0), ([[0, 2]], zero()))
    assert found["stacked"] == parts(reference.constant(1.0), ([[1, 2]], reference.normal(0.0, 2.0)))


def test_mirrored_halves_have_one_stream_and_opposite_signs() -> None:
    def build() -> Any:
        half = torch.randn(3, 4) * 0.5
        return parameters(w=torch.cat([half, -half]))

    values = capture(build).recipe(4)["w"][:]
    assert np.array_equal(values[:3], -values[3:]) and abs(values[:3].std() - 0.5) < 0.5


def test_two_boxes_that_others_share_have_two_streams() -> None:
    def build() -> Any:
        first = torch.rand(6)
        first[5:].uniform_(-1.0, 2.0)
        return parameters(a=first, b=first - 0.5)

    recipe = capture(build).recipe(3)
    values = recipe["a"][:]
    assert np.allclose(values - 0.5, recipe["b"][:])
    # The unit draws of the first element and of the box are not one draw.
    assert abs((values[0] - 0.5) / 0.5 - (values[5] - 0.5) / 1.5) > 1e-3


def test_chunks_of_one_draw_are_independent_and_overlaps_are_not() -> None:
    def apart() -> Any:
        first, second = (torch.randn(6, 8) * 0.1).chunk(2, dim=1)
        return parameters(a=first.clone(), b=second.contiguous())

    assert laws(apart) == {"a": reference.normal(0.0, 0.1), "b": reference.normal(0.0, 0.1)}

    def overlapping() -> Any:
        draw = torch.randn(6, 8)
        return parameters(a=draw[:4].clone(), b=draw[2:].clone(), c=draw.t().clone())

    # The first one has its law; the others share draws with it, at other places.
    spec = capture(overlapping)
    assert [tensor.name for tensor in spec.tensors] == ["a"]
    assert all("shares draws with `a`" in reason for reason in spec.unresolved.values())


def test_a_copy_with_another_scale_and_dtype_keeps_the_draws() -> None:
    def build() -> Any:
        weight = torch.randn(6, 4)
        return parameters(a=weight, b=(weight * 2 + 1).to(torch.bfloat16))

    found = laws(build)
    stream = str(reference.name_stream("a"))
    assert found["b"]["parts"][1:] == [{"box": [], "law": reference.normal(1.0, 2.0), "stream": stream}]
    recipe = capture(build).recipe(3)
    assert np.allclose(recipe["a"][:] * 2 + 1, np.asarray(recipe["b"][:], np.float32), atol=0.05)


def test_a_transposed_or_permuted_tensor_keeps_its_law() -> None:
    def build() -> Any:
        return parameters(
            t=torch.randn(3, 5).t(),
            o=nn.init.orthogonal_(torch.empty(3, 5)).t().contiguous(),
            p=torch.randn(2, 3, 4).permute(2, 0, 1) * 0.5,
            f=torch.rand(7).flip(0),
            r=torch.randn(8)[torch.tensor([3, 1, 2])],
        )

    found = laws(build)
    assert found["t"] == NORMAL and found["p"] == reference.normal(0.0, 0.5)
    assert found["f"] == reference.uniform(0.0, 1.0) and found["r"] == NORMAL
    assert found["o"] == {"law": "orthogonal", "gain": 1.0, "rows": 5}


def test_many_parts_take_no_memory_of_the_whole() -> None:
    # 2^32 elements with a zero row: the row must be found without the numbers of the others.
    def build() -> Any:
        return nn.Embedding(1 << 20, 1 << 12, padding_idx=5)

    assert laws(build)["weight"] == parts(NORMAL, ([[5, 6]], zero()))
