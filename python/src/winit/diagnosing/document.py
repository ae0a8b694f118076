"""The parts of a diagnosis, as the document `winit-diagnosis/1` has them (docs/json.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SCHEMA = "winit-diagnosis/1"

Severity = Literal["error", "warning", "information"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "information")
"""The severities, the worst first."""

CODES = (
    "non-finite",
    "all-zero-weights",
    "constant-weights",
    "identical-neurons",
    "zero-rows",
    "identical-inputs",
    "identical-tensors",
    "nonzero-mean",
    "scale-off",
    "odd-one-out",
    "truncated-by-dtype",
    "spectrum-spike",
    "layer-gain",
    "vanishing-forward",
    "exploding-forward",
    "vanishing-backward",
    "exploding-backward",
    "bias-dominated",
    "saturating",
    "dead-units",
    "look-alike-inputs",
)
"""The codes of findings."""


@dataclass(frozen=True)
class Subject:
    """What was diagnosed.

    Attributes:
        kind: `run`, `spec`, `file` or `model`.
        name: The reference, the path or the class of the model.
        id: The id of the run, or None.
        seed: The seed in decimal digits, or None.
        created_at: When the run was created, in ISO 8601, or None.
        spec: The preset or the file of the spec, or None.
        tool_version: The version of the program that made the document.
    """

    kind: str
    name: str
    tool_version: str
    id: str | None = None
    seed: str | None = None
    created_at: str | None = None
    spec: str | None = None


@dataclass(frozen=True)
class Histogram:
    """How many finite elements lie in each of several intervals of equal width, from `low` to `high`."""

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Spectrum:
    """The singular values of a weight: the largest, the Marchenko–Pastur edge, and the smallest where it is known."""

    largest: float
    edge: float
    smallest: float | None = None


@dataclass(frozen=True)
class TensorDiagnosis:
    """The facts of one tensor. The moments are those of the finite elements.

    Attributes:
        name: The name.
        shape: The shape.
        dtype: The dtype.
        count: The number of elements.
        mean: The mean, or None without a finite element.
        std: The standard deviation with the divisor n.
        min: The least finite element.
        max: The greatest finite element.
        skewness: m₃/m₂^1.5, or None for a constant tensor.
        kurtosis: m₄/m₂², 3 for a normal distribution, or None for a constant tensor.
        zeros: The number of elements that are 0 or −0.
        nan: The number of NaN.
        infinite: The number of infinities.
        fan_in: The number of inputs of one output, or None.
        fan_out: The number of outputs that one input reaches, or None.
        expected_std: The standard deviation that the scheme promises, or None.
        z: (std − expected_std) in standard errors, or None.
        histogram: The histogram, or None without a finite element.
        spectrum: The singular values, if they were asked for.
        scheme: The scheme on one line, or None.
        law: The law as a manifest has it, or None.
        tied_to: The tensor whose values this tensor shares, or None.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    count: int
    mean: float | None = None
    std: float | None = None
    min: float | None = None
    max: float | None = None
    skewness: float | None = None
    kurtosis: float | None = None
    zeros: int = 0
    nan: int = 0
    infinite: int = 0
    fan_in: int | None = None
    fan_out: int | None = None
    expected_std: float | None = None
    z: float | None = None
    histogram: Histogram | None = None
    spectrum: Spectrum | None = None
    scheme: str | None = None
    law: Mapping[str, Any] | None = None
    tied_to: str | None = None

    @property
    def nonfinite(self) -> int:
        """The number of elements that are NaN or infinite."""
        return self.nan + self.infinite


@dataclass(frozen=True)
class Theory:
    """What the theory of wide networks says of a layer: second moment, signal √(q − c), relative gradient."""

    q: float | None
    signal: float | None
    gradient: float | None


@dataclass(frozen=True)
class Measured:
    """What a pass of a batch measured in a layer.

    Attributes:
        rms: The root of the mean square of the output, behind the activation.
        signal: The part of the output that depends on the input: its standard deviation over the batch, as root mean
            square over the units.
        gradient: The norm, per sample, of the gradient with respect to the output before the activation, or None.
        dead: The fraction of units that are 0 for every sample, or None without a rectifier.
        saturated: The fraction of outputs of a tanh beyond ±0.99, or of a sigmoid below 0.01 or above 0.99, or None.
        cosine: The mean cosine between the outputs of two samples, or None.
    """

    rms: float | None
    signal: float | None
    gradient: float | None = None
    dead: float | None = None
    saturated: float | None = None
    cosine: float | None = None


@dataclass(frozen=True)
class LayerDiagnosis:
    """A layer, in the order of execution.

    Attributes:
        name: The name of the weight, or of the module.
        kind: `embedding`, `linear`, `convolution`, `norm`, `attention`, `recurrent`, or the class of the module.
        activation: The activation behind the layer, or None.
        assumed: Whether the activation is an assumption.
        main_path: Whether every path from the input to the output leads through the layer.
        theory: What theory says, or None.
        measured: What a pass measured, or None.
    """

    name: str
    kind: str
    activation: str | None = None
    assumed: bool = False
    main_path: bool = True
    theory: Theory | None = None
    measured: Measured | None = None


@dataclass(frozen=True)
class NetworkSummary:
    """Where the layers come from (`spec`, `preset`, `assumed` or `model`), and how far to trust them."""

    source: str
    kind: str
    accuracy: str


@dataclass(frozen=True)
class LossDiagnosis:
    """The loss of the first batch.

    Attributes:
        value: The loss.
        classes: The number of classes, or None if the loss is no cross entropy.
        uniform: ln(classes), the loss of a model that prefers no class, or None.
    """

    value: float | None
    classes: int | None = None
    uniform: float | None = None


@dataclass(frozen=True)
class DiagnosisFinding:
    """Something that is wrong with an initialization, or worth knowing.

    Attributes:
        code: What was found, such as `vanishing-backward`.
        severity: `error` (the model will not train as it is), `warning` or `information`.
        message: What was found, and why it hurts.
        tensor: The tensor, or None.
        layer: The layer, or None.
        fix: The line that fixes it, or None.
    """

    code: str
    severity: Severity
    message: str
    tensor: str | None = None
    layer: str | None = None
    fix: str | None = None

    @property
    def place(self) -> str:
        """The tensor or the layer; "" for a finding about the whole model."""
        return self.tensor or self.layer or ""


@dataclass(frozen=True)
class AllowedFinding:
    """A finding that is allowed, with the reason."""

    finding: DiagnosisFinding
    reason: str


@dataclass(frozen=True)
class DeclaredTensor:
    """A tensor, and what its spec or its module declares it to be: `zeros`, `ones`, `tied to NAME`, …."""

    tensor: str
    what: str
