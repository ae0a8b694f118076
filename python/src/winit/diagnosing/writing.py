"""A diagnosis as the JSON document `winit-diagnosis/1`."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from .document import SCHEMA, DiagnosisFinding, LayerDiagnosis, TensorDiagnosis

if TYPE_CHECKING:
    from .diagnosis import Diagnosis


def as_dict(diagnosis: Diagnosis) -> dict[str, Any]:
    """Returns the document. Every member is there; unknown values and numbers that are not finite are None."""
    return {
        "schema": SCHEMA,
        "subject": _members(diagnosis.subject),
        "tensors": [_tensor(tensor) for tensor in diagnosis.tensors],
        "network": _members(diagnosis.network),
        "layers": [_layer(layer) for layer in diagnosis.layers],
        "loss": _members(diagnosis.loss),
        "findings": [finding_dict(finding) for finding in diagnosis.findings],
        "allowed": [{"finding": finding_dict(each.finding), "reason": each.reason} for each in diagnosis.allowed],
        "declared": [_members(each) for each in diagnosis.declared],
        "notes": list(diagnosis.notes),
    }


def finding_dict(finding: DiagnosisFinding) -> dict[str, Any]:
    """Returns a finding as an element of `findings`."""
    names = ("code", "severity", "tensor", "layer", "message", "fix")
    return {name: getattr(finding, name) for name in names}


def _tensor(tensor: TensorDiagnosis) -> dict[str, Any]:
    members: dict[str, Any] = _members(tensor)
    members |= {"nonfinite": tensor.nonfinite, "histogram": _members(tensor.histogram)}
    return members | {"spectrum": _members(tensor.spectrum)}


def _layer(layer: LayerDiagnosis) -> dict[str, Any]:
    members: dict[str, Any] = _members(layer)
    return members | {"theory": _members(layer.theory), "measured": _members(layer.measured)}


def _members(value: Any) -> Any:
    """Returns the fields of a dataclass, or None."""
    return None if value is None else {field.name: _value(getattr(value, field.name)) for field in fields(value)}


def _value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return list(value) if isinstance(value, tuple) else value
