"""A diagnosis as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from ..quoting import counted
from .document import SEVERITIES, DiagnosisFinding, LayerDiagnosis, TensorDiagnosis
from .families import label, pattern

if TYPE_CHECKING:
    from .diagnosis import Diagnosis

LIMIT = 50
"""How many rows of a table are shown."""

COLUMNS = "signal: std over the batch; gradient: norm per sample, relative to the last layer"
"""What the columns of the table of layers are."""

_BLOCKS = " ▁▂▃▄▅▆▇█"
_WIDTH = 120


def printable(text: str) -> str:
    """Returns a text on one line without control characters, which a tensor's name may hold."""
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)


def summary(name: str, findings: Sequence[DiagnosisFinding]) -> str:
    """Returns one line: the model, and how many findings of each severity."""
    counts = [(severity, sum(finding.severity == severity for finding in findings)) for severity in SEVERITIES]
    words = [
        f"{count} for information" if severity == "information" else counted(count, severity)
        for severity, count in counts
        if count
    ]
    return f"diagnosis of {printable(name)}: {', '.join(words) or 'no findings'}"


def text(diagnosis: Diagnosis) -> str:
    """Returns a diagnosis as text: tensors by family, layers, loss, notes, and the findings last."""
    lines = [diagnosis.summary]
    if diagnosis.tensors:
        families = folded(diagnosis.tensors)
        shown = [family for family in families if not _is_plain(family)]
        lines += ["", *_table(("tensor", "shape", "mean", "std", ""), [_tensor_row(family) for family in shown])]
        plain = sum(len(family) for family in families) - sum(len(family) for family in shown)
        lines += [f"  … and {counted(plain, 'vector')} of zeros or ones"] if plain else []
    if diagnosis.layers:
        head = ("layer", "activation", "signal", "gradient", "cosine", "dead")
        rows = [_layer_row(layer, gradient_unit(diagnosis.layers)) for layer in _shown_layers(diagnosis.layers)]
        left = len(diagnosis.layers) - len(rows)
        lines += ["", *_table(head, rows)]
        lines += [f"  … and {left} more layers, in residual branches or in the middle"] if left else []
        lines += [f"  {COLUMNS}"]
    if diagnosis.loss is not None and diagnosis.loss.value is not None:
        lines += ["", f"loss at step 0: {_number(diagnosis.loss.value)}{_uniform(diagnosis)}"]
    if diagnosis.findings:
        lines += ["", *finding_lines(diagnosis.findings)]
    if diagnosis.allowed:
        lines += [f"allowed: {counted(len(diagnosis.allowed), 'finding')}"]
    for note in diagnosis.notes:
        lines += wrap(printable(note), _WIDTH, initial_indent="note: ", subsequent_indent="      ")
    return "\n".join(lines)


RULE_PLACE = "The rule of a fix goes above the other rules of the spec: the first one that matches a tensor counts."
"""Where the rule of a fix belongs, which the command gives."""


def finding_lines(findings: Sequence[DiagnosisFinding]) -> list[str]:
    """Returns the findings as lines of at most 120 characters."""
    lines = list[str]()
    for finding in findings[:LIMIT]:
        place = f"{printable(finding.place)}: " if finding.place and finding.place not in finding.message else ""
        body = f"{place}{printable(finding.message)}"
        start = f"{finding.severity:<11} {finding.code:<19} "
        lines += _wrapped(start, body)
        if finding.fix:
            lines += _wrapped(" " * len(start), f"fix: {printable(finding.fix)}")
    lines += [f"… and {len(findings) - LIMIT} more findings"] if len(findings) > LIMIT else []
    if any((finding.fix or "").startswith("- {match:") for finding in findings):
        lines.append(RULE_PLACE)
    return lines


def folded(tensors: Sequence[TensorDiagnosis]) -> list[list[TensorDiagnosis]]:
    """Groups tensors whose names differ only in numbers and whose shapes and dtypes are equal, in order."""
    groups = dict[object, list[TensorDiagnosis]]()
    for tensor in tensors:
        groups.setdefault((pattern(tensor.name), tensor.shape, tensor.dtype), []).append(tensor)
    return list(groups.values())


