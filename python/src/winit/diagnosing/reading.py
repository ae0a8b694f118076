"""Reads a document `winit-diagnosis/1`, which may come from anywhere."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, TypeVar, cast

from .. import strict_json
from ..errors import BadInput, NotFound, Unavailable
from ..quoting import quoted
from .diagnosis import Diagnosis
from .document import (
    SCHEMA,
    SEVERITIES,
    AllowedFinding,
    DeclaredTensor,
    DiagnosisFinding,
    Histogram,
    LayerDiagnosis,
    LossDiagnosis,
    Measured,
    NetworkSummary,
    Spectrum,
    Subject,
    TensorDiagnosis,
    Theory,
)

_LONGEST = 1 << 28  # as that of a recipe file

_T = TypeVar("_T")


def read_diagnosis(path: str | PathLike[str]) -> Diagnosis:
    """Reads a diagnosis that `Diagnosis.save` or `winit-registry diagnose --json` has written.

    Args:
        path: The file.

    Raises:
        winit.NotFound: If there is no such file.
        winit.BadInput: If it is no document `winit-diagnosis/1`. Members of later versions are left out.

    Example:
        >>> diagnosis = winit.read_diagnosis("diagnosis.json")  # doctest: +SKIP
        >>> diagnosis.findings  # doctest: +SKIP
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            data = file.read(_LONGEST + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no file {name}") from None
    except OSError as error:
        raise Unavailable(f"{name} cannot be read: {error.strerror}") from None
    if len(data) > _LONGEST:
        raise BadInput(f"{name} is longer than 256 MiB, which no diagnosis is")
    try:
        return parsed(strict_json.parse(data))
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from None


def parsed(document: Any) -> Diagnosis:
    """Returns the diagnosis of a document.

    Raises:
        BadInput: If a member has another type than the schema says; the text has the path of the member.
    """
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise BadInput(f"not a diagnosis: `schema` is not {SCHEMA}")
    top = _Object(document, "")
    return Diagnosis(
        subject=top.optional("subject", _subject) or Subject("file", "unnamed", "unknown"),
        tensors=top.list("tensors", _tensor),
        network=top.optional("network", _network),
        layers=top.list("layers", _layer),
        loss=top.optional("loss", _loss),
        findings=top.list("findings", _finding),
        allowed=top.list("allowed", lambda each: AllowedFinding(_finding(each.object("finding")), each.text("reason"))),
        declared=top.list("declared", lambda each: DeclaredTensor(each.text("tensor"), each.text("what"))),
        notes=top.texts("notes"),
    )


class _Object:
    """An object of the document, and its path for errors."""

    def __init__(self, members: Any, path: str) -> None:
        if not isinstance(members, dict):
            raise BadInput(f"`{path}` is no object")
        self.members, self.path = members, path

    def _get(self, name: str, kinds: tuple[type, ...], words: str, *, is_needed: bool = False) -> Any:
        value = self.members.get(name)
        if value is None and not is_needed:
            return None
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise BadInput(f"`{self._member(name)}` is not {words}")
        return value

    def _member(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def text(self, name: str) -> str:
        return cast(str, self._get(name, (str,), "a string", is_needed=True))

    def text_or_none(self, name: str) -> str | None:
        return cast("str | None", self._get(name, (str,), "a string"))

    def number(self, name: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        value = self._get(name, (int, float), "a number")
        if value is not None and not low <= value <= high:
            expected = "negative" if value < low == 0 else f"not a number from {low:.0f} to {high:.0f}"
            raise BadInput(f"`{self._member(name)}` is {expected}")
        return None if value is None else float(value)

    def error(self, name: str, words: str) -> BadInput:
        return BadInput(f"`{self._member(name)}` {words}")

    def count(self, name: str) -> int | None:
        value = self._get(name, (int,), "an integer")
        if value is not None and value < 0:
            raise BadInput(f"`{self._member(name)}` is negative")
        return cast("int | None", value)

    def is_true(self, name: str, default: bool) -> bool:
        value = self._get(name, (bool,), "true or false")
        return default if value is None else bool(value)

    def object(self, name: str) -> _Object:
        return _Object(self.members.get(name), self._member(name))

    def optional(self, name: str, read: Callable[[_Object], _T]) -> _T | None:
        return None if self.members.get(name) is None else read(self.object(name))

    def list(self, name: str, read: Callable[[_Object], _T]) -> tuple[_T, ...]:
        values = self._get(name, (list,), "a list") or ()
        return tuple(read(_Object(value, f"{self._member(name)}[{index}]")) for index, value in enumerate(values))

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._get(name, (list,), "a list") or ()
        if not all(isinstance(value, str) for value in values):
            raise BadInput(f"`{self._member(name)}` is not a list of strings")
        return tuple(values)

    def counts(self, name: str) -> tuple[int, ...]:
        values = self._get(name, (list,), "a list", is_needed=True)
        if not all(isinstance(value, int) and not isinstance(value, bool) and value >= 0 for value in values):
            raise BadInput(f"`{self._member(name)}` is not a list of counts")
        return tuple(values)


def _subject(source: _Object) -> Subject:
    kind = source.text("kind")
    if kind not in ("run", "spec", "file", "model"):
        raise BadInput(f"`subject.kind` is {quoted(kind)}, and must be run, spec, file or model")
    version = source.text_or_none("tool_version") or "unknown"
    rest = {name: source.text_or_none(name) for name in ("id", "seed", "created_at", "spec")}
    return Subject(kind, source.text("name"), version, **rest)


def _tensor(source: _Object) -> TensorDiagnosis:
    numbers = {name: source.number(name) for name in ("mean", "min", "max", "skewness", "z")}
    roots = {name: source.number(name, 0) for name in ("std", "kurtosis", "expected_std")}
    law = source._get("law", (dict,), "an object")
    tensor = TensorDiagnosis(
        name=source.text("name"),
        shape=source.counts("shape"),
        dtype=source.text("dtype"),
        count=source.count("count") or 0,
        zeros=source.count("zeros") or 0,
        nan=source.count("nan") or 0,
        infinite=source.count("infinite") or 0,
        fan_in=source.count("fan_in"),
        fan_out=source.count("fan_out"),
        histogram=source.optional("histogram", _histogram),
        spectrum=source.optional("spectrum", _spectrum),
        scheme=source.text_or_none("scheme"),
        law=cast("Mapping[str, Any] | None", law),
        tied_to=source.text_or_none("tied_to"),
        **numbers,
        **roots,
    )
    _check_counts(tensor, source)
    return tensor


def _check_counts(tensor: TensorDiagnosis, source: _Object) -> None:
    """Checks that the numbers of elements, and the smallest and the largest element, do not contradict each other."""
    if math.prod(tensor.shape) != tensor.count:
        raise source.error("count", "is not the product of `shape`")
    if tensor.min is not None and tensor.max is not None and tensor.min > tensor.max:
        raise source.error("max", "is below `min`")
    finite = tensor.count - tensor.nan - tensor.infinite
    if tensor.zeros > finite:
        raise source.error("zeros", "and the elements that are not finite are more than `count`")
    if tensor.histogram is not None and sum(tensor.histogram.counts) > finite:
        raise source.error("histogram.counts", "are more than the finite elements")


def _histogram(source: _Object) -> Histogram:
    return Histogram(source.number("low") or 0.0, source.number("high") or 0.0, source.counts("counts"))


def _spectrum(source: _Object) -> Spectrum:
    return Spectrum(source.number("largest", 0) or 0.0, source.number("edge", 0) or 0.0, source.number("smallest", 0))


def _layer(source: _Object) -> LayerDiagnosis:
    def theory(each: _Object) -> Theory:
        return Theory(each.number("q", 0), each.number("signal", 0), each.number("gradient", 0))

    def measured(each: _Object) -> Measured:
        rms, signal, gradient = (each.number(name, 0) for name in ("rms", "signal", "gradient"))
        # The rounding of sums can bring a cosine a little beyond 1.
        cosine = each.number("cosine", -1 - 1e-6, 1 + 1e-6)
        return Measured(rms, signal, gradient, each.number("dead", 0, 1), each.number("saturated", 0, 1), cosine)

    return LayerDiagnosis(
        name=source.text("name"),
        kind=source.text_or_none("kind") or "layer",
        activation=source.text_or_none("activation"),
        assumed=source.is_true("assumed", False),
        main_path=source.is_true("main_path", True),
        theory=source.optional("theory", theory),
        measured=source.optional("measured", measured),
    )


def _network(source: _Object) -> NetworkSummary:
    return NetworkSummary(
        source.text("source"), source.text_or_none("kind") or "network", source.text_or_none("accuracy") or ""
    )


def _loss(source: _Object) -> LossDiagnosis:
    return LossDiagnosis(source.number("value"), source.count("classes"), source.number("uniform", 0))


def _finding(source: _Object) -> DiagnosisFinding:
    severity = source.text("severity")
    if severity not in SEVERITIES:
        raise BadInput(f"`{source.path}.severity` is {quoted(severity)}, and must be {', '.join(SEVERITIES)}")
    return DiagnosisFinding(
        code=source.text("code"),
        severity=severity,
        message=source.text("message"),
        tensor=source.text_or_none("tensor"),
        layer=source.text_or_none("layer"),
        fix=source.text_or_none("fix"),
    )
