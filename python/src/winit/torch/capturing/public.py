"""`capture` and `recording`: the laws of a model that exists."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal

import torch

from ...errors import BadInput
from ...recipes import BytesLiteral
from ...specs import Spec, SpecTensor
from .disguise import Disguise
from .entries import Entry, Resolved
from .literals import DTYPES, canonical_bytes
from .models import check_transformers, entries_of, software_of
from .recorder import Recorder
from .resolving import resolve
from .values import Term, Unknown, Value

_active = threading.local()


def capture(build: Callable[[], Any], *, fallback: Literal["error", "literal"] = "error") -> Spec:
    """Runs `build` without memory for its tensors, and says from which law each tensor is drawn.

    Every operation of the build is recorded: `normal_` becomes the law normal, with the mean and standard deviation
    that PyTorch was called with; what later operations do to the draws is part of the law. Numbers that do not depend
    on draws are computed on the CPU and become constants or literals. Tied tensors stay tied. The states of the random
    generators are restored afterwards.

    The bits are those of the laws of winit, never those of PyTorch's generator: a recipe of the spec draws from the
    same distributions. Tensors that the build puts into a cache, such as that of `functools.lru_cache`, stay without
    memory there; take such a build to a process of its own.

    Args:
        build: A function without arguments, or a class, that builds and initializes a module and returns it.
        fallback: What happens to entries that no law describes, such as the vectors of `spectral_norm`, which follow
            from the values of another tensor. With "error" they are in `unresolved`, and `recipe` raises. With
            "literal" the module is built once more, on the CPU with seed 0, and the bytes of these entries are kept.

    Returns:
        The spec: tensors in the order of the module's state dict, buffers that it leaves out included (marked).

    Raises:
        BadInput: If `build` is no function or returns no module, if the build reads a value of a draw as a number, or
            if transformers did not initialize a model of its own.

    Example:
        >>> import torch, winit.torch
        >>> spec = winit.torch.capture(lambda: torch.nn.Linear(768, 3072))
        >>> [(t.name, t.law["law"], t.origin.split(" (")[0]) for t in spec.tensors][0]
        ('weight', 'uniform', 'torch.nn.init.kaiming_uniform_ of Linear')
        >>> spec.recipe(seed=42)["weight"].shape
        (3072, 768)
    """
    if fallback not in ("error", "literal"):
        raise BadInput(f"capture: fallback is {fallback!r}; it is 'error' or 'literal'")
    if isinstance(build, torch.nn.Module):
        raise BadInput(
            f"capture takes a function that builds a module, and got a {type(build).__name__} that exists: it holds"
            f" values and no laws. Pass the function, such as `capture(lambda: {type(build).__name__}(...))`."
        )
    if not callable(build):
        raise BadInput(f"capture takes a function that builds a module, and got {type(build).__name__}")
    recorded = recording()
    with recorded:
        try:
            module = build()
        except Exception as error:
            if hasattr(error, "add_note") and not isinstance(error, BadInput):  # Python 3.11
                error.add_note("winit.torch.capture was recording this build, in which no tensor has memory.")
            raise
    spec = recorded.spec(module)
    if fallback == "literal" and spec.unresolved:
        return _with_literals(spec, build)
    return spec


class recording:
    """Records what code that builds a module elsewhere does; `spec` then says what `capture` would.

    Inside of the context, new tensors have no memory: they are on the device meta, although they say that they are on
    the CPU. The context is for one thread and is not entered twice.

    Example:
        >>> import torch, winit.torch
        >>> with winit.torch.recording() as r:
        ...     model = torch.nn.Sequential(torch.nn.Linear(4, 4, bias=False), torch.nn.LayerNorm(4))
        >>> [t.name for t in r.spec(model).tensors]
        ['0.weight', '1.weight', '1.bias']
    """

    def __init__(self) -> None:
        """Makes a recording that has not begun."""
        self._recorder = Recorder()
        self._disguise = Disguise(self._recorder)
        self._generators: _Generators | None = None
        self._notes = list[str]()

    def __enter__(self) -> recording:
        """Begins the recording.

        Raises:
            BadInput: If this thread has one already, or if this one was entered before.
        """
        if getattr(_active, "recording", None) is not None:
            raise BadInput("a recording is active in this thread; capture and recording do not nest")
        if self._generators is not None:
            raise BadInput("this recording was entered before; make a new one")
        self._generators = _Generators()
        _active.recording = self
        self._recorder.__enter__()
        self._disguise.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Ends the recording and restores the random generators of PyTorch, NumPy and Python."""
        try:
            self._disguise.__exit__(kind, error, traceback)
            self._recorder.__exit__(kind, error, traceback)
        finally:
            _active.recording = None
            assert self._generators is not None
            self._notes = self._generators.restore()

    def spec(self, module: Any) -> Spec:
        """Returns the laws of a module that was built in the recording.

        Args:
            module: The module. What was done to it after the recording ended is not known.

        Returns:
            The spec, with entries in `unresolved` that no law describes.

        Raises:
            BadInput: If it is no module, if nothing of it was built in the recording, if the recording still runs, or
                if transformers did not initialize a model of its own.
        """
        if _active.__dict__.get("recording") is self:
            raise BadInput("the recording still runs; call `spec` after the `with` block")
        if not isinstance(module, torch.nn.Module):
            raise BadInput(f"the build returned {type(module).__name__}, and no torch.nn.Module")
        if self._recorder.refusal is not None:
            raise self._recorder.refusal
        check_transformers(module)
        entries, refused = entries_of(module)
        if entries and not any(self._recorder.made(entry.tensor) for entry in entries):
            raise BadInput(
                f"nothing of the {type(module).__name__} was built in the recording: it existed before, or another"
                " thread built it. The build must make the module itself."
            )
        for entry in entries:
            entry.value = self._value(entry)
        resolved = resolve(entries)
        return _spec(module, entries, resolved, refused, self._assumptions(entries, resolved))

    def _value(self, entry: Entry) -> Value:
        if not self._recorder.made(entry.tensor):
            return Unknown("it existed before the build, or another thread made it, so only its bytes are known")
        return self._recorder.value(entry.tensor)

    def _assumptions(self, entries: list[Entry], resolved: dict[str, Resolved]) -> list[str]:
        found = list(self._notes)
        given = [name for name, r in resolved.items() if r.given]
        if given and any("random" in note for note in found):
            found.append(
                f"literals that came from outside of PyTorch may hold random numbers of one build: {_some(given)}"
            )
        foreign = [name for name, r in resolved.items() if r.given == 2]
        if foreign:
            found.append(f"literals hold numbers of tensors that the build did not make: {_some(foreign)}")
        coarse = [e.name for e in entries if _is_coarse(e)]
        if coarse:
            found.append(
                f"PyTorch draws in a narrower dtype than the tensor's, and the law in binary32: {_some(coarse)}"
            )
        outliers = {e.name: o for e in entries for o in _outliers(e)}
        if outliers:
            values = ", ".join(f"{o:g}" for o in sorted(set(outliers.values())))
            found.append(
                "their library draws by the inverse error function of a uniform number in [-1, 1), which is -1 in one"
                f" of 2^24 draws and gives {values} then, many standard deviations away; the law has no such values:"
                f" {_some(list(outliers))}"
            )
        return found


