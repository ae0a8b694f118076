"""Checks the presets of module kinds (torch, keras, flax) against the libraries whose defaults they record.

    python -m checks.kinds --command winit-registry [--only torch keras] [--presets FOLDER] [--table FILE] [--verbose]

For each library small modules of every kind are built (random initialization, fixed seed). All their parameters and
buffers are written to one .safetensors file, with a spec that names the preset and declares the kinds, and the command
under test says which law each tensor has:

    COMMAND create m --spec spec.yaml --seed 1 --recipe-only --registry R
    COMMAND show m --json --registry R

Every tensor is then compared with its law (see `comparison`). A library that is missing is named, and its kinds count
as not checked. The exit status is 0 only if all kinds are checked and green.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence

import numpy as np

from .comparison import Array, Comparison, JSONObject, Problem
from .libraries import Missing
from .modules import LIBRARIES, Module
from .table import print_faults, write_table


def rules_text(path: str) -> str:
    """The rules in a preset's file, as lines of a spec. A spec puts rules of its own before them."""
    with open(path) as file:
        lines = file.read().split("\n")
    if "rules:" not in lines:
        raise Problem(f"{path}: no line `rules:`")
    before = [line for line in lines[: lines.index("rules:")] if line.strip() and not line.startswith("#")]
    if before:
        raise Problem(f"{path}: `{before[0]}` before its rules")
    return "\n".join(lines[lines.index("rules:") + 1 :])


def write_files(
    folder: str, preset: str, tensors: dict[str, Array], declared: Sequence[tuple[str, str]], presets: str | None
) -> tuple[str, str]:
    """Writes the .safetensors file and a spec beside it; returns both paths."""
    from safetensors.numpy import save_file

    path = os.path.join(folder, f"{preset}.safetensors")
    save_file({name: np.array(values, order="C") for name, values in tensors.items()}, path)
    own = [f"  - {{match: {json.dumps(pattern)}, kind: {kind}}}" for pattern, kind in declared]
    text = [f"like: {json.dumps(os.path.basename(path))}"]
    if presets is None:
        text += [f"preset: {preset}", "rules:", *own]
    else:
        text += ["rules:", *own, rules_text(os.path.join(presets, f"{preset}.yaml"))]
    spec = os.path.join(folder, f"{preset}.yaml")
    with open(spec, "w") as file:
        file.write("\n".join(text) + "\n")
    return path, spec


def run(command: Sequence[str], spec: str, registry: str) -> tuple[int, str, JSONObject | None]:
    """The status and the messages of `create`, and the answer of `show` unless the spec was refused."""
    arguments = ["create", "m", "--spec", spec, "--seed", "1", "--recipe-only", "--registry", registry]
    create = subprocess.run([*command, *arguments], capture_output=True, text=True)
    if create.returncode:
        return create.returncode, create.stderr or create.stdout, None
    show = subprocess.run([*command, "show", "m", "--json", "--registry", registry], capture_output=True, text=True)
    if show.returncode:
        raise Problem(f"`show` ended with status {show.returncode}: {(show.stderr or show.stdout).strip()[-400:]}")
    return 0, create.stderr, json.loads(show.stdout)


def refused(text: str, tensors: dict[str, Array]) -> tuple[set[str], list[str]]:
    """The tensors that a refusal names, and the lines of it that name none."""
    lines = [(set(line.replace("`", " ").split()) & set(tensors), line) for line in text.split("\n") if line.strip()]
    named: set[str] = set().union(*(names for names, _ in lines))
    return named, [line for names, line in lines if not names]


