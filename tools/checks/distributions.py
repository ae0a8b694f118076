"""Checks what every random scheme draws against its published distribution.

    python -m checks.distributions spec FILE     writes a spec with a tensor for each scheme
    python -m checks.distributions check FILE    checks the .safetensors file made from it

Each tensor has 2^20 elements or more. Its distribution function must be within the Kolmogorov-Smirnov bound of the
exact one (1.95/√n, exceeded once in a thousand). Its mean must be within 4 standard errors, its standard deviation
within 0.3%, and all its elements within the bounds. The formulas are those of the papers and the libraries, written
here independently of the Swift sources.
"""

from __future__ import annotations

import argparse
import math
import sys
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

OUT, IN = 1024, 1536  # the axes of a weight in PyTorch's layout
CUT = 0.87962566103423978  # standard deviation of a standard normal cut at ±2

Doubles = NDArray[np.float64]


class Distribution(NamedTuple):
    """A distribution. Mean and standard deviation of a cut one are those before the cut."""

    kind: Literal["normal", "uniform", "cut"]
    mean: float
    std: float
    low: float = -math.inf
    high: float = math.inf


def normal(mean: float, std: float) -> Distribution:
    return Distribution("normal", mean, std)


def uniform(low: float, high: float) -> Distribution:
    return Distribution("uniform", (low + high) / 2, (high - low) / math.sqrt(12), low, high)


def cut(mean: float, std: float, low: float = -2.0, high: float = 2.0) -> Distribution:
    """A normal distribution cut at `low` and `high`, which count standard deviations."""
    return Distribution("cut", mean, std, mean + low * std, mean + high * std)


def symmetric(bound: float) -> Distribution:
    return uniform(-bound, bound)


FAN_AVG = (IN + OUT) / 2
# The scheme as a spec writes it, and its distribution; fan_in is IN, fan_out is OUT.
CASES = {
    "{scheme: normal, mean: 0.5, std: 2}": normal(0.5, 2),
    "normal": normal(0, 0.01),
    "uniform": symmetric(1 / math.sqrt(IN)),
    "{scheme: uniform, low: -1, high: 3}": uniform(-1, 3),
    "{scheme: truncated_normal, std: 0.02}": cut(0, 0.02),
    "{scheme: truncated_normal, mean: 1, std: 0.5, low: -1, high: 3}": cut(1, 0.5, -1, 3),
    "xavier_uniform": symmetric(math.sqrt(6 / (IN + OUT))),
    "{scheme: xavier_normal, activation: tanh}": normal(0, 5 / 3 * math.sqrt(2 / (IN + OUT))),
    "he_uniform": symmetric(math.sqrt(6 / IN)),
    "{scheme: he_normal, mode: fan_out}": normal(0, math.sqrt(2 / OUT)),
    "{scheme: he_normal, activation: leaky_relu(0.2)}": normal(0, math.sqrt(2 / (1 + 0.04) / IN)),
    "{scheme: he_normal, distribution: truncated_normal}": cut(0, math.sqrt(2 / IN) / CUT),
    "lecun_uniform": symmetric(math.sqrt(3 / IN)),
    "lecun_normal": cut(0, math.sqrt(1 / IN) / CUT),
    "{scheme: variance_scaling, scale: 2, mode: fan_avg}": cut(0, math.sqrt(2 / FAN_AVG) / CUT),
    "{scheme: auto, activation: relu}": normal(0, math.sqrt(2 / IN)),
    "torch.uniform": uniform(0, 1),
    "torch.normal": normal(0, 1),
    "torch.trunc_normal": cut(0, 1),
    "{scheme: torch.trunc_normal, std: 0.02}": normal(0, 0.02),
    "{scheme: torch.trunc_normal, mean: 0.1, std: 0.5, a: -0.4, b: 1.1}": cut(0.1, 0.5, -1, 2),
    "{scheme: torch.kaiming_uniform, a: sqrt(5)}": symmetric(1 / math.sqrt(IN)),
    "torch.kaiming_normal": normal(0, math.sqrt(2 / IN)),
    "{scheme: torch.xavier_normal, gain: 3}": normal(0, 3 * math.sqrt(2 / (IN + OUT))),
    "jax.uniform": uniform(0, 0.01),
    "jax.normal": normal(0, 0.01),
    "jax.truncated_normal": cut(0, 0.01),
    "jax.glorot_normal": cut(0, math.sqrt(1 / FAN_AVG) / CUT),
    "jax.he_uniform": symmetric(math.sqrt(3 * 2 / IN)),
    "jax.lecun_normal": cut(0, math.sqrt(1 / IN) / CUT),
    "{scheme: jax.variance_scaling, scale: 1, mode: fan_geo_avg, distribution: normal}": normal(
        0, math.sqrt(1 / math.sqrt(IN * OUT))
    ),
    "keras.random_normal": normal(0, 0.05),
    "keras.random_uniform": symmetric(0.05),
    "keras.truncated_normal": cut(0, 0.05),
    "keras.glorot_uniform": symmetric(math.sqrt(3 / FAN_AVG)),
    "keras.he_normal": cut(0, math.sqrt(2 / IN) / CUT),
    # Elements of a large orthogonal matrix with OUT rows of length IN are nearly N(0, gain²/IN).
    "{scheme: orthogonal, gain: 2}": normal(0, 2 / math.sqrt(IN)),
}


