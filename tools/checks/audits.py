"""Audits models of torch.nn, transformers and timm as their libraries build them; makes the table of docs/audits.md.

    PYTHONPATH=python/src:tools python -m checks.audits [--only NAME …] [--table FILE]

Each model is built in a process of its own, once plainly and then by `winit.torch.audit`; the table has the processor
time of both, on one thread. Every finding is printed. What is expected is in `EXPECTED`: the modules of torch.nn that
copy layers. The exit status is 0 only if each model has the expected findings and no others, and nothing was left
unchecked.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from typing import Any

from .audit_models import Build, build, names
from .libraries import Missing

EXPECTED = {
    "torch.nn: TransformerEncoder": {"equal_tensors"},  # copies one layer (pytorch issues 72253, 86274)
    "torch.nn: Transformer": {"equal_tensors"},  # draws matrices again, but not the biases of its copies
}
"""The kinds of findings of models whose own library builds them so."""


def measure(made: Build) -> dict[str, Any]:
    """Builds a model plainly, and audits it; in the process of its own."""
    import torch

    from winit.torch import audit

    torch.set_num_threads(1)
    made()  # imports, caches
    start = time.process_time()
    made()
    plain = time.process_time() - start
    audit(made)
    start = time.process_time()
    result = audit(made)
    return {**result.as_dict(), "plain_seconds": plain, "audit_seconds": time.process_time() - start}


def measured_apart(name: str) -> dict[str, Any]:
    """Measures a model in a process that is forked, so that the libraries are imported once."""
    made = build(name)  # imports the library here
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(measure(made)))
    child.start()
    sender.close()
    try:
        value: dict[str, Any] = receiver.recv()
    except EOFError:
        raise Missing("its process failed") from None
    finally:
        child.join()
    return value


def row(name: str, value: dict[str, Any]) -> str:
    """Returns a row of the table."""
    kinds = sorted({finding["kind"] for finding in value["findings"]})
    library, _, model = name.partition(": ")
    cells = [
        library,
        model,
        f"{value['parameter_count']:,}",
        f"{value['buffer_count']:,}",
        f"{value['element_count']:,}",
        f"{value['watched_count']:,}",
        str(value["builds"]),
        ", ".join(f"{kind} ({sum(f['kind'] == kind for f in value['findings'])})" for kind in kinds) or "none",
        f"{1000 * value['plain_seconds']:.0f}",
        f"{1000 * value['audit_seconds']:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


HEAD = """\
| library | model | parameters | buffers | elements | compared | builds | findings | build, ms | audit, ms |
| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: |"""


def main() -> int:
    """Runs the checks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="parts of the names of models")
    parser.add_argument("--table", metavar="FILE", help="write the table to FILE")
    arguments = parser.parse_args()
    rows, faults = [HEAD], 0
    for name in names():
        if arguments.only and not any(part in name for part in arguments.only):
            continue
        try:
            value = measured_apart(name)
        except Missing as error:
            print(f"{name}: not checked, {error}")
            faults += 1
            continue
        rows.append(row(name, value))
        print(rows[-1], flush=True)
        for entry in [*value["findings"], *value["not_checked"]]:
            print(f"    {entry.get('message') or entry}")
        kinds = {finding["kind"] for finding in value["findings"]}
        faults += kinds != EXPECTED.get(name, set()) or bool(value["not_checked"])
    if arguments.table:
        with open(arguments.table, "w", encoding="utf-8") as file:
            file.write("\n".join(rows) + "\n")
    print(f"{len(rows) - 1} models, {faults} with faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
