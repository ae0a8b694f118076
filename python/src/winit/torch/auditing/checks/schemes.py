"""Tensors whose mean, standard deviation or range is not that of their law."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ....errors import BadInput
from ....quoting import quoted
from ....recipes import Literal
from .. import elements
from ..expectations import Expectation
from ..findings import AuditFinding, NotChecked
from ..moments import SAMPLE, Moments, moments, sample_moments
from ..observations import Observation, Observed
from ..promises import promised
from ..records import Draw
from ..regions import coordinates

FEWEST = 16
"""How many elements a draw must have: the standard deviation of fewer says too little."""

SIGMAS = 6
"""How many standard errors a moment may be off: chance exceeds them once in 10^8 tensors."""

TOLERANCE = 0.02
"""What else a moment may be off, relative to the standard deviation: draws in dtypes of 16 bits are coarse."""


def off_scheme(
    observed: Observed, scheme: Sequence[Expectation], explained: set[str]
) -> Iterator[AuditFinding | NotChecked]:
    """Compares the elements with the scheme that the user gives, with what a library promises, and with the last draw.

    Args:
        observed: What a build shows.
        scheme: What the user says the tensors should be.
        explained: The names of tensors with elements that were never written; they are left out.

    Raises:
        BadInput: If a pattern of the scheme matches no tensor.
    """
    promises = list(promised(observed.module))
    used = set[str]()
    for entry in observed.observations:
        given = _match(entry, scheme)
        expected = given or _promise(entry, promises)
        if given is not None:
            used.update(rule.pattern for rule in scheme if _fits(entry, rule))
        if entry.name in explained or entry.tensor.device.type == "meta" or not entry.tensor.numel():
            continue
        if expected is not None:
            yield from _against(entry, expected)
        elif entry.record is not None and entry.record.draw is not None:
            yield from _against_draw(entry, entry.record.draw)
    unused = [rule.pattern for rule in scheme if rule.pattern not in used]
    if unused:
        raise BadInput(f"scheme: {quoted(unused[0])} matches no tensor of the module, as named_parameters() names them")


def _promise(entry: Observation, promises: Sequence[Expectation]) -> Expectation | None:
    """Returns what a library promises of a tensor that its own code drew."""
    draw = entry.record.draw if entry.record is not None else None
    found = _match(entry, promises) if draw is not None else None
    return found if found is not None and draw is not None and draw.library == found.library else None


def _match(entry: Observation, rules: Sequence[Expectation]) -> Expectation | None:
    return next((rule for rule in rules if _fits(entry, rule)), None)


def _fits(entry: Observation, rule: Expectation) -> bool:
    return any(rule.fits(name) for name in (entry.name, *entry.aliases))


def _against(entry: Observation, expected: Expectation) -> Iterator[AuditFinding | NotChecked]:
    if expected.literal is not None:
        yield from _against_literal(entry, expected, expected.literal)
        return
    if expected.moments is None:
        if expected.tied_to is None:
            yield NotChecked(entry.name, f"its moments: those of the law {expected.law} are not known")
        return
    found = sample_moments(entry.tensor)
    if found is None:
        yield NotChecked(entry.name, "its moments: only floating-point tensors of 2, 4 and 8 bytes have them")
        return
    if expected.moments.std and entry.tensor.numel() < FEWEST:
        yield NotChecked(entry.name, f"its moments: {FEWEST} elements are needed to tell")
        return
    difference = _difference(entry, found, expected.moments)
    if difference:
        said = f" as {expected.source} says" if not expected.library else f". {expected.source}"
        yield _finding(entry, difference + said)


def _against_literal(
    entry: Observation, expected: Expectation, literal: Literal
) -> Iterator[AuditFinding | NotChecked]:
    data = np.ascontiguousarray(elements.bits(entry.tensor))
    if literal.byte_count != data.nbytes:
        yield NotChecked(entry.name, f"its elements: the literal of {expected.source} has {literal.byte_count:,} bytes")
        return
    size = entry.tensor.element_size()
    given = np.frombuffer(literal.read(0, literal.byte_count), np.uint8).reshape(-1, size)
    mask = (data.view(np.uint8).reshape(-1, size) != given).any(axis=-1).reshape(tuple(entry.tensor.shape))
    if mask.any():
        count = int(np.count_nonzero(mask))
        message = f"{entry.name}: {count:,} of {mask.size:,} elements are not those of {expected.source}"
        yield AuditFinding("off_scheme", entry.name, message, count, coordinates(mask), (), entry.allocated)


def _against_draw(entry: Observation, draw: Draw) -> Iterator[AuditFinding]:
    if entry.tensor.numel() < FEWEST:
        return
    if draw.name == "normal_":
        expected: Moments | None = Moments(draw.first, draw.second)
    else:
        expected = moments({"law": "uniform", "low": draw.first, "high": draw.second})
    found = sample_moments(entry.tensor)
    if found is None or expected is None or not expected.std:
        return
    difference = _difference(entry, found, expected)
    if difference:
        yield _finding(entry, f"{difference}, although {draw.name}({draw.first:g}, {draw.second:g}) wrote it last")


def _difference(entry: Observation, found: Moments, expected: Moments) -> str:
    """Says how moments differ by more than chance; "" if they do not."""
    if not expected.std:
        same = found.low == found.high and math.isclose(found.low, expected.mean, rel_tol=_epsilon(entry))
        return "" if same else f"its elements are {found.low:.4g} to {found.high:.4g}, not {expected.mean:.4g}"
    count = min(entry.tensor.numel(), SAMPLE)
    if abs(found.std / expected.std - 1) > max(SIGMAS / math.sqrt(2 * count), TOLERANCE):
        return f"its standard deviation is {found.std:.4g}, not {expected.std:.4g}"
    if abs(found.mean - expected.mean) > expected.std * max(SIGMAS / math.sqrt(count), TOLERANCE):
        return f"its mean is {found.mean:.4g}, not {expected.mean:.4g}"
    slack = _epsilon(entry) * max(abs(expected.low), abs(expected.high)) if math.isfinite(expected.low) else 0.0
    if found.low < expected.low - slack or found.high > expected.high + slack:
        low, high = f"{expected.low:.4g}", f"{expected.high:.4g}"
        return f"its elements are {found.low:.4g} to {found.high:.4g}, not within {low} to {high}"
    return ""


def _epsilon(entry: Observation) -> float:
    """Returns how much rounding to the dtype may change a number, relatively."""
    return {2: 2.0**-7, 4: 2.0**-22}.get(entry.tensor.element_size(), 2.0**-50)


def _finding(entry: Observation, text: str) -> AuditFinding:
    nothing: Any = np.zeros((0, entry.tensor.ndim), np.int64)
    return AuditFinding(
        "off_scheme", entry.name, f"{entry.name}: {text}", entry.tensor.numel(), nothing, (), entry.allocated
    )
