"""fill_: the bits of the law in tensors, made by kernels, by tensor operations, and by copies."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import winit  # noqa: E402
from winit import reference  # noqa: E402
from winit.torch import fill_  # noqa: E402
from winit.torch.dtypes import memory_of  # noqa: E402
from winit.torch.operations import tiles  # noqa: E402
from winit.torch.writing import write_box  # noqa: E402

SEED = 2**64 - 5  # both halves of the key are large
SHAPE = (17, 65)  # odd, so that boxes start in every lane

LAWS: dict[str, Any] = {
    "constant": reference.constant(0.1),
    "normal": reference.normal(0.1, -0.02),
    "uniform": reference.uniform(-0.3, 0.1),
    "truncated": reference.truncated_normal(0.5, 0.02, -1, 3),
    "subnormal": reference.normal(0, 1e-39),
    "log_uniform": reference.log_uniform(0.001, 0.1),
    "positions": reference.expression(["sin", ["/", ["index", 0], ["pow", 10000, ["/", ["index", 1], 64]]]]),
    "parts": {
        "law": "parts",
        "parts": [
            {"box": [], "law": reference.normal(0, 0.02)},
            {"box": [[3, 4]], "law": reference.constant(0.0)},
            {"box": [[5, 9], [2, 5]], "law": reference.uniform(-1, 1), "stream": "12345"},
            {
                "box": [[10, 13], [1, 64]],
                "law": reference.expression(["*", ["exp", "draw"], ["+", 1, ["index", 1]]], reference.uniform(-1, 1)),
            },
            {"box": [[11, 17], [64, 65]], "law": reference.truncated_normal(0, 1)},
        ],
    },
}
BOXES = [
    ((0, 0), SHAPE),
    ((2, 3), (13, 31)),
    ((5, 0), (7, 65)),
    ((16, 64), (1, 1)),
    ((3, 1), (1, 60)),
    ((0, 7), (17, 0)),
]
DTYPES = ("float32", "bfloat16", "float16", "float64")


def recipe_of(law: Any, shape: tuple[int, ...] = SHAPE, dtype: str = "float32") -> winit.TensorRecipe:
    return winit.Spec((winit.SpecTensor("w", shape, dtype, law),)).recipe(SEED)["w"]


def expected_bytes(
    law: Any, dtype: str, offset: tuple[int, ...], size: tuple[int, ...], shape: tuple[int, ...] = SHAPE
) -> bytes:
    item = reference.item_size(dtype)
    data = reference.canonical_bytes(SEED, reference.Tensor("w", dtype, shape, law))
    whole = np.frombuffer(data, np.uint8).reshape(*shape, item)
    return whole[tuple(slice(o, o + n) for o, n in zip(offset, size, strict=True))].tobytes()


@pytest.mark.parametrize("way", [None, "operations", "copy"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LAWS)
def test_every_way_of_filling_gives_the_bits_of_the_law(name: Any, dtype: Any, way: Any) -> None:
    recipe = recipe_of(LAWS[name], dtype=dtype)
    for offset, size in BOXES:
        out = torch.full(size, 7.0, dtype=getattr(torch, dtype))
        write_box(out, recipe, offset, force=way)
        assert memory_of(out).tobytes() == expected_bytes(LAWS[name], dtype, offset, size), (offset, size)


@pytest.mark.parametrize("way", [None, "operations", "copy"])
def test_integers_booleans_and_literals_are_filled(way: Any) -> None:
    literal = winit.recipes.BytesLiteral(np.arange(6, dtype="<i8").tobytes())
    fp8 = winit.recipes.BytesLiteral(bytes(range(60, 66)))
    spec = winit.Spec(
        (
            winit.SpecTensor("count", (), "int64", reference.constant(2**53)),
            winit.SpecTensor("mask", (2, 3), "bool", reference.constant(1)),
            winit.SpecTensor("ids", (2, 3), "int64", {"law": "literal"}, (literal,)),
            winit.SpecTensor("fp8", (2, 3), "float8_e4m3fn", {"law": "literal"}, (fp8,)),
            winit.SpecTensor("rotation", (3, 3), "float32", {"law": "orthogonal", "gain": 1.0, "rows": 3}),
        )
    )
    made = {}
    for name, recipe in spec.recipe(3).items():
        made[name] = torch.zeros(recipe.shape, dtype=getattr(torch, recipe.dtype))
        write_box(made[name], recipe, (0,) * len(recipe.shape), force=way)
    assert made["count"].item() == 2**53
    assert made["mask"].all()
    assert made["ids"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert made["fp8"].view(torch.uint8).tolist() == [[60, 61, 62], [63, 64, 65]]
    product = made["rotation"].double() @ made["rotation"].double().T
    assert torch.allclose(product, torch.eye(3).double(), atol=1e-6)


def test_a_tensor_larger_than_a_tile_is_filled_in_tiles() -> None:
    shape = (3, 50_000)  # a row is less than a tile of 2^16, two rows are more
    sheared = reference.expression(["+", "draw", ["*", ["index", 0], ["index", 1]]], reference.normal())
    for law in (reference.normal(), sheared):
        out = torch.zeros(shape)
        write_box(out, recipe_of(law, shape), (0, 0), force="operations")
        assert out.numpy().tobytes() == expected_bytes(law, "float32", (0, 0), shape, shape=shape)
    sizes = [tile.numel() for _, tile in tiles(torch.zeros(5, 3, 50_000))]
    assert sum(sizes) == 750_000 and max(sizes) <= 1 << 16


def test_every_stride_is_filled() -> None:
    law = reference.normal()
    recipe = recipe_of(law)
    base = torch.zeros(65, 40)
    for out in (torch.zeros(65, 17).T, base[:, 3:37:2].T, torch.zeros(17, 65)):
        for way in (None, "operations", "copy"):
            out.zero_()
            write_box(out, recipe, (0, 0), force=way)
            assert out.contiguous().numpy().tobytes() == expected_bytes(law, "float32", (0, 0), SHAPE)
    assert base[:, 0:3].eq(0).all() and base[:, 4:37:2].eq(0).all()


@pytest.mark.parametrize("way", [None, "operations", "copy"])
def test_modes_and_defaults_of_pytorch_change_nothing(way: Any) -> None:
    law = LAWS["truncated"]
    recipe, expected = recipe_of(law), expected_bytes(law, "float32", (0, 0), SHAPE)

    def check() -> None:
        out = torch.empty(SHAPE, dtype=torch.float32, device="cpu")
        write_box(out, recipe, (0, 0), force=way)
        assert out.detach().numpy().tobytes() == expected

    with torch.device("meta"):
        check()
    with torch.inference_mode():
        check()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        check()
    deterministic = torch.are_deterministic_algorithms_enabled()
    try:
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(True)
        check()
    finally:
        torch.set_default_dtype(torch.float32)
        torch.use_deterministic_algorithms(deterministic)


@pytest.mark.parametrize("way", [None, "operations", "copy"])
def test_inference_tensors_and_leaves_that_require_grad_are_filled(way: Any) -> None:
    law, shape = reference.normal(), (2, 40_000)  # more than a tile: slices of inference tensors are special
    with torch.inference_mode():
        inference = torch.zeros(shape)
    leaf = torch.zeros(shape, requires_grad=True)
    for out in (inference, leaf):
        write_box(out, recipe_of(law, shape), (0, 0), force=way)
        assert out.detach().numpy().tobytes() == expected_bytes(law, "float32", (0, 0), shape, shape)
    assert leaf.requires_grad and leaf.is_leaf and leaf.grad_fn is None


@pytest.mark.parametrize("way", [None, "operations", "copy"])
def test_autograd_notices_that_a_saved_tensor_was_filled(way: Any) -> None:
    weight = torch.ones(SHAPE)
    x = torch.ones(SHAPE, requires_grad=True)
    loss = (x * weight).sum()
    write_box(weight, recipe_of(reference.normal()), (0, 0), force=way)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_flushed_subnormals_are_refused_by_tensor_operations_and_do_not_matter_to_kernels() -> None:
    law = LAWS["subnormal"]
    recipe, expected = recipe_of(law), expected_bytes(law, "float32", (0, 0), SHAPE)
    out = torch.ones(SHAPE)
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush subnormal numbers")
    try:
        with pytest.raises(winit.Error, match="set_flush_denormal"):
            write_box(out, recipe, (0, 0), force="operations")
        assert out.eq(1).all()
        if winit.backend() == "native":
            write_box(out, recipe, (0, 0))
        else:
            with pytest.raises(winit.Error):
                write_box(out, recipe, (0, 0))
    finally:
        torch.set_flush_denormal(False)
    if winit.backend() == "native":
        assert out.numpy().tobytes() == expected


def test_torch_compile_leaves_fill_out_and_says_why() -> None:
    law = reference.normal(0.1, 0.02)
    recipe = recipe_of(law)

    def step(x: Any) -> Any:
        y = x * 1.0
        fill_(y, recipe)
        return y + 0.0

    found = torch.compile(step, backend="eager")(torch.zeros(SHAPE))
    assert found.numpy().tobytes() == expected_bytes(law, "float32", (0, 0), SHAPE)
    reasons = torch._dynamo.explain(step)(torch.zeros(SHAPE)).break_reasons
    assert any("fuses multiplications" in str(each.reason) for each in reasons)


def test_fill_fills_a_box_and_returns_the_tensor() -> None:
    law = reference.normal()
    out = torch.zeros(2, 65)
    assert fill_(out, recipe_of(law), offset=(4, 0)) is out
    assert out.numpy().tobytes() == expected_bytes(law, "float32", (4, 0), (2, 65))


def refused() -> Iterator[tuple[str, Any, Any, Any]]:
    recipe = recipe_of(reference.normal())
    yield "shape", torch.zeros(2, 65), recipe, None
    yield "not within", torch.zeros(2, 65), recipe, (16, 0)
    yield "not within", torch.zeros(2, 65), recipe, (-1, 0)
    yield "not within", torch.zeros(65), recipe, (0,)
    yield "dtype", torch.zeros(SHAPE, dtype=torch.float64), recipe, None
    yield "cannot hold", torch.zeros(SHAPE, dtype=torch.complex128), recipe, None
    yield "meta device", torch.zeros(SHAPE, device="meta"), recipe, None
    yield "several elements", torch.zeros(1, 65).expand(SHAPE), recipe, None
    yield "layout", torch.zeros(SHAPE).to_sparse(), recipe, None
    yield "lazy", torch.nn.UninitializedParameter(), recipe, None
    yield "negative view", torch.zeros(SHAPE, dtype=torch.complex64).conj().imag, recipe, None
    quantized = torch.quantize_per_tensor(torch.zeros(SHAPE), 1.0, 0, torch.qint8)
    yield "quantized", quantized, recipe, None


@pytest.mark.filterwarnings("ignore:.*quantize_per_tensor.*")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_cannot_be_filled_is_refused_with_the_reason() -> None:
    for reason, tensor, recipe, offset in refused():
        with pytest.raises(winit.BadInput, match=reason):
            fill_(tensor, recipe, offset)


def test_a_subclass_that_dispatches_by_itself_is_refused_by_name() -> None:
    from torch.testing._internal.two_tensor import TwoTensor

    with pytest.raises(winit.BadInput, match="TwoTensor"):
        fill_(TwoTensor(torch.zeros(SHAPE), torch.zeros(SHAPE)), recipe_of(reference.normal()))


@pytest.mark.parametrize("way", [None, "operations"])
def test_an_expression_outside_its_domain_is_refused_and_nothing_is_written(way: Any) -> None:
    law = reference.expression(["log", "draw"], reference.uniform(-1, 1))
    out = torch.full(SHAPE, 7.0)
    with pytest.raises((winit.Error, reference.LawError)):
        write_box(out, recipe_of(law), (0, 0), force=way)
    assert way is None or out.eq(7).all()


def test_an_expression_too_large_for_float16_is_refused() -> None:
    law = reference.expression(["+", 65000, ["*", 1000, ["index", 0]]])
    with pytest.raises(winit.BadInput, match="not finite"):
        write_box(torch.zeros(SHAPE, dtype=torch.float16), recipe_of(law, dtype="float16"), (0, 0), force="operations")


def test_an_expression_may_be_outside_its_domain_where_a_later_part_covers_it() -> None:
    inner = reference.expression(["log", ["index", 0]])
    parts = [{"box": [], "law": inner}, {"box": [[0, 1]], "law": reference.constant(0.0)}]
    law = {"law": "parts", "parts": parts}
    out = torch.zeros(4, 2)
    write_box(out, recipe_of(law, (4, 2)), (0, 0), force="operations")
    assert out[:, 0].tolist() == [0.0, *(np.float32(math.log(n)).item() for n in (1, 2, 3))]
