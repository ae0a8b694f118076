"""`audit`: runs a build and reports what its initialization left out or did wrongly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from ...errors import BadInput
from .checks.written import needs_second_build
from .findings import Audit
from .judging import Options, judged
from .random_state import RandomState
from .sentinels import Round
from .tensors import require_module
from .watch_context import watch


def audit(
    build: Callable[[], Any],
    *,
    scheme: Any = None,
    accept: Mapping[str, str | Sequence[str]] | None = None,
    scheme_checks: bool = True,
    builds: int | None = None,
) -> Audit:
    """Runs a build and reports every element that it never wrote, and what else is wrong with the initial values.

    The build runs as it is. Only memory that PyTorch allocates without a value (`torch.empty` and its kin, `to_empty`,
    `resize_`, `torch.Tensor(n)`, lazy parameters) is filled beforehand with sentinels, a function of the allocation and
    of the index. An element that holds its sentinel afterwards was never written, however plausible its value would
    have looked: one row, one bfloat16 tensor, one buffer that the state dict leaves out.

    The audit draws no random number, and sets the global random states of torch, NumPy and random back at the end to
    what they were. It writes nothing to disk, and needs no registry.

    One build leaves a question open where elements can equal a sentinel by chance (integers of 1 and 2 bytes, bool,
    float8), where they are NaN, and where they were computed from memory that nothing had written. Only then the audit
    builds a second time, from the same random state and with other sentinels, which answers it. Both models are in
    memory then.

    What it cannot see is memory that PyTorch's operations do not allocate: NumPy's, that of a file, and storages that
    are resized without an operation (`untyped_storage().resize_`). Tensors in other threads are named in `not_checked`.

    Args:
        build: A function without arguments that makes a `torch.nn.Module` and initializes it, such as
            `lambda: GPT2LMHeadModel(config)`: all that the training does before its first step.
        scheme: What tensors should be, where the model's own code is not to be trusted: a mapping from patterns of
            names (`*` stands for any text) to standard deviations or laws of docs/manifest.md, a `winit.Spec` or a
            `winit.Recipe`. What a library states of its own models is compared without it.
        accept: Findings that are meant: a mapping from kinds to patterns of tensor names, such as
            `{"equal_tensors": "decoder.class_embed.*"}`.
        scheme_checks: False leaves mean and standard deviation out.
        builds: How often to build at most. 1: what a second build would answer is in `not_checked`. 2: builds twice in
            any case, and compares every element.

    Returns:
        The audit: `findings`, `ok`, `not_checked`, `raise_for_findings()`.

    Raises:
        winit.BadInput: If `build` is a module or not callable, if it does not return a module, if everything is on the
            meta device, or if a `watch` watches this thread. An error of the build itself is passed on as it is.

    Example:
        >>> import torch, winit.torch
        >>> def build():
        ...     model = torch.nn.Embedding(100, 8)
        ...     model.scale = torch.nn.Parameter(torch.empty(8))
        ...     return model
        >>> audit = winit.torch.audit(build)
        >>> [(finding.kind, finding.tensor, finding.count) for finding in audit.findings]
        [('never_written', 'scale', 8)]
    """
    options = Options.checked(scheme=scheme, accept=accept, scheme_checks=scheme_checks)
    _require_build(build)
    if builds not in (None, 1, 2):
        raise BadInput(f"builds must be 1, 2 or None, and is {builds!r}")
    state = RandomState()
    try:
        observed = [_built(build, 0)]
        if builds == 2 or (builds is None and needs_second_build(observed[0])):
            state.restore()
            observed.append(_built(build, 1))
        return judged(observed, options, compare=builds == 2)
    finally:
        state.restore()


def _built(build: Callable[[], Any], round: Round) -> Any:
    with watch(_round=round) as watching:
        module = build()
    require_module(module, "audit needs a build that returns its model: it")
    return watching._observe(module)


def _require_build(build: Any) -> None:
    if isinstance(build, torch.nn.Module):
        raise BadInput(
            f"audit needs a function that builds the model, and got a finished {type(build).__name__}, whose "
            "initialization it cannot see any more. Pass a function, such as audit(lambda: Model(config))"
        )
    if not callable(build):
        raise BadInput(f"audit needs a function that builds the model, and got {type(build).__name__}")
