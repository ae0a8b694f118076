"""The kernels for CUDA, interpreted by Triton on the CPU: their bits are those of `winit.reference`."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

import winit  # noqa: E402
from checks.gpu import digests, words  # noqa: E402
from checks.gpu.cases import DRAWS, DTYPES, LAWS, Box, boxes  # noqa: E402
from checks.gpu.place import Place  # noqa: E402
from filling_support import reference_tensor  # noqa: E402
from gpu_support import interpreted  # noqa: E402
from winit import reference  # noqa: E402
from winit.recipes import law_text  # noqa: E402
from winit.torch.dtypes import memory_of  # noqa: E402
from winit.torch.gpu.launching import values_of  # noqa: E402
from winit.torch.gpu.parameters import parameters  # noqa: E402
from winit.torch.writing import write_box  # noqa: E402

CPU = Place(torch.device("cpu"), True)


@pytest.fixture(autouse=True, scope="module")
def interpreter() -> Iterator[None]:
    with interpreted():
        yield


def test_a_box_of_every_kind_has_its_elements_and_nothing_else_is_written() -> None:
    found = [digests.checked(CPU, "uniform", DRAWS["uniform around 0"], "float32", box) for box in boxes()]
    assert len(found) > 80 and [problem for problem in found if problem] == []


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LAWS)
def test_every_law_has_the_bits_of_the_reference_in_every_dtype(name: str, dtype: str) -> None:
    for box in digests.FEW:
        assert digests.checked(CPU, name, LAWS[name], dtype, box) is None


@pytest.mark.parametrize("name", DRAWS)
def test_rows_are_aligned_in_memory_of_every_dtype(name: str) -> None:
    for dtype in DTYPES:
        assert digests.checked(CPU, name, DRAWS[name], dtype, Box((9, 64), (1, 4), (7, 56))) is None


def test_draws_of_edge_words_are_those_of_the_vector_files() -> None:
    found = list(words.check_vectors(CPU))
    assert len(found) == 10 and found == [None] * 10


@pytest.mark.parametrize("formula", words.FORMULAS)
def test_words_around_the_sign_bit_are_drawn_as_the_reference_draws_them(formula: str) -> None:
    draw, which = words.FORMULAS[formula]
    extremes = np.array([0, 1, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF], np.uint32)
    expected = reference.uniform_draw(extremes) if draw == "U" else reference.normal_draw(extremes)
    found = values_of(which, torch.from_numpy(extremes.view(np.int32))).numpy()
    assert np.array_equal(found.view(np.uint32), expected.view(np.uint32))


@pytest.mark.parametrize("formula", words.FORMULAS)
def test_a_sweep_hashes_the_draws_in_the_order_of_the_words(formula: str) -> None:
    for start in (0, 2**31 - 2**11, 2**32 - 2**12):  # the last piece below 2^31, and the last one
        stop = start + 2**12
        assert words.sweep(formula, CPU, 1 << 11, stop, start) == words.reference_sweep(formula, stop, start)
    with pytest.raises(ValueError, match=r"below 2\^31"):
        words.sweep(formula, CPU, 1 << 12, 2**31 + 1, 2**31 - 1)


@pytest.mark.parametrize(("seed", "stream"), [(0, 0), (2**64 - 1, 2**64 - 1), (2**31, 2**63), (2**32 + 1, 2**32 - 1)])
def test_both_halves_of_seed_and_stream_count(seed: int, stream: int) -> None:
    law = reference.normal(0, 1)
    recipe = winit.TensorRecipe("w", (37,), "float32", law_text(law), stream, seed)
    out = torch.zeros(37)
    write_box(out, recipe, (0,), force="triton")
    assert np.array_equal(out.numpy(), reference.law_values(law, reference.words(seed, stream, 0, 37)))


def test_parts_have_their_laws_and_words_in_every_box() -> None:
    law: Any = {
        "law": "parts",
        "parts": [
            {"box": [], "law": reference.truncated_normal(0, 0.02)},
            {"box": [[0, 4]], "law": reference.normal(0, 1), "stream": str(2**64 - 2)},
            {"box": [[2, 6], [10, 30]], "law": reference.uniform(-1, 1), "stream": "7"},
            {"box": [[2, 6], [10, 30]], "law": reference.constant(-1.5)},
            {"box": [[4, 9], [0, 9]], "law": reference.expression(["*", "draw", 3], reference.normal(0, 1))},
        ],
    }
    for dtype in DTYPES:
        for box in (Box((9, 40), (0, 0), (9, 40)), Box((9, 40), (3, 7), (5, 20), "reversed")):
            assert digests.checked(CPU, "parts", law, dtype, box) is None


def test_a_part_that_a_later_part_covers_is_not_drawn(monkeypatch: Any) -> None:
    covered: Any = {
        "law": "parts",
        "parts": [{"box": [], "law": reference.normal(0, 1)}, {"box": [[0, 6]], "law": reference.constant(2.0)}],
    }
    from winit.torch.gpu import launching

    monkeypatch.setattr(launching, "fill_box", lambda *_: pytest.fail("drawn"))
    recipe = winit.Recipe.from_laws(1, {"w": ("float32", (9, 5), covered)})["w"]
    out = torch.zeros(4, 5)
    write_box(out, recipe, (1, 0), force="triton")
    assert out.eq(2).all()


def test_a_uniform_law_around_0_that_reaches_its_bounds_is_cut_there() -> None:
    law: Any = {"law": "uniform", "half": 0.5, "mid": 0.0, "low": -0.25, "high": 0.25}
    assert parameters(law).law == "uniform"
    assert parameters({**law, "low": -0.5, "high": 0.5}).law == "symmetric"
    assert parameters({**law, "half": 1e-39, "low": -1e-39, "high": 1e-39}).law == "uniform"
    assert digests.checked(CPU, "cut", law, "float32", Box((65,), (0,), (65,))) is None


def test_bfloat16_is_rounded_to_even_at_every_tie_and_in_subnormals() -> None:
    from winit.torch.gpu import law as kernel_law  # loaded again by the fixture

    assert type(kernel_law.rounded_to_bfloat16).__name__ == "InterpretedFunction"
    for value in (1.00390625, 1.01171875, 2.0**-133, 3 * 2.0**-134, -(2.0**-134)):
        constant: Any = {"law": "uniform", "half": 0.0, "mid": value, "low": -2.0, "high": 2.0}
        recipe = winit.TensorRecipe("w", (5,), "bfloat16", law_text(constant), 1, 2)
        out = torch.zeros(5, dtype=torch.bfloat16)
        write_box(out, recipe, (0,), force="triton")
        tensor = reference.Tensor("w", "bfloat16", (5,), constant, 1, 2)
        assert memory_of(out).tobytes() == reference.canonical_bytes(2, tensor)


def test_autograd_notices_that_a_saved_tensor_was_filled() -> None:
    weight, x = torch.ones(4, 5), torch.ones(4, 5, requires_grad=True)
    loss = (x * weight).sum()
    recipe = winit.Recipe.from_laws(1, {"w": ("float32", (4, 5), reference.normal(0, 1))})["w"]
    write_box(weight, recipe, (0, 0), force="triton")
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_inference_tensors_and_leaves_that_require_grad_are_filled() -> None:
    recipe = winit.Recipe.from_laws(1, {"w": ("float32", (4, 5), reference.normal(0, 1))})["w"]
    with torch.inference_mode():
        inference = torch.zeros(4, 5)
    leaf = torch.zeros(4, 5, requires_grad=True)
    for out in (inference, leaf):
        write_box(out, recipe, (0, 0), force="triton")
        assert np.array_equal(out.detach().numpy(), recipe[...])
    assert leaf.requires_grad and leaf.is_leaf and leaf.grad_fn is None


@pytest.mark.parametrize("rank", range(4))
def test_a_rank_fills_its_part_of_a_dtensor_where_it_lies(rank: int, monkeypatch: Any) -> None:
    import torch.distributed
    from torch.distributed.tensor import DTensor, Shard, init_device_mesh
    from torch.testing._internal.distributed.fake_pg import FakeStore

    from winit.torch.sharding import writing

    law = reference.truncated_normal(0, 0.02)
    recipe = winit.Recipe.from_laws(2**63 + 1, {"w": ("bfloat16", (13, 70), law)})["w"]
    rows, columns = [(0, 7), (7, 6)][rank // 2], [(0, 35), (35, 35)][rank % 2]  # as torch.chunk cuts 13 and 70
    monkeypatch.setattr(writing, "write_box", functools.partial(write_box, force="triton"))
    torch.distributed.init_process_group("fake", store=FakeStore(), rank=rank, world_size=4)
    try:
        mesh = init_device_mesh("cpu", (2, 2))
        local = torch.zeros(columns[1], rows[1], dtype=torch.bfloat16).T  # column-major
        placed = [Shard(0), Shard(1)]
        tensor = DTensor.from_local(local, mesh, placed, run_check=False, shape=(13, 70), stride=(1, 13))
        writing.write_held(tensor, recipe)
    finally:
        torch.distributed.destroy_process_group()
    whole = np.frombuffer(reference.canonical_bytes(recipe.seed, reference_tensor(recipe)), np.uint16).reshape(13, 70)
    expected = whole[rows[0] : sum(rows), columns[0] : sum(columns)]
    assert np.array_equal(memory_of(local.contiguous()).view(np.uint16), expected)
