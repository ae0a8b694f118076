"""Values of a built module that are not those that the captured laws promise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ... import reference
from ...specs import Spec, SpecTensor
from .literals import canonical_bytes
from .moments import Moments, moments

Tensor = Any


@dataclass(frozen=True)
class Deviation:
    """A tensor, or a box of it, whose values are not those of its law.

    Attributes:
        tensor: The name of the tensor.
        box: The ranges on the leading axes; () for the whole tensor.
        what: What differs: "constant", "outlier", "mean", "std", "range", "tie", "literal", "matrix", "norm", "copy" or
            "shape".
        expected: The number that the law promises, where there is one.
        found: The number that the values have.
        sigmas: How many standard errors lie between them; None for what must be exact.
    """

    tensor: str
    box: tuple[tuple[int, int], ...]
    what: str
    expected: float | None = None
    found: float | None = None
    sigmas: float | None = None

    def __str__(self) -> str:
        """Says what deviates, in a sentence."""
        where = f"`{self.tensor}`" + (f" in the box {[list(r) for r in self.box]}" if self.box else "")
        if self.expected is None:
            return f"{where}: the {self.what} is not the one of the law"
        error = f", {self.sigmas:.1f} standard errors apart" if self.sigmas is not None else ""
        return f"{where}: the {self.what} is {self.found:.6g}, and the law's is {self.expected:.6g}{error}"


def deviations(module: Any, spec: Spec, *, sigmas: float = 5.0) -> list[Deviation]:
    """Compares the values of a module that was really built with the laws of its spec.

    Constants, literals, ties and zeros are compared exactly; mean and standard deviation of draws against those of the
    law, within so many standard errors. This needs no winit seed: any build of the module fits its laws.

    Args:
        module: A module with values, as its library initialized it, on the CPU.
        spec: The spec that `capture` gave for it.
        sigmas: The standard errors that mean and standard deviation may be off. At 5, fewer than one in a million
            comparisons fail by chance.

    Returns:
        What deviates, in the order of the spec.
    """
    values = dict(module.named_parameters(remove_duplicate=False)) | dict(module.named_buffers(remove_duplicate=False))
    values = {name: tensor.detach() for name, tensor in values.items()}
    streams = {reference.name_stream(name): name for name in values}
    found = list[Deviation]()
    for tensor in spec.tensors:
        value = values.get(tensor.name)
        if value is None or tuple(value.shape) != tensor.shape:
            found.append(Deviation(tensor.name, (), "shape"))
            continue
        found += _of_tensor(tensor, value, values, streams, sigmas)
    return found


def _of_tensor(
    tensor: SpecTensor, value: Tensor, values: Mapping[str, Tensor], streams: Mapping[int, str], sigmas: float
) -> Iterator[Deviation]:
    law = tensor.law
    if law["law"] == "same_as":
        if not torch.equal(value, values[law["name"]]):
            yield Deviation(tensor.name, (), "tie")
        return
    if law["law"] == "norm_of":
        other = values[law["name"]].double()
        norm = torch.linalg.vector_norm(other, dim=[int(axis) for axis in law["axes"]]).reshape(value.shape)
        if not torch.allclose(norm, value.double(), rtol=1e-2 if value.dtype.itemsize == 2 else 1e-4):
            yield Deviation(tensor.name, (), "norm")
        return
    literals, same_stream = iter(tensor.literals), dict[int, Tensor]()
    for box, part, hidden in _boxes(law, tensor.shape):
        held = value[tuple(slice(a, b) for a, b in box)]
        found = _of_box(tensor, part["law"], held, hidden, literals, sigmas)
        for what, expected, actual, errors in found:
            yield Deviation(tensor.name, box, what, expected, actual, errors)
        if "stream" not in part:
            continue
        stream = int(part["stream"])
        twin = same_stream.setdefault(stream, held)
        if twin is held and streams.get(stream, tensor.name) != tensor.name:
            twin = values[streams[stream]]
        if twin is not held and not found and not _is_copy(held, twin):
            yield Deviation(tensor.name, box, "copy")


def _is_copy(a: Tensor, b: Tensor) -> bool:
    """Tells whether two tensors hold the same draws, perhaps scaled by one factor."""
    if a.numel() != b.numel() or a.numel() < 2:
        same_count: bool = a.numel() == b.numel()
        return same_count
    x, y = a.double().reshape(-1), b.double().reshape(-1)
    correlation = float(torch.corrcoef(torch.stack([x, y]))[0, 1].abs())
    return bool(torch.equal(x, y)) or correlation > 0.9


def _boxes(
    law: Mapping[str, Any], shape: tuple[int, ...]
) -> Iterator[tuple[tuple[tuple[int, int], ...], Mapping[str, Any], Tensor]]:
    """Yields each part with its box, and which elements of the box later parts cover."""
    if law["law"] != "parts":
        yield (), {"law": law}, torch.zeros(shape, dtype=torch.bool)
        return
    deciding = torch.zeros(shape, dtype=torch.int32)
    boxes = [tuple((int(a), int(b)) for a, b in part["box"]) for part in law["parts"]]
    for number, box in enumerate(boxes):
        deciding[tuple(slice(a, b) for a, b in box)] = number
    for number, (box, part) in enumerate(zip(boxes, law["parts"], strict=True)):
        yield box, part, deciding[tuple(slice(a, b) for a, b in box)] != number


_Found = list[tuple[str, float | None, float | None, float | None]]


def _of_box(
    tensor: SpecTensor, law: Mapping[str, Any], value: Tensor, hidden: Tensor, literals: Iterator[Any], sigmas: float
) -> _Found:
    kind = law["law"]
    if kind == "literal":
        data = next(literals)
        return [] if data.read(0, data.byte_count) == canonical_bytes(value) else [("literal", None, None, None)]
    seen = value[~hidden].double().reshape(-1)
    if seen.numel() == 0:
        return []
    if kind == "constant":
        wanted = torch.tensor(law["value"]).to(value.dtype).double()
        wrong = seen[seen != wanted]
        return [] if wrong.numel() == 0 else [("constant", float(wanted), float(wrong[0]), None)]
    if kind == "truncated_normal" and max(abs(law["low"]), abs(law["high"])) > _FAR:
        return _with_outliers(law, seen, value.dtype, sigmas)
    if kind in ("uniform", "normal", "truncated_normal", "expression"):
        return _of_draws(moments(law), seen, value.dtype, sigmas)
    if kind == "orthogonal":
        matrix = value.double().reshape(int(law["rows"]), -1)
        matrix = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
        wanted = torch.eye(matrix.shape[0], dtype=torch.float64) * law["gain"] ** 2
        return [] if torch.allclose(matrix @ matrix.T, wanted, atol=1e-2) else [("matrix", None, None, None)]
    if kind == "sparse":
        zeros = (value == 0).sum(dim=0)
        if bool((zeros != int(law["zeros"])).any()):
            return [("matrix", float(law["zeros"]), float(zeros.double().mean()), None)]
        return _of_draws(Moments(0.0, law["std"], 3.0), seen[seen != 0], value.dtype, sigmas)
    exact: Any = law
    made = np.frombuffer(
        reference.canonical_bytes(0, reference.Tensor("x", "float64", tuple(value.shape), exact)),
        np.float64,
    )
    same = bool((torch.from_numpy(made.copy()).reshape(value.shape) == value.double()).all())
    return [] if same else [("matrix", None, None, None)]


_FAR = 8.0
"""No normal draw in binary32 is this number of standard deviations away."""


def _with_outliers(law: Mapping[str, Any], values: Tensor, dtype: torch.dtype, sigmas: float) -> _Found:
    """Reports values that no normal draw gives apart from the others, whose moments they would hide.

    `trunc_normal_` by the inverse error function, as timm has it, gives the lower cut in one of 2^24 draws.
    """
    far = (values - law["mean"]).abs() > _FAR * abs(law["std"])
    found: _Found = [("outlier", law["mean"], float(values[far][0]), None)] if bool(far.any()) else []
    return found + _of_draws(moments(law), values[~far], dtype, sigmas)


def _of_draws(law: Moments, values: Tensor, dtype: torch.dtype, sigmas: float) -> _Found:
    found, count = _Found(), values.numel()
    if not bool(torch.isfinite(values).all()):
        return [("range", None, None, None)]
    # What the dtype rounds away is no deviation.
    coarse = torch.finfo(dtype).eps * max(abs(law.low), abs(law.high)) if law.bounded else 0.0
    for end, sign in ((law.low, -1), (law.high, 1)):
        extreme = float(values.min() if sign < 0 else values.max())
        if math.isfinite(end) and sign * (extreme - end) > coarse + 1e-6 * abs(end):
            found.append(("range", end, extreme, None))
    spread = math.sqrt(law.std**2 + (torch.finfo(dtype).eps * law.mean) ** 2)
    mean = float(values.mean())
    errors = abs(mean - law.mean) / (spread / math.sqrt(count)) if spread else math.inf
    if errors > sigmas:
        found.append(("mean", law.mean, mean, errors))
    if count >= 16:
        std = float(((values - law.mean) ** 2).mean().sqrt())
        errors = abs(std**2 / law.std**2 - 1) / math.sqrt(max(law.kurtosis - 1, 0.1) / count)
        slack = torch.finfo(dtype).eps if dtype.itemsize == 2 else 1e-6
        if errors > sigmas and abs(std / law.std - 1) > slack:
            found.append(("std", law.std, std, errors))
    return found
