"""The unit draws U, Q and T in float32 tensors (docs/law.md, "Unit draws")."""

from __future__ import annotations

from typing import TypeAlias

import torch

_Pair: TypeAlias = tuple[float, float]


def _f(text: str) -> float:
    return float.fromhex(text)  # every literal below is a binary32 number, so a float32 tensor takes it as it is


_LN2 = _f("0x1.62e430p-1")
_A7: _Pair = _f("0x1.4c3d08p-3"), _f("-0x1.9dfa6ep-4")
_A5: _Pair = _f("0x1.978e2ep-3"), _f("-0x1.614c08p-3")
_A3: _Pair = _f("0x1.5559dcp-2"), _f("-0x1.ff623cp-3")
_A1: _Pair = _f("0x1.fffffep-1"), _f("-0x1.00007ap-1")
_N6 = _f("0x1.9cd394p-23")
_N5: _Pair = _f("0x1.2a9942p-10"), _f("0x1.f2dd96p-15")
_N3: _Pair = _f("0x1.74d8a6p-4"), _f("0x1.9a906cp-7")
_N1: _Pair = _f("0x1.40d932p+0"), _f("0x1.ca3758p-2")
_D5: _Pair = _f("0x1.04eebcp-12"), _f("0x1.f7a9a8p-19")
_D3: _Pair = _f("0x1.1bfb62p-5"), _f("0x1.2f2db8p-9")
_D1: _Pair = _f("0x1p+0"), _f("0x1.86153ep-4")


def _linear(pair: _Pair, x: torch.Tensor) -> torch.Tensor:
    return (x * pair[1]).add_(pair[0])


def _core(p: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """C(p, x), the absolute value of the normal quantile."""
    v = (p * 4.0) * (1.0 - p)
    bits = v.view(torch.int32)
    e = (bits - 0x3F3504F3) >> 23
    t = (bits - (e << 23)).view(torch.float32) - 1.0
    t2 = t * t
    t4 = t2 * t2
    series = (_linear(_A7, t) * t2 + _linear(_A5, t)) * t4 + (_linear(_A3, t) * t2 + _linear(_A1, t))
    ell = -(e.to(torch.float32) * _LN2 + t * series)  # l in docs/law.md
    ell2 = ell * ell
    ell4 = ell2 * ell2
    numerator = (_linear(_N5, ell) + ell2 * _N6) * ell4 + (_linear(_N3, ell) * ell2 + _linear(_N1, ell))
    denominator = _linear(_D5, ell) * ell4 + (_linear(_D3, ell) * ell2 + _linear(_D1, ell))
    return x * (numerator / denominator)


def uniform_draw(words: torch.Tensor) -> torch.Tensor:
    """Computes U(w) for words as int32 bit patterns."""
    return (words >> 8).to(torch.float32).add_(0.5).mul_(2.0**-23)


def normal_draw(words: torch.Tensor) -> torch.Tensor:
    """Computes Q(w) for words as int32 bit patterns."""
    top = words >> 31
    m = words ^ top
    q = m ^ 0x7FFFFFFF
    p = m.to(torch.float32).add_(0.5).mul_(2.0**-32)
    x = q.to(torch.float32).add_(0.5).mul_(2.0**-31)
    magnitude = _core(p, x)
    return torch.where(top == 0, -magnitude, magnitude)


def truncated_draw(words: torch.Tensor, alpha: float, beta: float, low: float, high: float) -> torch.Tensor:
    """Computes T(w) for words as int32 bit patterns; it needs float64 on the device."""
    unit = (words.to(torch.int64) & 0xFFFFFFFF).to(torch.float64).add_(0.5).mul_(2.0**-32)
    u = unit.mul_(beta - alpha).add_(alpha)
    lower = u < 0.5
    tail = torch.where(lower, u, 1.0 - u)
    p = tail.to(torch.float32)
    x = (1.0 - tail * 2.0).to(torch.float32)
    magnitude = _core(p, x)
    return torch.where(lower, -magnitude, magnitude).clamp_(low, high)
