"""Diagnoses models as their libraries initialize them, in one pass each; makes docs/torch-diagnoses.md's table.

    PYTHONPATH=python/src:tools python -m checks.torch_diagnoses [--only NAME …] [--table FILE]

No model may have a warning, but for the layers that nn.TransformerEncoder copies. The table has, along the main path,
the ratio of the signal at the last hidden layer to that at the first, and the ratio of the gradient at the first layer
to that at the last. The exit status is 0 only if no model has another warning.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from typing import Any

from .diagnosed_models import cases
from .libraries import SEED, Missing

EXPECTED = {"torch.nn: TransformerEncoder": {"identical-tensors"}}  # pytorch issues 86274, 120396
"""The codes of warnings of models whose own library builds them so."""


def ratios(diagnosis: Any) -> tuple[float | None, float | None, int]:
    """Returns the ratios of signal and gradient along the main path, and the number of its layers."""
    path = [layer for layer in diagnosis.layers if layer.main_path and layer.measured is not None]
    gradients = [layer.measured.gradient for layer in path if layer.measured.gradient is not None]
    backward = gradients[0] / gradients[-1] if len(gradients) > 1 and gradients[-1] else None
    forward = path[-2].measured.signal / path[0].measured.signal if len(path) > 2 and path[0].measured.signal else None
    return forward, backward, len(path)


def row(name: str, diagnosis: Any, seconds: float) -> str:
    """Returns a row of the table."""
    forward, backward, length = ratios(diagnosis)
    library, _, model = name.partition(": ")
    codes = [f"{finding.code} ({finding.severity})" for finding in diagnosis.findings]
    cells = [
        library,
        model,
        str(len(diagnosis.layers)),
        str(length),
        "" if forward is None else f"{forward:.2g}",
        "" if backward is None else f"{backward:.2g}",
        ", ".join(dict.fromkeys(codes)) or "none",
        f"{seconds:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


HEAD = """\
| library | model | layers | main path | signal, last hidden ÷ first | gradient, first ÷ last | findings | seconds |
| --- | --- | ---: | ---: | ---: | ---: | --- | ---: |"""


def main() -> int:
    """Runs the checks."""
    import torch

    from winit.torch import diagnose

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="parts of the names of models")
    parser.add_argument("--table", metavar="FILE", help="write the table to FILE")
    parser.add_argument("--verbose", action="store_true", help="print each diagnosis")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows, faults = [HEAD], 0
    for name, case in cases().items():
        if arguments.only and not any(part in name for part in arguments.only):
            continue
        torch.manual_seed(SEED)
        try:
            build, batch = case()
        except Missing as error:
            print(f"{name}: not checked, {error}")
            faults += 1
            continue
        torch.manual_seed(SEED)
        start = time.perf_counter()
        try:
            diagnosis = diagnose(build, batch)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}")
            faults += 1
            continue
        rows.append(row(name, diagnosis, time.perf_counter() - start))
        print(rows[-1], flush=True)
        if arguments.verbose:
            print(diagnosis)
        loud = [finding for finding in diagnosis.findings if finding.severity != "information"]
        for finding in loud:
            print(f"    {finding.severity} {finding.code} {finding.place}: {finding.message}")
        faults += {finding.code for finding in loud} != EXPECTED.get(name, set())
        gc.collect()
    if arguments.table:
        with open(arguments.table, "w", encoding="utf-8") as file:
            file.write("\n".join(rows) + "\n")
    print(f"{len(rows) - 1} models, {faults} with faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
