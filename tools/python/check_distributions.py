"""Holds what every random scheme draws to its published distribution.

    check_distributions.py spec FILE       writes a spec with a tensor for each scheme
    check_distributions.py check FILE      checks the .safetensors file made from it

Each tensor has 2^20 elements or more. Its distribution function must lie within Kolmogorov and Smirnov's bound of the
exact one (1.95/√n, exceeded once in a thousand), its mean and standard deviation within 4 standard errors (0.3% of the
latter), and all elements within the bounds. The formulas are the papers' and the libraries', written here a second time.
"""

import math
import sys

import numpy as np
from safetensors import safe_open

OUT, IN = 1024, 1536  # of a weight in torch's layout
CUT = 0.87962566103423978  # standard deviation of a standard normal cut at ±2
SHAPES = {"torch": (OUT, IN), "keras": (IN, OUT)}


def normal(mean, std):
    return "normal", mean, std, -math.inf, math.inf


def uniform(low, high):
    return "uniform", (low + high) / 2, (high - low) / math.sqrt(12), low, high


def cut(mean, std, low=-2.0, high=2.0):
    """Normal before the cut; the cuts in standard deviations."""
    return "cut", mean, std, mean + low * std, mean + high * std


def symmetric(bound):
    return uniform(-bound, bound)


FAN_AVG = (IN + OUT) / 2
# scheme as a spec writes it → its distribution; fan_in is IN, fan_out is OUT
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
    "{scheme: jax.variance_scaling, scale: 1, mode: fan_geo_avg, distribution: normal}":
        normal(0, math.sqrt(1 / math.sqrt(IN * OUT))),
    "keras.random_normal": normal(0, 0.05),
    "keras.random_uniform": symmetric(0.05),
    "keras.truncated_normal": cut(0, 0.05),
    "keras.glorot_uniform": symmetric(math.sqrt(3 / FAN_AVG)),
    "keras.he_normal": cut(0, math.sqrt(2 / IN) / CUT),
    # Elements of a large orthogonal matrix with OUT rows of length IN are nearly N(0, gain²/IN).
    "{scheme: orthogonal, gain: 2}": normal(0, 2 / math.sqrt(IN)),
}


def phi(x):
    return 0.5 * np.vectorize(math.erfc)(-x / math.sqrt(2))


def distribution(case, x):
    kind, mean, std, low, high = case
    if kind == "uniform":
        return (x - low) / (high - low)
    z = phi((x - mean) / std)
    if kind == "normal":
        return z
    ends = phi(np.array([(low - mean) / std, (high - mean) / std]))
    return (z - ends[0]) / (ends[1] - ends[0])


def moments(case):
    """The mean, and the standard deviation."""
    kind, mean, std, low, high = case
    if kind != "cut":
        return mean, std
    a, b = (low - mean) / std, (high - mean) / std
    density = lambda t: math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    mass = 0.5 * (math.erfc(-b / math.sqrt(2)) - math.erfc(-a / math.sqrt(2)))
    shift = (density(a) - density(b)) / mass
    return mean + std * shift, std * math.sqrt(1 + (a * density(a) - b * density(b)) / mass - shift * shift)


def write_spec(path):
    lines = ["tensors:"]
    for index, scheme in enumerate(CASES):
        lines.append(f"  case.{index}: {{shape: [{OUT}, {IN}], init: {scheme}}}")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def check(path):
    with safe_open(path, framework="np") as file:
        for index, (scheme, case) in enumerate(CASES.items()):
            values = np.sort(file.get_tensor(f"case.{index}").astype(np.float64).reshape(-1))
            n = values.size
            places = np.linspace(0, n - 1, 20000).astype(int)  # enough of them: the function is monotone
            exact = distribution(case, values[places])
            distance = max(np.abs(exact - places / n).max(), np.abs(exact - (places + 1) / n).max())
            if distance > 1.95 / math.sqrt(n):
                sys.exit(f"DIFFERS: {scheme}: Kolmogorov-Smirnov distance {distance:.5f}")
            mean, std = moments(case)
            if abs(values.mean() - mean) > 4 * std / math.sqrt(n):
                sys.exit(f"DIFFERS: {scheme}: mean {values.mean()}, not {mean}")
            if abs(values.std() / std - 1) > 0.003:
                sys.exit(f"DIFFERS: {scheme}: standard deviation {values.std()}, not {std}")
            low, high = case[3:]
            slack = 1e-6 * max(1, *(abs(x) for x in (low, high) if math.isfinite(x)), 1)
            if values[0] < low - slack * std or values[-1] > high + slack * std:
                sys.exit(f"DIFFERS: {scheme}: values from {values[0]} to {values[-1]}")
    print(f"{len(CASES)} distributions as published")


if __name__ == "__main__":
    {"spec": write_spec, "check": check}[sys.argv[1]](sys.argv[2])