def phi(x: Doubles) -> Doubles:
    """The normal distribution function."""
    return np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x.tolist()])


def distribution_function(case: Distribution, x: Doubles) -> Doubles:
    """The probability of a value below each of `x`."""
    if case.kind == "uniform":
        return np.asarray((x - case.low) / (case.high - case.low))
    z = phi((x - case.mean) / case.std)
    if case.kind == "normal":
        return z
    below, above = phi(np.array([(case.low - case.mean) / case.std, (case.high - case.mean) / case.std]))
    return np.asarray((z - below) / (above - below))


def density(t: float) -> float:
    """The standard normal density."""
    return math.exp(-t * t / 2) / math.sqrt(2 * math.pi)


def moments(case: Distribution) -> tuple[float, float]:
    """The mean and the standard deviation after any cut."""
    if case.kind != "cut":
        return case.mean, case.std
    a, b = (case.low - case.mean) / case.std, (case.high - case.mean) / case.std
    mass = 0.5 * (math.erfc(-b / math.sqrt(2)) - math.erfc(-a / math.sqrt(2)))
    shift = (density(a) - density(b)) / mass
    variance = 1 + (a * density(a) - b * density(b)) / mass - shift * shift
    return case.mean + case.std * shift, case.std * math.sqrt(variance)


def write_spec(path: str) -> None:
    lines = ["tensors:"]
    for index, scheme in enumerate(CASES):
        lines.append(f"  case.{index}: {{shape: [{OUT}, {IN}], init: {scheme}}}")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def difference(case: Distribution, values: Doubles) -> str | None:
    """How sorted values differ from a distribution, or None."""
    n = values.size
    places = np.linspace(0, n - 1, 20000).astype(int)  # a sample is enough: the function is monotone
    exact = distribution_function(case, values[places])
    distance = max(np.abs(exact - places / n).max(), np.abs(exact - (places + 1) / n).max())
    if distance > 1.95 / math.sqrt(n):
        return f"Kolmogorov-Smirnov distance {distance:.5f}"
    mean, std = moments(case)
    if abs(values.mean() - mean) > 4 * std / math.sqrt(n):
        return f"mean {values.mean()}, not {mean}"
    if abs(values.std() / std - 1) > 0.003:
        return f"standard deviation {values.std()}, not {std}"
    slack = 1e-6 * max(1, *(abs(x) for x in (case.low, case.high) if math.isfinite(x)), 1)
    if values[0] < case.low - slack * std or values[-1] > case.high + slack * std:
        return f"values from {values[0]} to {values[-1]}"
    return None


def check(path: str) -> None:
    with safe_open(path, framework="np") as file:
        for index, (scheme, case) in enumerate(CASES.items()):
            values = np.sort(file.get_tensor(f"case.{index}").astype(np.float64).reshape(-1))
            found = difference(case, values)
            if found:
                sys.exit(f"DIFFERS: {scheme}: {found}")
    print(f"{len(CASES)} distributions as published")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m checks.distributions", description="Check the distribution of every random scheme."
    )
    parser.add_argument("command", choices=["spec", "check"], help="write the spec, or check the file made from it")
    parser.add_argument("file")
    arguments = parser.parse_args()
    if arguments.command == "spec":
        write_spec(arguments.file)
    else:
        check(arguments.file)


if __name__ == "__main__":
    main()
