"""The tensors of a model, as the document and the rules have them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...diagnosing.document import DeclaredTensor, TensorDiagnosis
from ...diagnosing.observed import MANTISSA, ObservedTensor
from ...diagnosing.rounding import relative_rounding_error
from ...diagnosing.statistics import statistics
from ...diagnosing.units import units
from ..dtypes import dtype_name
from ..kinds import why_unsupported
from ..tensors import ModuleTensor, module_tensors
from .weights import bias_of, is_kernel, layout

_UNIT_LIMIT = 1 << 22
"""The number of outputs and inputs above which they are not compared."""


class Tensors:
    """The tensors of a model.

    Attributes:
        diagnoses: The facts of each tensor, in the order of the module; tied names too.
        observed: The floating parameters, for the rules.
        declared: The tied names.
        notes: Which tensors are left out, and why.
        names: The first name of each tensor, by every name that it has.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        """Looks at every parameter and persistent buffer."""
        parameters = list(model.parameters())
        self._some_are_trained = any(parameter.requires_grad for parameter in parameters)
        self.diagnoses = list[TensorDiagnosis]()
        self.observed = list[ObservedTensor]()
        self.declared = list[DeclaredTensor]()
        self.notes = list[str]()
        self.names = dict[str, str]()
        for tensor in module_tensors(model):
            self.names |= dict.fromkeys(tensor.names, tensor.name)
            if tensor.is_parameter or tensor.persistent:
                self._add(tensor)

    def _add(self, tensor: ModuleTensor) -> None:
        reason = why_unsupported(tensor.tensor)
        if reason is None and tensor.tensor.is_complex():
            reason = "is complex"
        if reason is not None:
            self.notes.append(f"`{tensor.name}` {reason}: it is left out of the tensors")
            return
        observed = _observed(tensor)
        # A frozen table, such as sinusoids of positions, is computed and not drawn.
        observed.is_kernel &= tensor.tensor.requires_grad or not self._some_are_trained
        self.diagnoses.append(observed.facts)
        if observed.has_zero_padding:
            self.declared.append(DeclaredTensor(tensor.name, f"row {observed.padding}, that of padding, is zeros"))
        if tensor.is_parameter and tensor.tensor.is_floating_point():
            self.observed.append(observed)
        for name in tensor.names[1:]:
            self.diagnoses.append(replace(observed.facts, name=name, tied_to=tensor.name))
            self.declared.append(DeclaredTensor(name, f"tied to {tensor.name}"))


def _observed(tensor: ModuleTensor) -> ObservedTensor:
    value, place = tensor.tensor, tensor.places[0]
    shape, dtype = tuple(value.shape), dtype_name(value.dtype) or str(value.dtype)
    values = _array(value)
    found = statistics(values)
    of_axes = layout(place.module, place.key, shape)
    facts = TensorDiagnosis(
        name=tensor.name,
        shape=shape,
        dtype=dtype,
        count=found.count,
        mean=found.mean,
        std=found.std,
        min=found.min,
        max=found.max,
        skewness=found.skewness,
        kurtosis=found.kurtosis,
        zeros=found.zeros,
        nan=found.nan,
        infinite=found.infinite,
        fan_in=of_axes.fan_in,
        fan_out=of_axes.fan_out,
        histogram=found.histogram,
    )
    observed = ObservedTensor(
        facts,
        is_kernel=is_kernel(tensor.name),
        is_embedding=of_axes.is_embedding,
        padding=getattr(place.module, "padding_idx", None) if of_axes.is_embedding else None,
        groups=of_axes.groups,
        is_depthwise=of_axes.is_depthwise,
    )
    if not (observed.is_weight and tensor.is_parameter and dtype in MANTISSA):
        return observed
    observed.digest = hashlib.sha256(np.ascontiguousarray(values).data).digest()
    observed.rounding = relative_rounding_error(values, dtype, found.std or 0.0)
    matrix = of_axes.matrix(values)
    if matrix.size and matrix.shape[0] + matrix.shape[1] <= _UNIT_LIMIT:
        observed.units = units(matrix)
        observed.bias = bias_of(place.module, place.key, matrix.shape[0])
    return observed


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    """Returns the elements as an array; those of a dtype that NumPy lacks as float32, which holds them exactly."""
    plain = tensor.detach()
    if dtype_name(tensor.dtype) not in ("float64", "float32", "float16") and tensor.is_floating_point():
        plain = plain.to(torch.float32)
    array: NDArray[Any] = plain.to("cpu").numpy()
    return array
