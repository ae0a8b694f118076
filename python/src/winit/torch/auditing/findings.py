"""What an audit found: findings, what was not checked, and the audit itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import Mismatch

Kind = Literal[
    "never_written",
    "computed_from_garbage",
    "loaded_overwritten",
    "not_finite",
    "tie_broken",
    "equal_tensors",
    "padding_row",
    "off_scheme",
    "equal_shards",
    "replicas_differ",
    "shard_fan",
]


@dataclass(frozen=True, eq=False)
class AuditFinding:
    """Something that is wrong with the initial values of a tensor.

    Attributes:
        kind: What is wrong:

            - `never_written`: elements are whatever the memory held before.
            - `computed_from_garbage`: elements were computed from such memory.
            - `loaded_overwritten`: elements were loaded from a file, and initialized again afterwards.
            - `not_finite`: elements of a parameter are NaN or infinite.
            - `tie_broken`: two tensors that are meant to be one are two.
            - `equal_tensors`: tensors that were drawn at random are equal bit for bit.
            - `padding_row`: the row of `padding_idx` of an embedding was drawn at random too.
            - `off_scheme`: mean or standard deviation are not those of the law.
            - `equal_shards`: different parts of a tensor, on different ranks, were drawn from one random state.
            - `replicas_differ`: ranks that hold the same part of a tensor hold other elements.
            - `shard_fan`: the standard deviation follows the fans of a part, and not those of the whole tensor.
        tensor: The name of the tensor.
        message: A sentence for people.
        count: How many elements it is about.
        indices: The coordinates of the first of them, [≤ 100, rank], int64.
        others: The other tensors that it is about: the ones that are tied, or equal.
        allocated: Where its memory was allocated, such as "model.py:12 in Block.__init__"; "" if that is not known.
    """

    kind: Kind
    tensor: str
    message: str
    count: int
    indices: NDArray[np.int64]
    others: tuple[str, ...] = ()
    allocated: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Returns the finding as JSON holds it."""
        return {
            "kind": self.kind,
            "tensor": self.tensor,
            "message": self.message,
            "count": self.count,
            "indices": self.indices.tolist(),
            "others": list(self.others),
            "allocated": self.allocated or None,
        }


@dataclass(frozen=True)
class NotChecked:
    """A tensor of which something could not be checked.

    Attributes:
        tensor: The name of the tensor.
        reason: What was not checked, and why.
    """

    tensor: str
    reason: str


@dataclass(frozen=True, eq=False)
class Audit:
    """The result of an audit. `print` shows it, and a notebook shows a table.

    Attributes:
        findings: What is wrong, in the order of the module's tensors.
        accepted: Findings that `accept` names; they do not count.
        not_checked: What could not be checked, and why.
        model: The class of the module, "package.module.Class".
        parameter_count: How many parameters were looked at, without tied names.
        buffer_count: How many buffers and plain attributes.
        element_count: How many elements those have.
        watched_count: How many of them were allocated without a value while the audit watched: each of these was
            compared with its sentinel. The others were made by operations that write each element.
        builds: How often the module was built.
        software: The versions of the libraries, such as {"torch": "2.13.0"}.
        ranks: How many ranks an audit of `audit_distributed` is about; 0 for an audit of one process. Tensors and
            elements are those of all ranks, replicas counted once.
    """

    findings: Sequence[AuditFinding]
    accepted: Sequence[AuditFinding] = ()
    not_checked: Sequence[NotChecked] = ()
    model: str = ""
    parameter_count: int = 0
    buffer_count: int = 0
    element_count: int = 0
    watched_count: int = 0
    builds: int = 1
    software: Mapping[str, str] = field(default_factory=dict)
    ranks: int = 0

    @property
    def ok(self) -> bool:
        """Whether there are no findings (other than accepted ones)."""
        return not self.findings

    @property
    def summary(self) -> str:
        """One line: the model, and how many findings of each kind."""
        name = self.model.rpartition(".")[2] or "the model"
        if self.ok:
            return f"audit of {name}: no findings"
        kinds = list(dict.fromkeys(finding.kind for finding in self.findings))
        counts = ", ".join(f"{sum(finding.kind == kind for finding in self.findings)} {kind}" for kind in kinds)
        return f"audit of {name}: {counts}"

    def raise_for_findings(self) -> Audit:
        """Raises if there are findings.

        Returns:
            The audit, so that `winit.torch.audit(build).raise_for_findings()` can be used further.

        Raises:
            winit.Mismatch: Names each finding; `findings` holds them.
        """
        if self.findings:
            raise Mismatch(str(self), self.findings)
        return self

    def as_dict(self) -> dict[str, Any]:
        """Returns the audit as JSON holds it."""
        return {
            "ok": self.ok,
            "model": self.model,
            "parameter_count": self.parameter_count,
            "buffer_count": self.buffer_count,
            "element_count": self.element_count,
            "watched_count": self.watched_count,
            "builds": self.builds,
            **({"ranks": self.ranks} if self.ranks else {}),
            "findings": [finding.as_dict() for finding in self.findings],
            "accepted": [finding.as_dict() for finding in self.accepted],
            "not_checked": [{"tensor": left.tensor, "reason": left.reason} for left in self.not_checked],
            "software": dict(self.software),
        }

    def to_json(self, indent: int | None = None) -> str:
        """Returns the audit as JSON text."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def __str__(self) -> str:
        """Returns the audit as text for a terminal."""
        from .display import text

        return text(self)

    def __repr__(self) -> str:
        """Returns one line."""
        return f"<{self.summary}>"

    def _repr_html_(self) -> str:
        """Returns the audit as HTML for a notebook."""
        from .display import html_table

        return html_table(self)
