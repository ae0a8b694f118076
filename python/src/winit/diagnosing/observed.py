"""Tensors, layers and inputs as the rules of findings see them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .document import LayerDiagnosis, TensorDiagnosis
from .units import Units

MANTISSA = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
"""The bits of the significand of each dtype whose units are compared."""


@dataclass
class ObservedTensor:
    """A floating-point parameter, and what is known of its module.

    Attributes:
        facts: The facts of its elements.
        is_kernel: Whether it is a weight by its name: `weight`, `kernel`, `weight_ih_l0`, …. Findings about others,
            such as tables that are computed, are only information.
        is_embedding: Whether it is a table of rows.
        padding: The row of an embedding that stands for padding and is declared to be 0, or None.
        units: Its outputs and inputs; None for a vector, and for a dtype whose units are not compared.
        groups: The number of groups of a convolution.
        is_depthwise: Whether each output sees one channel alone.
        bias: The bias of each output, or None.
        digest: The digest of its bytes.
        rounding: The relative rounding error of its dtype, or None.
    """

    facts: TensorDiagnosis
    is_kernel: bool = True
    is_embedding: bool = False
    padding: int | None = None
    units: Units | None = None
    groups: int = 1
    is_depthwise: bool = False
    bias: NDArray[np.float64] | None = None
    digest: bytes = b""
    rounding: float | None = None

    @property
    def name(self) -> str:
        """The name."""
        return self.facts.name

    @property
    def code(self) -> str:
        """The parameter in Python code."""
        return f'model.get_parameter("{self.name}")'

    @property
    def is_weight(self) -> bool:
        """Whether two sizes or more are not 1: class tokens and LayerScale [C, 1, 1] are vectors."""
        return sum(size != 1 for size in self.facts.shape) >= 2

    @property
    def is_finite(self) -> bool:
        """Whether all elements are finite."""
        return self.facts.nonfinite == 0

    @property
    def is_zero(self) -> bool:
        """Whether all elements are 0."""
        return self.facts.zeros == self.facts.count

    @property
    def is_constant(self) -> bool:
        """Whether all elements are one value."""
        return self.is_finite and self.facts.min is not None and self.facts.min == self.facts.max

    @property
    def has_zero_padding(self) -> bool:
        """Whether the row that stands for padding is 0."""
        return self.padding is not None and self.units is not None and self.units.outputs[self.padding] == 0

    @property
    def is_sinusoid_table(self) -> bool:
        """Whether it is a table of positions by its name, and of sines and cosines by its elements.

        Their mean square is half of the square of the largest; a table that is drawn has at most a third, that of a
        uniform law.
        """
        low, high = self.facts.min, self.facts.max
        if not self.is_embedding or "pos" not in ".".join(self.name.split(".")[-2:]) or low is None or high is None:
            return False
        return low < 0 and self.mean_square > 0.4 * max(low * low, high * high)

    @property
    def mean_square(self) -> float:
        """The mean of the squares."""
        return (self.facts.std or 0.0) ** 2 + (self.facts.mean or 0.0) ** 2


@dataclass
class ObservedLayer:
    """A layer of a pass, and its place in the network.

    Attributes:
        diagnosis: What the document says of it.
        weight: The name of the weight, as `ObservedTensor` has it, or None.
        has_bias: Whether its bias has an element that is not 0.
        is_output: Whether it is the last layer of the main path, which gives the output.
        is_entrance: Whether it takes the input of the model: no other layer is before it.
        is_norm: Whether it is a norm.
        is_before_norm: Whether a norm takes its output.
        is_normalized: Whether a norm is right before it or right behind it, so that its scale is set anyway.
        weight_part: The mean square of the output before the activation, without the bias, or None.
        bias_part: The mean square of the bias, or None.
        followers: The names of the weights that take the output, behind the activation.
        is_followed: Whether only those take it.
    """

    diagnosis: LayerDiagnosis
    weight: str | None = None
    has_bias: bool = False
    is_output: bool = False
    is_entrance: bool = False
    is_norm: bool = False
    is_before_norm: bool = False
    is_normalized: bool = False
    weight_part: float | None = None
    bias_part: float | None = None
    followers: list[str] = field(default_factory=list)
    is_followed: bool = True

    @property
    def name(self) -> str:
        """The name."""
        return self.diagnosis.name


@dataclass(frozen=True)
class ObservedInput:
    """The input of the pass.

    Attributes:
        samples: The number of samples.
        signal: The standard deviation over the batch, as root mean square over the units; None for tokens.
        cosine: The mean cosine between two samples, or None.
    """

    samples: int
    signal: float | None = None
    cosine: float | None = None
