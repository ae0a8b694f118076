"""Standard deviations that follow the fans of a shard, and not those of the whole tensor.

Where a rank calls `torch.nn.init.xavier_normal_` or the like with the part that it holds, the fans are those of the
part. The standard deviation of a LoRA matrix that 4 ranks split is then twice as large as on one rank
(NVIDIA-NeMo/Megatron-Bridge#5840), and the loss depends on the number of ranks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..found import ShardFinding
from ..records import PARAMETER, SHARDED, Records

Std = Callable[[float, float], float]

UNIFORM = "kaiming_uniform_(a=√5)"
"""The default of `torch.nn.Linear`, and uniform wherever it is used."""

LAWS: dict[str, Std] = {
    "xavier": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),
    "kaiming (fan_in)": lambda fan_in, _: math.sqrt(2 / fan_in),
    "kaiming (fan_out)": lambda _, fan_out: math.sqrt(2 / fan_out),
    "LeCun": lambda fan_in, _: math.sqrt(1 / fan_in),
    UNIFORM: lambda fan_in, _: math.sqrt(1 / (3 * fan_in)),
}
"""Standard deviations as functions of fan-in and fan-out."""

_MORE: tuple[Std, ...] = (
    *LAWS.values(),
    lambda _, fan_out: math.sqrt(1 / fan_out),
    lambda _, fan_out: math.sqrt(1 / (3 * fan_out)),
    lambda fan_in, _: 5 / 3 * math.sqrt(1 / fan_in),
    lambda fan_in, _: math.sqrt(2 / (5 * fan_in)),
)
"""Laws of the whole tensor that explain a standard deviation: those above, for transposed weights, tanh, and small."""

PRECISION = 0.01
"""How precisely a standard deviation must be known, relatively, to belong to a law. 80,000 elements are enough."""

SIGMAS = 4
"""How many standard errors a standard deviation of a law may be off."""

EXPLAINED = 0.03
"""How far from the standard deviation of a law of the whole tensor a tensor is still explained by it, relatively."""

APART = 0.05
"""How far apart two standard deviations are different ones, relatively."""

BOUND = 1e-3
"""How precisely the bound of a uniform law must be known, relatively, so that one tensor is enough."""


@dataclass(frozen=True)
class _Fit:
    """A tensor whose standard deviation is that of a law with the fans of a shard."""

    name: int
    law: str
    std: float
    of_shard: float
    of_whole: float
    rows: Records
    whole: tuple[float, float]
    is_certain: bool


def shard_fans(named: dict[int, Records]) -> Iterator[ShardFinding]:
    """Finds parameters whose standard deviation follows the fans of a shard.

    One standard deviation can equal that of a law by chance, or because a person chose it. So the law must fit two
    sharded tensors with different standard deviations, or be uniform with the very bound of the law, or a draw that was
    watched must have its standard deviation to 5 digits, and no round one.
    """
    fits = [fit for name, rows in named.items() for fit in _fits(name, rows)]
    reported = set[int]()
    for fit in fits:
        of_law = [other.of_shard for other in fits if other.law == fit.law]
        follows = max(of_law) > min(of_law) * (1 + APART)
        if fit.name in reported or not (follows or fit.is_certain):
            continue
        reported.add(fit.name)
        local = fit.rows["local"][0]
        message = (
            f"{{tensor}}: its standard deviation is {fit.std:.4g}, that of {fit.law} for a shard (fan-in "
            f"{local[0]:.0f}, fan-out {local[1]:.0f}). For the whole tensor (fan-in {fit.whole[0]:.0f}, fan-out "
            f"{fit.whole[1]:.0f}) it is {fit.of_whole:.4g}: each rank initialized its part as if it were all"
        )
        count = int(fit.rows["count"].sum())
        yield ShardFinding("shard_fan", fit.name, message, count, int(fit.rows["order"].min()))


def _fits(name: int, rows: Records) -> Iterator[_Fit]:
    rows = rows[(rows["flags"] & (SHARDED | PARAMETER) == SHARDED | PARAMETER) & (rows["sample"] > 0)]
    rows = rows[np.unique(rows["part"], return_index=True)[1]]
    whole = _whole_fans(rows)
    if whole is None:
        return
    rows = rows[rows["shape"] == rows["shape"][0]]
    count, std, largest = _moments(rows)
    if not count or not std:
        return
    if any(abs(std / law(*whole) - 1) < EXPLAINED for law in _MORE):
        return
    local = float(rows["local"][0][0]), float(rows["local"][0][1])
    drawn = float(rows["drawn"].max()) if rows["drawn"].min() == rows["drawn"].max() else 0.0
    if drawn and _is_round(drawn):
        return
    rounding = float(rows["rounding"][0])
    window = 30 / count + rounding
    tolerance = SIGMAS / math.sqrt(2 * count)
    is_uniform = abs(largest / std / math.sqrt(3) - 1) < 0.02
    for law, function in LAWS.items():
        of_shard, of_whole = function(*local), function(*whole)
        if abs(of_shard / of_whole - 1) < APART:
            continue
        if drawn:
            if abs(drawn / of_shard - 1) < 1e-5:
                yield _Fit(name, law, drawn, of_shard, of_whole, rows, whole, True)
            continue
        bound = math.sqrt(3) * of_shard
        is_bound = is_uniform and bound * (1 - window) <= largest <= bound * (1 + rounding)
        if law == UNIFORM and not is_bound:
            continue
        is_certain = is_bound and window <= BOUND
        if is_certain or (tolerance <= PRECISION and abs(std / of_shard - 1) < tolerance):
            yield _Fit(name, law, std, of_shard, of_whole, rows, whole, is_certain)


def _is_round(std: float) -> bool:
    """Tells whether a number has at most three significant digits, as one that a person chose: 0.02 is √(1 / 2500)."""
    return abs(float(f"{std:.3g}") / std - 1) < 1e-9


def _whole_fans(rows: Records) -> tuple[float, float] | None:
    """Returns the fans of a whole tensor: as a DTensor says, or with the lengths of all parts of the axis added up."""
    if not len(rows) or not rows["local"][0].all():
        return None
    if rows["whole"][0].all():
        return float(rows["whole"][0][0]), float(rows["whole"][0][1])
    axis = int(rows["axis"][0])
    if axis < 0:
        return None
    share = float(rows["length"].sum()) / float(rows["length"][0])
    fan_in, fan_out = float(rows["local"][0][0]), float(rows["local"][0][1])
    return fan_in * (share if axis != 0 else 1), fan_out * (share if axis != 1 else 1)


def _moments(rows: Records) -> tuple[int, float, float]:
    """Returns how many elements of all parts were looked at, their standard deviation and largest absolute value."""
    weights = rows["sample"] / rows["sample"].sum()
    mean = float((weights * rows["mean"]).sum())
    variance = float((weights * (rows["std"] ** 2 + (rows["mean"] - mean) ** 2)).sum())
    return int(rows["sample"].sum()), math.sqrt(max(variance, 0.0)), float(rows["largest"].max())
