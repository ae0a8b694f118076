"""noise and add_noise_: the bits of docs/law.md, "The stream of noise", in tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import winit  # noqa: E402
import winit.noising  # noqa: E402
import winit.torch  # noqa: E402
from winit import reference  # noqa: E402
from winit.torch import add_noise_, noise  # noqa: E402
from winit.torch.dtypes import memory_of  # noqa: E402

SEED = 2**63 + 11
SHAPE = (13, 40)


def expected(step: int, law: Any = None, dtype: str = "float32", shape: tuple[int, ...] = SHAPE) -> Any:
    law = reference.normal() if law is None else law
    stream = reference.noise_stream("h.0.w", step)
    tensor = reference.Tensor("h.0.w", dtype, shape, law, stream, SEED)
    return np.frombuffer(reference.canonical_bytes(SEED, tensor), winit.filling.numpy_dtype(dtype)).reshape(shape)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
@pytest.mark.parametrize("step", [0, 1, 12345])
def test_noise_is_the_law_in_the_stream_of_name_and_step(step: int, dtype: str) -> None:
    found = noise(SEED, "h.0.w", SHAPE, step=step, dtype=getattr(torch, dtype))
    assert memory_of(found).tobytes() == expected(step, dtype=dtype).tobytes()


@pytest.mark.parametrize(
    "law",
    [reference.uniform(-1, 3), reference.truncated_normal(0, 2), reference.constant(0.5), reference.log_uniform(1, 9)],
    ids=lambda law: law["law"],
)
def test_noise_has_any_elementwise_law(law: Any) -> None:
    assert noise(SEED, "h.0.w", SHAPE, step=3, law=law).numpy().tobytes() == expected(3, law).tobytes()


@pytest.mark.parametrize(
    "index", [0, -1, (slice(2, 5), slice(7, 9)), (slice(None), 3), (2, 3), ..., (..., slice(39, None)), slice(4, 4)]
)
def test_an_index_gives_the_part_that_numpy_gives(index: Any) -> None:
    whole = expected(7)
    found = noise(SEED, "h.0.w", SHAPE, step=7, index=index)
    assert found.shape == whole[index].shape and np.array_equal(found.numpy(), whole[index])
    out = torch.zeros(whole[index].shape)
    assert noise(SEED, "h.0.w", SHAPE, step=7, index=index, out=out) is out
    assert np.array_equal(out.numpy(), whole[index])


def test_a_slice_of_a_tensor_too_large_for_memory_costs_only_the_slice() -> None:
    found = noise(1, "projection", (2**31, 2**20), index=(2**30 + 1, slice(5, 9)))
    own = reference.words(1, reference.name_stream("projection"), (2**30 + 1) * 2**20 + 5, 4)
    assert np.array_equal(found.numpy(), reference.normal_draw(own))


def test_the_default_dtype_and_device_of_noise_do_not_change_its_bits() -> None:
    try:
        torch.set_default_dtype(torch.float64)
        assert noise(SEED, "h.0.w", SHAPE).numpy().tobytes() == expected(0).tobytes()
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.device("meta"):
        assert noise(SEED, "h.0.w", SHAPE, device="cpu").numpy().tobytes() == expected(0).tobytes()


def test_what_is_not_valid_is_refused() -> None:
    cases: list[tuple[Any, dict[str, Any]]] = [
        ((-1, "w", SHAPE), {}),
        ((2**64, "w", SHAPE), {}),
        ((1.5, "w", SHAPE), {}),
        ((1, "w\0 1", SHAPE), {}),
        ((1, "", SHAPE), {}),
        ((1, "w", (-1, 3)), {}),
        ((1, "w", SHAPE), {"step": -1}),
        ((1, "w", SHAPE), {"step": 0.5}),
        ((1, "w", SHAPE), {"law": {"law": "normal"}}),
        ((1, "w", (3, 3)), {"law": {"law": "orthogonal", "gain": 1, "rows": 3}}),
        ((1, "w", SHAPE), {"dtype": torch.int64}),
        ((1, "w", SHAPE), {"dtype": torch.float8_e4m3fn}),
        ((1, "w", SHAPE), {"device": "meta"}),
        ((1, "w", SHAPE), {"out": torch.zeros(40, 13)}),
        ((1, "w", SHAPE), {"out": torch.zeros(SHAPE), "dtype": torch.float32}),
    ]
    for arguments, options in cases:
        with pytest.raises(winit.BadInput):
            noise(*arguments, **options)
    with pytest.raises(IndexError):
        noise(1, "w", SHAPE, index=slice(0, 4, 2))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_added_noise_is_rounded_as_documented(dtype: str) -> None:
    start = torch.from_numpy(expected(0, reference.normal(0, 0.02)).copy()).to(getattr(torch, dtype))
    found = add_noise_(start.clone(), SEED, "h.0.w", step=5, scale=0.001)
    product = expected(5) * np.float32(0.001)
    if dtype == "float64":
        assert np.array_equal(found.numpy(), start.numpy() + product.astype(np.float64))
        return
    total = start.to(torch.float32).numpy() + product
    assert memory_of(found).tobytes() == reference.float_bytes(total, dtype)


def test_noise_that_is_added_to_float64_is_taken_off_again_exactly() -> None:
    start = torch.from_numpy(expected(0, reference.normal(0, 0.02)).astype(np.float64))
    changed = start.clone()
    for scale in (1e-3, -2e-3, 1e-3):
        add_noise_(changed, SEED, "h.0.w", step=5, scale=scale)
        assert torch.equal(changed, start) == (scale == 1e-3 and bool((changed == start).all()))
    assert torch.equal(changed, start)


def test_added_noise_does_not_depend_on_tiles_strides_or_grad() -> None:
    shape = (3, 50_000)  # more than a tile of 2^16
    plain, base = torch.zeros(shape, requires_grad=True), torch.zeros(50_000, 6)
    add_noise_(plain, SEED, "h.0.w", step=2, scale=2.0)
    add_noise_(base[:, ::2].T, SEED, "h.0.w", step=2, scale=2.0)
    assert np.array_equal(plain.detach().numpy(), expected(2, shape=shape) * 2 + 0.0)
    assert torch.equal(base[:, ::2].T, plain) and base[:, 1::2].eq(0).all()
    assert plain.requires_grad and plain.is_leaf


def test_noise_is_not_added_while_subnormals_are_flushed() -> None:
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush subnormal numbers")
    try:
        tensor = torch.zeros(3)
        with pytest.raises(winit.Error, match="set_flush_denormal"):
            add_noise_(tensor, 1, "w")
        assert tensor.eq(0).all()
    finally:
        torch.set_flush_denormal(False)


def test_noise_is_not_added_to_integers_or_by_a_scale_that_is_not_finite() -> None:
    with pytest.raises(winit.BadInput, match="int64"):
        add_noise_(torch.zeros(3, dtype=torch.int64), 1, "w")
    for scale in (float("nan"), float("inf"), 1e39):
        with pytest.raises(winit.BadInput, match="scale"):
            add_noise_(torch.zeros(3), 1, "w", scale=scale)


def parameters(dtype: Any) -> dict[str, Any]:
    """Tensors of several tiles, with tiny, huge and special elements, one with gaps in memory."""
    values = torch.from_numpy(expected(0, reference.normal(0, 0.02), shape=(3, 50_000)).copy())
    values[0, :8] = torch.tensor([0.0, -0.0, 1e-45, 3e38, -3e38, float("inf"), float("-inf"), float("nan")])
    wide = torch.zeros(40, 26)
    wide[:, ::2] = torch.from_numpy(expected(0, reference.normal(0, 1e-4)).copy()).T
    return {"w": values.to(dtype).requires_grad_(), "gaps": wide.to(dtype)[:, ::2].T, "empty": torch.zeros(0, 3)}


def bits_of(tensors: dict[str, Any]) -> dict[str, bytes]:
    return {name: memory_of(tensor).tobytes() for name, tensor in tensors.items()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_a_perturbation_restores_every_bit_after_any_scales(dtype: Any) -> None:
    tensors = parameters(dtype)
    before = bits_of(tensors)
    with winit.torch.Perturbation(tensors, SEED, step=5) as z:
        for scale in (1e-3, -1e-3, 1e-30, 100.0, 0.0, 2.0):
            z.scale = scale
            assert (bits_of(tensors) == before) == (scale == 0)
            if scale == 1e-3:
                own = parameters(dtype)
                for name, tensor in own.items():
                    add_noise_(tensor, SEED, name, step=5, scale=scale)
                assert bits_of(tensors) == bits_of(own)
    assert bits_of(tensors) == before and z.scale == 0
    z.add(-0.25)
    own = parameters(dtype)
    for name, tensor in own.items():
        add_noise_(tensor, SEED, name, step=5, scale=-0.25)
    assert bits_of(tensors) == bits_of(own)


def test_a_perturbation_in_tensors_is_the_one_in_arrays() -> None:
    array, tensor = expected(0).copy(), torch.from_numpy(expected(0).copy())
    ours, theirs = (
        winit.torch.Perturbation({"w": tensor}, 3, step=2),
        winit.noising.Perturbation({"w": array}, 3, step=2),
    )
    for scale in (0.5, -0.25):
        ours.scale = theirs.scale = scale
        assert np.array_equal(tensor.numpy(), array)


def test_a_tensor_that_was_changed_while_it_was_perturbed_is_not_restored() -> None:
    tensors = parameters(torch.float32)
    z = winit.torch.Perturbation(tensors, SEED)
    z.scale = 0.5
    tensors["w"].data[2, 40_000] += 1  # .data hides a change from autograd's version counter
    changed = bits_of(tensors)
    with pytest.raises(winit.Error, match="`w` was changed"):
        z.restore()
    assert bits_of(tensors) == changed
    z.forget()
    z.restore()
    assert bits_of(tensors) == changed


def test_an_interrupted_perturbation_changes_nothing(monkeypatch: Any) -> None:
    from winit.torch import perturbing

    tensors, tiles = parameters(torch.float32), list[int]()
    before = bits_of(tensors)
    perturbed = perturbing._perturbed

    def interrupted(*arguments: Any) -> Any:
        tiles.append(1)
        if len(tiles) == 3:
            raise KeyboardInterrupt
        return perturbed(*arguments)

    monkeypatch.setattr(perturbing, "_perturbed", interrupted)
    z = winit.torch.Perturbation(tensors, SEED)
    with pytest.raises(KeyboardInterrupt):
        z.scale = 0.5
    assert bits_of(tensors) == before and z.scale == 0


def test_tied_or_integer_tensors_are_not_perturbed() -> None:
    weight = torch.zeros(4, 4)
    for tensors in ({"a": weight, "b": weight}, {"a": weight, "b": weight[1]}, {"a": torch.zeros(2, dtype=torch.int8)}):
        with pytest.raises(winit.BadInput):
            winit.torch.Perturbation(tensors, 1)
    winit.torch.Perturbation({"a": weight[:, ::2], "b": weight[:, 1::2]}, 1)
    with pytest.raises(winit.BadInput, match="mapping"):
        winit.torch.Perturbation([weight], 1)  # type: ignore[arg-type]
    with pytest.raises(winit.BadInput, match="scale"):
        winit.torch.Perturbation({"a": weight}, 1).scale = float("nan")