def spark(counts: Sequence[int], width: int = 16) -> str:
    """Returns a histogram as one line of blocks."""
    if len(counts) < width:
        return _BLOCKS[-1] if counts else ""
    step = len(counts) / width
    sums = [sum(counts[int(i * step) : int((i + 1) * step)]) for i in range(width)]
    most = max(sums) or 1
    return "".join(_BLOCKS[math.ceil(each / most * (len(_BLOCKS) - 1))] for each in sums)


def _is_plain(family: Sequence[TensorDiagnosis]) -> bool:
    """Tells whether tensors are vectors of zeros or of ones: biases, scales of norms, running statistics."""
    return all(len(tensor.shape) < 2 and tensor.std == 0 and tensor.min in (0, 1) for tensor in family)


def _tensor_row(family: Sequence[TensorDiagnosis]) -> tuple[str, ...]:
    first = family[0]
    stds, means = [t.std for t in family if t.std is not None], [t.mean for t in family if t.mean is not None]
    histogram = spark(first.histogram.counts) if first.histogram is not None else ""
    if first.std == 0 and first.min is not None:
        histogram = f"all {_number(first.min)}"
    if first.tied_to is not None:
        histogram = f"tied to {printable(first.tied_to)}"
    elif any(tensor.nonfinite for tensor in family):
        histogram = "NaN or infinite"
    shape = "×".join(map(str, first.shape)) or "scalar"
    return (printable(label([t.name for t in family])), shape, _span(means), _span(stds), histogram)


def _span(values: Sequence[float]) -> str:
    if not values:
        return "–"
    low, high = min(values), max(values)
    if low == high or abs(high - low) <= 0.1 * max(abs(low), abs(high)):
        return _number(values[0])
    return f"{low:.2g} … {high:.2g}"


def gradient_unit(layers: Sequence[LayerDiagnosis]) -> float:
    """Returns the norm of the gradient at the last layer of the main path that has one, or 1 where none has."""
    known = [layer.measured.gradient for layer in layers if layer.main_path and layer.measured is not None]
    return next((gradient for gradient in reversed(known) if gradient), 1.0)


def _layer_row(layer: LayerDiagnosis, unit: float) -> tuple[str, ...]:
    """Returns the cells of a layer: name, activation, signal, gradient in a unit, cosine and dead units."""
    measured = layer.measured
    if measured is None:
        return (printable(layer.name), layer.activation or "", "–", "–", "–", "")
    dead = "" if measured.dead is None else f"{measured.dead:.0%}"
    cosine = "–" if measured.cosine is None else f"{measured.cosine:.3f}"
    return (
        printable(layer.name),
        layer.activation or "",
        _number(measured.signal),
        _number(None if measured.gradient is None else measured.gradient / unit),
        cosine,
        dead,
    )


def _shown_layers(layers: Sequence[LayerDiagnosis]) -> list[LayerDiagnosis]:
    """Returns the layers of the main path, or all where they are few; of many the first and the last."""
    shown = list(layers) if len(layers) <= 24 else [layer for layer in layers if layer.main_path]
    return shown if len(shown) <= LIMIT else shown[: LIMIT // 2] + shown[-LIMIT // 2 :]


def _uniform(diagnosis: Diagnosis) -> str:
    loss = diagnosis.loss
    if loss is None or loss.uniform is None or loss.classes is None:
        return ""
    return f"; a model without a preference has ln({loss.classes:,}) = {_number(loss.uniform)}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    shown = [head, *rows[:LIMIT]]
    widths = [max(len(row[i]) for row in shown) for i in range(len(head))]
    widths[0] = min(widths[0], 48)
    lines = [
        "  " + "  ".join(_cell(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown
    ]
    return lines + ([f"  … and {len(rows) - LIMIT} more"] if len(rows) > LIMIT else [])


def _cell(text: str, width: int) -> str:
    return f"{text if len(text) <= width else '…' + text[1 - width :]:<{width}}"


def _wrapped(start: str, body: str) -> list[str]:
    pieces = wrap(body, _WIDTH - len(start), break_long_words=False, break_on_hyphens=False) or [""]
    return [start + pieces[0], *(" " * len(start) + piece for piece in pieces[1:])]
