"""Diagnoses: whether the initial weights of a model let it train. The document `winit-diagnosis/1`, and the rules."""

from __future__ import annotations

from .diagnosis import Diagnosis
from .document import DiagnosisFinding, LayerDiagnosis, LossDiagnosis, Measured, TensorDiagnosis, Theory
from .reading import read_diagnosis

__all__ = [
    "Diagnosis",
    "DiagnosisFinding",
    "LayerDiagnosis",
    "LossDiagnosis",
    "Measured",
    "TensorDiagnosis",
    "Theory",
    "read_diagnosis",
]