def check(
    preset: str, modules: Sequence[Module], command: Sequence[str], folder: str, presets: str | None, sigma: float
) -> list[str]:
    """The faults of one library. Each begins with a tensor's name."""
    tensors: dict[str, Array] = {}
    declared: list[tuple[str, str]] = []
    for module in modules:
        kinds = {"*": module.kind} if isinstance(module.kind, str) else module.kind
        separator = next(iter(module.tensors))[len(module.label)]
        declared += [(f"{module.label}{separator}{pattern}", kind) for pattern, kind in kinds.items()]
        tensors.update(module.tensors)
    path, spec = write_files(folder, preset, tensors, declared, presets)
    status, text, answer = run(command, spec, os.path.join(folder, f"{preset}.sqlite"))
    if answer is None:
        named, other = refused(text, tensors)
        count = f"; tensors refused: {len(named)}" if named else ""
        raise Problem(f"`create` ended with status {status}: {' '.join(other) or text.strip()[-400:]}{count}")
    faults = [f"warned: {line}" for line in text.split("\n") for p, _ in declared if f"rule for `{p}`" in line]
    return faults + Comparison(path, answer, sigma).faults


def table_rows(
    preset: str, version: str, modules: Sequence[Module], faults: Sequence[str], broken: str | None
) -> list[list[str]]:
    """A row for each kind, and one for the faults that belong to no kind."""
    kinds: dict[str, list[Module]] = {}
    for module in modules:
        name = module.kind if isinstance(module.kind, str) else ", ".join(dict.fromkeys(module.kind.values()))
        kinds.setdefault(name, []).append(module)
    rows = []
    other = list(faults)
    for name, members in kinds.items():
        names = [tensor for member in members for tensor in member.tensors]
        mine = [fault for fault in faults if fault.split(": ")[0].split(" part ")[0] in names]
        other = [fault for fault in other if fault not in mine]
        classes = ", ".join(dict.fromkeys(member.class_name for member in members))
        result = broken or (f"RED: {len(mine)} deviations" if mine else "green")
        rows.append([f"{preset}: {name}", f"{preset} {version}", classes, f"{len(names)}", result])
    if other and not broken:
        rows.append([preset, f"{preset} {version}", "", "", f"RED: {len(other)} deviations that belong to no kind"])
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m checks.kinds", description="Check the presets of module kinds against the libraries."
    )
    parser.add_argument("--command", default="winit-registry", help="the command to test, split as a shell would")
    parser.add_argument(
        "--only", nargs="+", metavar="PRESET", choices=sorted(LIBRARIES), help="check only these presets"
    )
    parser.add_argument(
        "--presets", metavar="FOLDER", help="take the rules from FOLDER/PRESET.yaml instead of the command's own"
    )
    parser.add_argument("--table", metavar="FILE", help="also write the table to FILE")
    parser.add_argument("--sigma", type=float, default=5.0, help="standard errors allowed (default 5)")
    parser.add_argument("--keep", metavar="FOLDER", help="keep specs, .safetensors and registries in an empty FOLDER")
    parser.add_argument("--verbose", action="store_true", help="list all deviations, not only the first ones")
    options = parser.parse_args()
    command = shlex.split(options.command)

    rows, green = [], True
    for preset in options.only or LIBRARIES:
        try:
            modules = LIBRARIES[preset]()
            version = importlib.metadata.version(preset)
        except Missing as error:
            green = False
            print(f"{preset}: NOT CHECKED, library missing: {error}", file=sys.stderr)
            rows.append([preset, preset, "none", "", f"not checked: {preset} is missing"])
            continue
        broken = None
        with tempfile.TemporaryDirectory() as folder:
            try:
                faults = check(preset, modules, command, options.keep or folder, options.presets, options.sigma)
            except (Problem, OSError, json.JSONDecodeError) as error:
                faults = [f"{error}"]
                broken = "RED: not compared"
        print_faults(faults, options.verbose)
        print(f"{preset}: {'RED' if faults else 'green'}", file=sys.stderr, flush=True)
        green = green and not faults
        rows += table_rows(preset, version, modules, faults, broken)
    write_table(["preset: kind", "library and version", "modules built", "tensors", "result"], rows, options.table)
    return 0 if green else 1


if __name__ == "__main__":
    sys.exit(main())
