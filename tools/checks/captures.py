"""Compares captured laws with models that their libraries really build.

    python -m checks.captures                    all models; a table in Markdown
    python -m checks.captures --only mamba       models whose name contains the text
    python -m checks.captures --here NAME        a model in this process, as JSON

The exit status is 1 if a model was not captured, has an entry without a law, or deviates from its laws.
"""

from __future__ import annotations

import argparse
import collections
import json
import subprocess
import sys
import time
from typing import Any

from .captured_models import models
from .libraries import SEED, Missing

_TOGETHER = 12
"""Models that one process checks; their libraries are imported once."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="models whose name contains this text")
    parser.add_argument("--here", metavar="NAME", nargs="+", help="these models, in this process, a line of JSON each")
    arguments = parser.parse_args()
    if arguments.here:
        for name in arguments.here:
            print(json.dumps(check(name)), flush=True)
        return 0
    names = [name for name in models() if arguments.only.lower() in name.lower()]
    print(
        "| model | entries | laws | bytes of one build | deviations | seconds |\n| --- | --- | --- | --- | --- | --- |"
    )
    rows, good = list[dict[str, Any]](), True
    while names:
        reports = _in_a_process(names[:_TOGETHER])
        for report in reports:
            good &= not (report.get("error") or report.get("unresolved") or report.get("deviations"))
            print(_row(report), flush=True)
        rows += reports
        names = names[len(reports) :]
    _say_versions(rows)
    return 0 if good else 1


def _in_a_process(names: list[str]) -> list[dict[str, Any]]:
    """Checks models in a process of their own, up to the first one that fails."""
    command = [sys.executable, "-m", "checks.captures", "--here", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    reports: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0:
        reports.append({"name": names[len(reports)], "error": (done.stderr.strip().splitlines() or ["no output"])[-1]})
    return reports


def check(name: str) -> dict[str, Any]:
    """Captures a model, builds it, and compares the two."""
    import torch

    from winit.torch import capture
    from winit.torch.capturing import deviations

    torch.set_num_threads(1)
    build = models()[name]
    try:
        build()  # imports, before the time is taken
    except Missing as missing:
        return {"name": name, "error": f"not run: {missing}"}
    begin = time.perf_counter()
    plain = capture(build)
    seconds = time.perf_counter() - begin
    spec = capture(build, fallback="literal") if plain.unresolved else plain
    torch.manual_seed(SEED)
    module = build()
    found = deviations(module, spec)
    kept = [t for t in spec.tensors if t.name in plain.unresolved]
    found = [d for d in found if d.tensor not in plain.unresolved]
    outliers = [str(d) for d in found if d.what == "outlier"]
    found = [d for d in found if d.what != "outlier"]
    spec.recipe(1)
    return {
        "name": name,
        "seconds": round(seconds, 2),
        "entries": len(spec.tensors) + len(spec.unresolved),
        "laws": collections.Counter(str(t.law["law"]) for t in spec.tensors if t.name not in plain.unresolved),
        "kept": {t.name: plain.unresolved[t.name] for t in kept},
        "unresolved": dict(spec.unresolved),
        "missing": [n for n in module.state_dict() if n not in {t.name for t in spec.tensors}],
        "deviations": [str(d) for d in found],
        "outliers": outliers,
        "assumptions": list(spec.assumptions),
        "software": dict(spec.software),
    }


def _row(report: dict[str, Any]) -> str:
    if report.get("error"):
        return f"| {report['name']} | {report['error']} | | | | |"
    laws = ", ".join(f"{count} {law}" for law, count in sorted(report["laws"].items(), key=lambda item: -item[1]))
    kept = ", ".join(f"`{name}`" for name in list(report["kept"])[:2]) + (" …" if len(report["kept"]) > 2 else "")
    wrong = "; ".join([*report["deviations"][:3], *(f"`{n}`: {r}" for n, r in list(report["unresolved"].items())[:2])])
    wrong += "; ".join(f"missing `{n}`" for n in report["missing"])
    if report["outliers"]:
        wrong += (
            f" ({len(report['outliers'])} with outliers of the library)"
            if wrong
            else "none but outliers of the library"
        )
    return f"| {report['name']} | {report['entries']} | {laws} | {kept} | {wrong or 'none'} | {report['seconds']:.2f} |"


def _say_versions(rows: list[dict[str, Any]]) -> None:
    versions: dict[str, str] = {}
    for row in rows:
        versions |= {k: v for k, v in row.get("software", {}).items() if k in _LIBRARIES}
    print("\n" + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())))


_LIBRARIES = ("torch", "transformers", "timm", "torchvision")

if __name__ == "__main__":
    sys.exit(main())
