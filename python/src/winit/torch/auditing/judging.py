"""From what builds show to an audit: runs every check, and sorts findings and accepted findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import torch

from ...errors import BadInput
from ...globs import matches
from ...quoting import quoted
from .checks.equal import equal_tensors
from .checks.finite import not_finite
from .checks.loaded import loaded_overwritten
from .checks.padding import padding_rows
from .checks.schemes import off_scheme
from .checks.ties import broken_ties
from .checks.written import after_one_build, after_two_builds
from .expectations import Expectation, expectations
from .findings import Audit, AuditFinding, Kind, NotChecked
from .memory import plain_torch
from .observations import Observed
from .software import software


@dataclass(frozen=True)
class Options:
    """The options of an audit, checked.

    Attributes:
        scheme: What the tensors should be.
        accept: Patterns of tensor names, for each kind of findings that are accepted.
        scheme_checks: Whether moments are compared.
    """

    scheme: Sequence[Expectation]
    accept: Mapping[str, Sequence[str]]
    scheme_checks: bool

    @classmethod
    def checked(cls, *, scheme: Any, accept: Mapping[str, str | Sequence[str]] | None, scheme_checks: bool) -> Options:
        """Checks options before anything is built; raises `BadInput`."""
        patterns = dict[str, Sequence[str]]()
        for kind, names in (accept or {}).items():
            if kind not in get_args(Kind):
                raise BadInput(
                    f"accept: there is no kind of finding {quoted(kind)}; the kinds are {', '.join(get_args(Kind))}"
                )
            patterns[kind] = [names] if isinstance(names, str) else list(names)
        if scheme is not None and not scheme_checks:
            raise BadInput("a scheme is given, and scheme_checks is False; leave out one of them")
        return cls(expectations(scheme), patterns, scheme_checks)

    def accepts(self, finding: AuditFinding) -> bool:
        """Tells whether a finding is meant."""
        return any(matches(pattern, finding.tensor) for pattern in self.accept.get(finding.kind, ()))


def judged(builds: Sequence[Observed], options: Options, *, compare: bool = False) -> Audit:
    """Makes the audit of one build or of two.

    Args:
        builds: What one or two builds show; they started from the same random state.
        options: The options.
        compare: Whether all elements of two builds are compared.

    Raises:
        BadInput: If all tensors are on the meta device, or a pattern of the scheme matches no tensor.
    """
    first = builds[0]
    sized = [entry for entry in first.observations if entry.tensor.numel()]
    if sized and all(entry.tensor.device.type == "meta" for entry in sized):
        raise BadInput(
            "every tensor of the module is on the meta device, so there is nothing to audit. "
            "Materialize and initialize it in the build, as the training does: module.to_empty(device=…), then the init"
        )
    with plain_torch():
        results = list(_results(builds, options, compare))
    order = {entry.name: position for position, entry in enumerate(first.tensors)}
    found = [entry for entry in results if isinstance(entry, AuditFinding)]
    found.sort(key=lambda finding: order.get(finding.tensor, len(order)))
    left = [*first.not_checked, *(entry for entry in results if isinstance(entry, NotChecked))]
    kind = type(first.module)
    buffers = [entry for entry in first.observations if entry.subject.role != "parameter"]
    return Audit(
        findings=tuple(finding for finding in found if not options.accepts(finding)),
        accepted=tuple(finding for finding in found if options.accepts(finding)),
        not_checked=tuple(dict.fromkeys(left)),
        model=f"{kind.__module__}.{kind.__qualname__}",
        parameter_count=len(first.observations) - len(buffers),
        buffer_count=len(buffers),
        element_count=sum(entry.tensor.numel() for entry in first.observations),
        watched_count=sum(entry.watched_count for entry in first.observations),
        builds=len(builds),
        software=software(torch),
    )


def _results(builds: Sequence[Observed], options: Options, compare: bool) -> Iterator[AuditFinding | NotChecked]:
    first = builds[0]
    if len(builds) == 1:
        written = list(after_one_build(first))
    else:
        written = list(after_two_builds(first, builds[1], compare=compare))
    yield from written
    explained = {entry.tensor for entry in written if isinstance(entry, AuditFinding)}
    yield from loaded_overwritten(first)
    yield from not_finite(first, explained)
    ties = list(broken_ties(first, options.scheme))
    yield from ties
    yield from equal_tensors(first, {frozenset((tie.tensor, *tie.others)) for tie in ties})
    yield from padding_rows(first)
    if options.scheme_checks:
        yield from off_scheme(first, options.scheme, explained)
