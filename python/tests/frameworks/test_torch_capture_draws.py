"""What operations on draws do to their laws: scaling, functions, cuts, and operations that leave no law."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from winit import reference  # noqa: E402
from winit.torch import capture  # noqa: E402
from winit.torch.capturing import deviations  # noqa: E402

nn = torch.nn


def law_of(make: Callable[[], Any]) -> dict[str, Any]:
    """The captured law of one tensor."""
    spec = capture(lambda: nn.ParameterList([nn.Parameter(make())]))
    assert not spec.unresolved, spec.unresolved
    return dict(spec.tensors[0].law)


def parameter(numbers: list[float], dtype: Any) -> Any:
    """A module with one tensor of these numbers."""
    return nn.ParameterList([nn.Parameter(torch.tensor(numbers, dtype=dtype), requires_grad=False)])


def reason_of(make: Callable[[], Any]) -> str:
    """Why one tensor has no law."""
    spec = capture(lambda: nn.ParameterList([nn.Parameter(make(), requires_grad=False)]))
    return str(spec.unresolved["0"])


def test_scales_and_shifts_are_part_of_the_law() -> None:
    assert law_of(lambda: torch.randn(4, 3) * 0.02) == reference.normal(0.0, 0.02)
    assert law_of(lambda: (torch.randn(4) + 1) * -2) == reference.normal(-2.0, 2.0)
    assert law_of(lambda: (torch.rand(4) + 1) / 2) == reference.uniform(0.5, 1.0)
    assert law_of(lambda: 0.5 - torch.randn(4) / 8) == reference.normal(0.5, 0.125)
    assert law_of(lambda: torch.rand(5) * 0.4 - 0.1) == reference.uniform(-0.1, 0.4 - 0.1)
    assert law_of(lambda: (-torch.rand(5)).add_(torch.tensor(2.0))) == reference.uniform(1.0, 2.0)
    assert law_of(lambda: torch.add(torch.ones(4), torch.randn(4), alpha=3)) == reference.normal(1.0, 3.0)
    assert law_of(lambda: torch.randn(3).mul_(1e-3).add_(1).sub_(1)) == reference.normal(0.0, 1e-3)
    assert law_of(lambda: torch.normal(torch.zeros(4), torch.full((4,), 0.3))) == reference.normal(0.0, 0.3)
    assert law_of(lambda: torch.normal(1.0, 0.3, (4,))) == reference.normal(1.0, 0.3)


def test_a_draw_without_spread_is_a_constant() -> None:
    assert law_of(lambda: torch.empty(3).normal_(0.5, 0.0)) == reference.constant(0.5)
    assert law_of(lambda: torch.empty(3).uniform_(2.0, 2.0)) == reference.constant(2.0)
    assert law_of(lambda: torch.randn(3) * 0) == reference.constant(0.0)
    assert law_of(lambda: torch.zeros(3).normal_().zero_()) == reference.constant(0.0)


def test_the_bias_of_mamba_is_the_scheme_dt_bias() -> None:
    # docs/spec.md, dt_bias: D + log(-expm1(-D)), D = max(exp(uniform(log(dt_min), log(dt_max))), floor).
    low, high, floor = 0.001, 0.1, 1e-4

    def make() -> Any:
        dt = torch.exp(torch.rand(64) * (math.log(high) - math.log(low)) + math.log(low)).clamp(min=floor)
        return dt + torch.log(-torch.expm1(-dt))

    d = ["max", ["exp", "draw"], floor]
    draw = reference.uniform(math.log(low), math.log(high))
    assert law_of(make) == {
        "law": "expression",
        "draw": draw,
        "tree": ["+", d, ["log", ["neg", ["expm1", ["neg", d]]]]],
    }


def test_functions_of_a_draw_are_expressions() -> None:
    draw = reference.uniform(0.0, 16.0)
    assert law_of(lambda: torch.log(torch.empty(9).uniform_(0, 16))) == reference.expression(["log", "draw"], draw)
    assert law_of(lambda: torch.empty(9).log_normal_(0.0, 0.5)) == reference.expression(
        ["exp", "draw"], reference.normal(0.0, 0.5)
    )
    assert law_of(lambda: torch.randn(9).clamp_(-2, 2)) == reference.expression(
        ["min", ["max", "draw", -2.0], 2.0], reference.normal()
    )
    # x + x² of one draw is a function of that draw, whatever was scaled before.
    half = law_of(lambda: (lambda x: x + (2 * x) ** 2)(torch.randn(9) * 0.5))
    assert half["tree"] == ["+", "draw", ["pow", ["+", ["*", "draw", 2.0], 0.0], 2.0]]


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.empty(20000).exponential_(2.0),
        lambda: torch.sigmoid(torch.randn(20000)),
        lambda: torch.rsqrt(torch.rand(20000) + 1),
        lambda: torch.rand(20000).square().reciprocal().clamp(max=50),
        lambda: torch.lerp(torch.randn(20000), torch.ones(20000), 0.25),
        lambda: (lambda x: x * torch.tanh(x) - x / 2)(torch.randn(20000)),
        lambda: (lambda u: (u * 0.19 + 0.81).log_().mul_(0.5).neg_().exp_().sub_(1.0).log_())(torch.rand(20000)),
    ],
)
def test_the_moments_of_an_expression_are_those_of_a_real_build(make: Callable[[], Any]) -> None:
    def build() -> Any:
        return nn.ParameterList([nn.Parameter(make())])

    torch.manual_seed(11)
    assert deviations(build(), capture(build)) == []


def erfinv_truncated(tensor: Any, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> Any:
    """`trunc_normal_` as PyTorch had it before 2.13 and as timm has it still."""

    def cdf(x: float) -> float:
        return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0

    low, high = cdf((a - mean) / std), cdf((b - mean) / std)
    tensor.uniform_(2 * low - 1, 2 * high - 1).erfinv_().mul_(std * math.sqrt(2.0)).add_(mean)
    return tensor.clamp_(min=a, max=b)


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [
        (0.0, 1.0, -2.0, 2.0),
        (0.1, 0.7, -1.0, 2.0),
        (0.0, 0.02, -0.04, 0.04),
        (0.3, 0.11, 0.0, 1.0),
        (0.0, 0.02, -2.0, 2.0),
    ],
)
def test_a_truncated_normal_by_the_inverse_error_function_has_its_exact_numbers(
    mean: float, std: float, a: float, b: float
) -> None:
    expected = reference.truncated_normal(mean, std, (a - mean) / std, (b - mean) / std)
    assert law_of(lambda: erfinv_truncated(torch.empty(30), mean, std, a, b)) == expected
    # timm's `trunc_normal_tf_` scales afterwards.
    scaled = law_of(lambda: erfinv_truncated(torch.empty(30)).mul_(std).add_(mean))
    assert scaled == reference.truncated_normal(mean, std, -2.0, 2.0)


def test_the_outliers_of_the_inverse_error_function_are_said() -> None:
    def build() -> Any:
        return nn.ParameterDict(
            {
                "far": nn.Parameter(erfinv_truncated(torch.empty(30), std=0.02)),
                "near": nn.Parameter(erfinv_truncated(torch.empty(30))),
            }
        )

    (said,) = capture(build).assumptions
    assert "2^24" in said and "-2" in said and "`far`" in said and "`near`" not in said


def test_an_outlier_of_a_real_build_is_a_deviation_of_its_own() -> None:
    def build() -> Any:
        return nn.ParameterList([nn.Parameter(erfinv_truncated(torch.empty(4000), std=0.02))])

    torch.manual_seed(1)
    module, spec = build(), capture(build)
    assert deviations(module, spec) == []
    with torch.no_grad():
        module[0][17] = -2.0
    (found,) = deviations(module, spec)
    assert (found.tensor, found.what, found.found) == ("0", "outlier", -2.0)


def test_an_orthogonal_matrix_is_recognized_in_code_of_others() -> None:
    def make(rows: int, columns: int, gain: float) -> Any:
        flat = torch.randn(max(rows, columns), min(rows, columns))
        q, r = torch.linalg.qr(flat)
        q = q * torch.sign(torch.diagonal(r)).unsqueeze(0)
        return (q if rows >= columns else q.t()).mul(gain)

    assert law_of(lambda: make(6, 4, 0.5)) == {"law": "orthogonal", "gain": 0.5, "rows": 6}
    assert law_of(lambda: make(4, 6, 1.0)) == {"law": "orthogonal", "gain": 1.0, "rows": 4}
    assert law_of(lambda: make(4, 6, 1.0).view(4, 3, 2)) == {"law": "orthogonal", "gain": 1.0, "rows": 4}
    # Without the signs, Q is not uniformly distributed; with signs of the rows it is another matrix.
    assert "QR" in reason_of(lambda: torch.linalg.qr(torch.randn(6, 4))[0])

    assert "linalg_qr" in reason_of(lambda: torch.linalg.qr(torch.randn(4, 6))[0])

    def wrong() -> Any:
        q, r = torch.linalg.qr(torch.randn(4, 4))
        return q * torch.diag(r).sign().unsqueeze(1)

    assert "broadcast" in reason_of(wrong)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: torch.randn(4, 4) - torch.randn(4, 4).mean(), "mean"),
        (lambda: nn.functional.normalize(torch.randn(4, 4)), "norm"),
        (lambda: torch.randn(4) * torch.randn(4), "mul"),
        (lambda: torch.randn(4).cumsum(0), "cumsum"),
        (lambda: (torch.randn(4) > 0).float(), "gt"),
        (lambda: torch.randn(4).sort().values, "sort"),
        (lambda: torch.randn(4).to(torch.int32), "int32"),
        (lambda: torch.randint(0, 5, (4,)), "randint"),
        (lambda: torch.randperm(6), "randperm"),
        (lambda: nn.functional.dropout(torch.ones(8)), "bernoulli"),
        (lambda: torch.multinomial(torch.ones(8), 3), "multinomial"),
        (lambda: torch.randn(3, dtype=torch.complex64), "complex"),
        (lambda: torch.randn(6)[torch.tensor([0, 0, 1])], "repeats draws"),
        (lambda: torch.randn(1, 4).expand(3, 4).clone(), "repeats draws"),
        (lambda: torch.matrix_exp(torch.randn(3, 3)), "matrix_exp"),
        (lambda: torch.randn(4).div_(3, rounding_mode="floor"), "rounded"),
        (lambda: torch.randn(4).to(torch.float8_e4m3fn), "float8"),
        (lambda: torch.randn(4).to(torch.float16) * 1e5, "float16"),
        (lambda: torch.randn(4) * 1e39, "finite"),
    ],
)
def test_an_operation_without_a_law_is_named(make: Callable[[], Any], words: str) -> None:
    assert words in reason_of(make)


def test_numbers_are_computed_as_pytorch_computes_them() -> None:
    def build() -> Any:
        module = nn.Module()
        frequencies = 1.0 / (10000.0 ** (torch.arange(0, 64, 2, dtype=torch.int64).float() / 64))
        module.register_buffer("inv_freq", frequencies, persistent=False)
        module.register_buffer("mask", torch.tril(torch.ones(32, 32, dtype=torch.bool)).view(1, 1, 32, 32))
        module.register_buffer("rotation", torch.polar(torch.ones(5), torch.arange(5.0)))
        table = torch.zeros(20, 8)
        position = torch.arange(20).unsqueeze(1) * torch.exp(torch.arange(0, 8, 2) * (-math.log(1e4) / 8))
        table[:, 0::2], table[:, 1::2] = torch.sin(position), torch.cos(position)
        module.table = nn.Parameter(table, requires_grad=False)
        module.given = nn.Parameter(torch.from_numpy(np.linspace(0, 1, 7)).to(torch.float16))
        return module

    spec = capture(build)
    module = build()
    for tensor in spec.tensors:
        real = module.get_parameter(tensor.name) if not tensor.buffer else module.get_buffer(tensor.name)
        assert tensor.law == {"law": "literal"}
        assert tensor.literals[0].read(0, tensor.literals[0].byte_count) == real.detach().numpy().tobytes()
    assert [(t.name, t.persistent) for t in spec.tensors if t.buffer] == [
        ("inv_freq", False),
        ("mask", True),
        ("rotation", True),
    ]


def test_numbers_that_no_constant_gives_exactly_stay_literals() -> None:
    numbers = (
        torch.full((3,), 0.1, dtype=torch.float64),
        torch.full((3,), -0.0),
        torch.tensor([0.0, -0.0] * 20),
        torch.full((2,), math.inf),
        torch.full((2,), 2**60),
    )
    for number in numbers:
        spec = capture(partial(parameter, number.tolist(), number.dtype))
        assert spec.tensors[0].law == {"law": "literal"}
        assert spec.tensors[0].literals[0].read(0, 1 << 20) == number.numpy().tobytes()
    assert law_of(lambda: torch.full((3,), 0.5, dtype=torch.float64)) == reference.constant(0.5)


def test_a_draw_in_a_narrower_dtype_is_said() -> None:
    spec = capture(lambda: nn.Linear(4, 3, dtype=torch.bfloat16).float())
    assert "narrower dtype" in spec.assumptions[0] and "`weight`" in spec.assumptions[0]
    assert not capture(lambda: nn.Linear(4, 3).to(torch.bfloat16)).assumptions
    assert capture(lambda: nn.Linear(4, 3).to(torch.bfloat16)).tensors[0].dtype == "bfloat16"


def test_draws_of_other_generators_are_said() -> None:
    def with_numpy() -> Any:
        return nn.ParameterList([nn.Parameter(torch.from_numpy(np.random.randn(30)))])

    said = " ".join(capture(with_numpy).assumptions)
    assert "NumPy's random generator" in said and "`0`" in said


def test_draws_that_repeat_because_the_generator_was_set_back_have_no_law_of_their_own() -> None:
    def seeded_twice() -> Any:
        layers = []
        for _ in range(2):
            torch.manual_seed(0)
            layers.append(nn.Linear(3, 2))
        return nn.ModuleList(layers)

    def forked() -> Any:
        with torch.random.fork_rng(devices=[]):
            first = nn.Linear(3, 2)
        return nn.ModuleList([first, nn.Linear(3, 2)])

    def two_generators() -> Any:
        made = [torch.randn(3, generator=torch.Generator().manual_seed(1)) for _ in range(2)]
        return nn.ParameterList([nn.Parameter(tensor) for tensor in made])

    for build, first, second in ((seeded_twice, "0.weight", "1.weight"), (forked, "0.weight", "1.weight")):
        module = build()
        assert torch.equal(module.get_parameter(first), module.get_parameter(second))
        spec = capture(build)
        assert list(spec.unresolved) == ["1.weight", "1.bias"] and "set back" in spec.unresolved["1.weight"]
    assert list(capture(two_generators).unresolved) == ["1"]


def test_one_seed_and_one_generator_for_a_build_are_no_obstacle() -> None:
    def build() -> Any:
        torch.manual_seed(5)
        generator = torch.Generator().manual_seed(6)
        drawn = [torch.randn(3, generator=generator), torch.empty(3).uniform_(0, 1, generator=generator)]
        return nn.ParameterList([*map(nn.Parameter, drawn), nn.Parameter(torch.rand(2))])

    spec = capture(build)
    assert not spec.unresolved and "sets PyTorch's seed" in spec.assumptions[0]
    assert [tensor.law["law"] for tensor in spec.tensors] == ["normal", "uniform", "uniform"]


def test_numbers_of_a_tensor_that_the_build_did_not_make_are_said() -> None:
    table = torch.arange(40.0)
    spec = capture(lambda: nn.ParameterList([nn.Parameter(torch.zeros(40) + table)]))
    assert "did not make" in spec.assumptions[0] and "`0`" in spec.assumptions[0]


def test_numpy_cannot_write_behind_the_record() -> None:
    def build() -> Any:
        module = nn.ParameterList([nn.Parameter(torch.zeros(3))])
        module[0].detach().numpy()[1] = 5.0
        return module

    with pytest.raises(ValueError, match="read-only"):
        capture(build)


def test_statistics_of_a_forward_pass_are_not_those_of_the_start() -> None:
    def build() -> Any:
        norm = nn.BatchNorm1d(4)
        norm(torch.randn(8, 4))
        return norm

    spec = capture(build)
    assert {"running_mean", "running_var"} <= set(spec.unresolved)
    assert {tensor.name: tensor.law for tensor in spec.tensors}["num_batches_tracked"]["value"] == 1
