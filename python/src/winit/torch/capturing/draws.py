"""Draws of a random operation: where they come from, and the law that they have, before any rounding."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

from ... import reference

_FAR = 1000.0
"""The cut of a truncated normal law that has none, in standard deviations."""

_numbers = itertools.count()


@dataclass(frozen=True, eq=False)
class Source:
    """One random operation: as many independent draws as its result has elements.

    Attributes:
        shape: The shape of the result; the draws are numbered in row-major order.
        origin: What drew them, for people.
        place: The line of the user's code.
        dtype: The dtype in which PyTorch draws them.
    """

    shape: tuple[int, ...]
    origin: str
    place: str
    dtype: str
    number: int = field(default_factory=lambda: next(_numbers))


@dataclass(frozen=True)
class DrawLaw:
    """The law of a draw in binary64, rounded only when it becomes a law of a manifest.

    A value is `shift + scale × unit`, where the unit draw is uniform on [a, b], standard normal, standard normal cut to
    [a, b], or the inverse error function of a draw that is uniform on [a, b].

    Attributes:
        kind: "uniform", "normal", "truncated_normal" or "erfinv".
        scale: The factor. Below 0 it mirrors the draw.
        shift: The summand.
        a: The lower bound of the unit draw; not used by "normal".
        b: Its upper bound.
        outlier: A value that PyTorch's code gives in one of 2^24 draws, in place of −∞; None if there is none.
    """

    kind: str
    scale: float = 1.0
    shift: float = 0.0
    a: float = 0.0
    b: float = 0.0
    outlier: float | None = field(default=None, compare=False)

    def affine(self, factor: float, summand: float) -> DrawLaw:
        """Returns the law of factor × value + summand."""
        outlier = None if self.outlier is None else self.outlier * factor + summand
        return DrawLaw(self.kind, self.scale * factor, self.shift * factor + summand, self.a, self.b, outlier)

    def relation(self, other: DrawLaw) -> tuple[float, float] | None:
        """Returns (c, d) such that this value is c × the other value + d, where both laws share their unit draw."""
        if (self.kind, self.a, self.b) != (other.kind, other.a, other.b):
            return None
        factor = self.scale / other.scale
        return factor, self.shift - factor * other.shift

    def plain(self) -> DrawLaw:
        """Returns the law without the inverse error function: erfinv(2Φ(x) − 1) = x ÷ √2."""
        if self.kind != "erfinv":
            return self
        std, cut = _over_root_two(self.scale), NormalDist().inv_cdf
        low = cut((1 + self.a) / 2) if self.a > -1 else -math.inf
        high = cut((1 + self.b) / 2) if self.b < 1 else math.inf
        if math.isinf(low) and math.isinf(high):
            return DrawLaw("normal", std, self.shift)
        return DrawLaw("truncated_normal", std, self.shift, low, high)

    def clamped(self, low: float, high: float) -> DrawLaw | None:
        """Returns the law of the values clamped to [low, high], where the clamp only rounds the ends; else None."""
        if self.scale <= 0:
            return None
        if self.kind == "erfinv":
            # Φ and its inverse lost digits of the cuts, which the clamp still has.
            law = self.plain()
            a, b = (low - law.shift) / law.scale, (high - law.shift) / law.scale
            cuts = (-math.inf, math.inf) if law.kind == "normal" else (law.a, law.b)
            if _is_cut(-a, -cuts[0]) and _is_cut(b, cuts[1]):
                # torch.uniform_ on [-1, 1) gives -1 in one of 2^24 draws, and erfinv(-1) is -inf.
                outlier = low if self.a <= -1 else None
                return DrawLaw("truncated_normal", law.scale, law.shift, a, b, outlier)
        if self.kind in ("uniform", "truncated_normal"):
            slack = 1e-7 * self.scale * (self.b - self.a)
            if low <= self.shift + self.scale * self.a + slack and high >= self.shift + self.scale * self.b - slack:
                return self
        return None

    def unsigned(self) -> DrawLaw:
        """Returns a law with a scale above 0 that has the same distribution, where there is one."""
        if self.scale >= 0 or (self.kind == "truncated_normal" and self.a != -self.b):
            return self
        if self.kind == "uniform":
            return self
        return DrawLaw(self.kind, -self.scale, self.shift, self.a, self.b, self.outlier)

    def manifest(self) -> dict[str, Any]:
        """Returns the law as docs/manifest.md has it.

        Raises:
            winit.reference.LawError: If the law has no such form, as with a bound that is not finite.
        """
        if self.kind == "erfinv":
            return self.plain().manifest()
        if self.kind == "normal":
            return dict(reference.normal(self.shift, self.scale))
        if self.kind == "truncated_normal":
            low, high = max(self.a, -_FAR), min(self.b, _FAR)
            return dict(reference.truncated_normal(self.shift, self.scale, low, high))
        ends = self.a * self.scale + self.shift, self.b * self.scale + self.shift
        return dict(reference.uniform(min(ends), max(ends)))

    @property
    def std(self) -> float:
        """The standard deviation of the values."""
        if self.kind == "erfinv":
            return self.plain().std
        if self.kind == "normal":
            return abs(self.scale)
        if self.kind == "uniform":
            return abs(self.scale) * (self.b - self.a) / math.sqrt(12)
        return abs(self.scale) * _truncated_moments(self.a, self.b)[1]

    @property
    def mean(self) -> float:
        """The mean of the values."""
        if self.kind == "erfinv":
            return self.plain().mean
        if self.kind == "normal":
            return self.shift
        middle = (self.a + self.b) / 2 if self.kind == "uniform" else _truncated_moments(self.a, self.b)[0]
        return self.shift + self.scale * middle


def normal(mean: float, std: float) -> DrawLaw:
    """Returns N(mean, std²)."""
    return DrawLaw("normal", float(std), float(mean))


def uniform(low: float, high: float) -> DrawLaw:
    """Returns the uniform law on [low, high]."""
    return DrawLaw("uniform", 1.0, 0.0, float(low), float(high))


def truncated_normal(mean: float, std: float, low: float, high: float) -> DrawLaw:
    """Returns N(mean, std²) cut to [low, high], which are values and not standard deviations."""
    return DrawLaw("truncated_normal", float(std), float(mean), (low - mean) / std, (high - mean) / std)


def _truncated_moments(a: float, b: float) -> tuple[float, float]:
    def density(x: float) -> float:
        return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)

    # Differences of erfc keep their digits in the tails.
    tail = (math.erfc(a / math.sqrt(2)) - math.erfc(b / math.sqrt(2))) / 2
    mean = (density(a) - density(b)) / tail
    edges = (a * density(a) if math.isfinite(a) else 0.0) - (b * density(b) if math.isfinite(b) else 0.0)
    return mean, math.sqrt(max(1 + edges / tail - mean * mean, 0.0))


def _is_cut(bound: float, cut: float) -> bool:
    """Tells whether a clamp at `bound` is the cut that Φ and its inverse gave as `cut`, both in standard deviations."""
    if math.isinf(cut) or cut > 7:  # Φ has rounded to 1, or has few digits left
        return math.isfinite(bound) and bound > 7
    return abs(bound - cut) < 1e-4


def _over_root_two(scale: float) -> float:
    """Returns the std for which std × √2 is `scale`, as the code that draws by the inverse error function has it."""
    near = scale / math.sqrt(2)
    around = [near, math.nextafter(near, math.inf), math.nextafter(near, -math.inf)]
    exact = [std for std in around if std * math.sqrt(2) == scale]
    return min(exact, key=lambda std: len(repr(std))) if exact else near