def _outliers(entry: Entry) -> list[float]:
    pieces = getattr(entry.value, "pieces", ((None, entry.value),))
    return [p.law.outlier for _, p in pieces if isinstance(p, Term) and p.law.outlier is not None]


def _spec(
    module: Any, entries: list[Entry], resolved: dict[str, Resolved], refused: dict[str, str], assumptions: list[str]
) -> Spec:
    tensors, unresolved = list[SpecTensor](), dict(refused)
    for entry in entries:
        result = resolved[entry.name]
        if result.law is None:
            unresolved[entry.name] = result.reason
            continue
        tensors.append(
            SpecTensor(
                entry.name, entry.shape, DTYPES[entry.tensor.dtype], result.law, result.literals, entry.buffer,
                entry.persistent, result.origin,
            )
        )  # fmt: skip
    kind = type(module)
    return Spec(
        tuple(tensors), unresolved, tuple(assumptions), f"{kind.__module__}.{kind.__qualname__}", software_of(module)
    )


def _with_literals(spec: Spec, build: Callable[[], Any]) -> Spec:
    """Builds the module on the CPU, and keeps the bytes of the unresolved entries."""
    generators = _Generators()
    try:
        torch.manual_seed(0)
        random.seed(0)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(0)
        with torch.device("cpu"):
            module = build()
    finally:
        generators.restore()
    entries, _ = entries_of(module)
    by_name = {entry.name: entry for entry in entries}
    tensors, unresolved, kept = list(spec.tensors), dict[str, str](), list[str]()
    for name, reason in spec.unresolved.items():
        entry = by_name.get(name)
        if entry is None or "no operation wrote" in reason or entry.tensor.dtype not in DTYPES:
            unresolved[name] = reason
            continue
        data = canonical_bytes(entry.tensor.detach().cpu())
        tensors.append(
            SpecTensor(
                name, entry.shape, DTYPES[entry.tensor.dtype], {"law": "literal"}, (BytesLiteral(data),), entry.buffer,
                entry.persistent, f"bytes of one build: {reason}",
            )
        )  # fmt: skip
        kept.append(name)
    order = {entry.name: number for number, entry in enumerate(entries)}
    tensors.sort(key=lambda tensor: order.get(tensor.name, len(order)))
    assumptions = spec.assumptions
    if kept:
        assumptions += (
            "these entries hold the bytes of one build on the CPU with seed 0; they do not follow from the seed of a"
            f" recipe, or from values that the laws give: {_some(kept)}",
        )
    return Spec(tuple(tensors), unresolved, assumptions, spec.model, spec.software)


def _is_coarse(entry: Entry) -> bool:
    pieces = getattr(entry.value, "pieces", ((None, entry.value),))
    digits = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
    own = digits.get(DTYPES.get(entry.tensor.dtype, ""), 0)
    return any(isinstance(p, Term) and digits.get(p.rounded, 24) < min(own, 24) for _, p in pieces)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 5 else ""
    return ", ".join(f"`{name}`" for name in (names if len(names) <= 5 else names[:4])) + more


class _Generators:
    """The states of the random generators before a build."""

    def __init__(self) -> None:
        self._torch, self._seed = torch.get_rng_state(), torch.initial_seed()
        self._python = random.getstate()
        numpy = sys.modules.get("numpy")
        self._numpy = numpy.random.get_state() if numpy is not None else None

    def restore(self) -> list[str]:
        """Restores the generators; returns what a reader of the laws must know about their use."""
        notes = list[str]()
        if torch.initial_seed() != self._seed:
            notes.append(
                "the build sets PyTorch's seed, so all of its builds are equal; the laws follow the recipe's seed"
            )
        if random.getstate() != self._python:
            notes.append("the build uses Python's random generator, whose numbers are those of one build")
            random.setstate(self._python)
        numpy = sys.modules.get("numpy")
        if numpy is not None and self._numpy is not None:
            now = numpy.random.get_state()
            if now[0] != self._numpy[0] or now[2:] != self._numpy[2:] or not (now[1] == self._numpy[1]).all():
                notes.append("the build uses NumPy's random generator, whose numbers are those of one build")
                numpy.random.set_state(self._numpy)
        torch.set_rng_state(self._torch)
        return notes
