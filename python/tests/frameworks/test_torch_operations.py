"""The law in tensor operations: words, draws, values and functions have the bits of the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from winit import reference  # noqa: E402
from winit.reference import draws  # noqa: E402
from winit.reference import operations as reference_operations  # noqa: E402
from winit.torch.operations import draws as tensor_draws  # noqa: E402
from winit.torch.operations import functions  # noqa: E402
from winit.torch.operations.values import law_values  # noqa: E402
from winit.torch.operations.words import words, words_at  # noqa: E402

SEED = 2**64 - 5  # both halves of the key are large


def test_words_of_every_place_of_a_stream_are_those_of_philox() -> None:
    device = torch.device("cpu")
    for start in (0, 1, 2, 3, 2**32 - 2, 2**34 - 3, 2**34 + 1, 2**60 + 3):
        found = words(SEED, 2**63 + 12345, start, 13, device).numpy().view(np.uint32)
        assert np.array_equal(found, reference.words(SEED, 2**63 + 12345, start, 13))
        scattered = words_at(SEED, 2**63 + 12345, torch.arange(start, start + 13, 3)).numpy().view(np.uint32)
        assert np.array_equal(scattered, found[::3])


def edge_words() -> Any:
    edges = [0, 1, 2, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 2**24, 2**24 + 1, 2**30, 3 * 2**30]
    return np.concatenate([np.array(edges, np.uint32), reference.words(1, 2, 0, 100_000)])


def test_draws_of_edge_words_have_the_bits_of_the_reference() -> None:
    own = edge_words()
    tensor = torch.from_numpy(own.view(np.int32))
    cuts = reference.truncated_normal(0, 1, 5, 30)
    bounds = [cuts[name] for name in ("alpha", "beta", "low", "high")]
    pairs = [
        (tensor_draws.uniform_draw(tensor), draws.uniform_draw(own)),
        (tensor_draws.normal_draw(tensor), draws.normal_draw(own)),
        (tensor_draws.truncated_draw(tensor, *bounds), draws.truncated_draw(own, *bounds)),
    ]
    for found, expected in pairs:
        assert np.array_equal(found.numpy().view(np.uint32), expected.view(np.uint32))


@pytest.mark.parametrize(
    "law",
    [
        {"law": "uniform", "half": 0.057544171810150146, "mid": 1.0242135524749756, "low": 0.9666694402694702}
        | {"high": 1.0817577838897705},  # half and mid are rounded, so that the largest draws would be outside
        reference.truncated_normal(0, 1, 1, 1.0000001),  # the quantile is not as exact as these cuts are narrow
        reference.truncated_normal(0.5, 0.02, -1, 3),
        reference.normal(0.1, -0.02),
    ],
)
def test_values_of_edge_words_stay_within_the_bounds_of_the_law(law: Any) -> None:
    own = edge_words()
    found = law_values(law, torch.from_numpy(own.view(np.int32))).numpy()
    assert np.array_equal(found.view(np.uint32), reference.law_values(law, own).view(np.uint32))


UNIT = (np.arange(1 << 14) + 0.5) / (1 << 14)


INPUTS = {
    "exp": UNIT * 1500 - 745,
    "log": np.concatenate([UNIT * 1000, UNIT * 1e-310]),
    "log1p": np.concatenate([UNIT * 4 - 0.999, [0.0, -0.0, 1e-300]]),
    "expm1": np.concatenate([UNIT * 80 - 40, [0.0, -0.0, 1e-300]]),
    "tanh": np.concatenate([UNIT * 50 - 25, [0.0, -0.0]]),
    "sin": np.concatenate([UNIT * 2e6 - 1e6, UNIT * 10 - 5, [-0.0]]),
    "cos": np.concatenate([UNIT * 2e6 - 1e6, UNIT * 10 - 5, [-0.0]]),
    "sqrt": np.concatenate(
        [
            UNIT * 5,
            UNIT * 1e300,
            UNIT * 1e-310,
            [0.0, 5e-324, 2.0**-1000, 1.0, 4.0, 4.0 - 2**-51, 1.0 + 2**-52, 1.7e308],
        ]
    ),
    "floor": UNIT * 10 - 5,
    "abs": UNIT * 10 - 5,
    "neg": UNIT * 10 - 5,
}


@pytest.mark.parametrize("name", INPUTS)
def test_functions_of_one_operand_have_the_bits_of_the_reference(name: Any) -> None:
    inputs = INPUTS[name]
    with np.errstate(all="ignore"):
        expected = reference_operations.OPERATIONS[name].compute(inputs)
    found = functions.OPERATIONS[name].compute(torch.from_numpy(inputs))
    assert np.array_equal(found.numpy().view(np.uint64), expected.view(np.uint64))


@pytest.mark.parametrize("name", ["+", "-", "*", "/", "min", "max", "pow"])
def test_functions_of_two_operands_have_the_bits_of_the_reference(name: Any) -> None:
    x, y = UNIT * 50, np.concatenate([UNIT[: 1 << 13] * 8 - 4, np.arange(1 << 13) % 129 - 64])
    with np.errstate(all="ignore"):
        expected = reference_operations.OPERATIONS[name].compute(x, y)
    found = functions.OPERATIONS[name].compute(torch.from_numpy(x), torch.from_numpy(y))
    assert np.array_equal(found.numpy().view(np.uint64), expected.view(np.uint64))
