"""Checks the presets of models against the libraries whose initialization they record.

    python -m checks.presets --command winit-registry [--only gpt2 bert] [--table FILE] [--verbose]

For each preset the models are built in the real library (random initialization, fixed seed), their state dicts are
written as .safetensors, and the command under test says which law its preset gives each tensor:

    COMMAND create m --preset NAME --like FILE --seed 1 --recipe-only --registry R
    COMMAND show m --json --registry R

A model of transformers also writes its `config.json` beside the file, from which the command takes the options of the
preset. Every entry of the state dict must be in the answer with its shape and dtype, and hold what its law says (see
`comparison`). A warning of `create` is a fault, because the models are healthy. The same model inside a wrapper, with a
prefix before all names, must get the same laws. A library that is missing is named, and its presets count as not
checked. The exit status is 0 only if all presets are checked and green.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .architectures import PRESETS
from .comparison import Comparison, JSONObject, Problem
from .libraries import SEED, Missing
from .table import print_faults, write_table


def write_model(build: Callable[[], Any], path: str) -> None:
    """Builds a model with a fixed seed and writes its whole state dict, each shared tensor as a copy of its own."""
    import torch
    from safetensors.torch import save_file

    torch.set_num_threads(1)
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    model = build()
    state = model.state_dict()
    if hasattr(getattr(model, "config", None), "save_pretrained"):
        model.config.save_pretrained(os.path.dirname(path))
    save_file({name: v.detach().clone().contiguous() for name, v in state.items() if isinstance(v, torch.Tensor)}, path)


def answer(command: Sequence[str], preset: str, path: str, folder: str) -> JSONObject:
    """What the command under test says about the state dict at `path`. Its warnings are a problem."""
    registry = os.path.join(folder, "registry.sqlite")
    name = "m" + format(zlib.crc32(path.encode()), "x")
    shown = ""
    for arguments in (
        ["create", name, "--preset", preset, "--like", path, "--seed", "1", "--recipe-only"],
        ["show", name, "--json"],
    ):
        run = subprocess.run([*command, *arguments, "--registry", registry], capture_output=True, text=True)
        if run.returncode:
            said = (run.stderr or run.stdout).strip()[-400:]
            raise Problem(f"`{arguments[0]}` ended with status {run.returncode}: {said}")
        if "warning:" in run.stderr:
            raise Problem(f"`{arguments[0]}` warned: {run.stderr.strip()[-400:]}")
        shown = run.stdout
    parsed: JSONObject = json.loads(shown)
    return parsed


WRAPPER = "module.encoder."
"""The prefix of names inside a wrapper: a module in which a library could have named something itself."""

LARGE = 100_000_000
"""A file of more bytes is not written a second time with the prefix."""


def unwrapped(value: Any) -> Any:
    """An answer without the prefix of its names."""
    if isinstance(value, dict):
        return {key: unwrapped(member) for key, member in value.items()}
    if isinstance(value, list):
        return [unwrapped(element) for element in value]
    return value.removeprefix(WRAPPER) if isinstance(value, str) else value


def wrapper_faults(command: Sequence[str], preset: str, path: str, plain: JSONObject, folder: str) -> list[str]:
    """The tensors whose laws change when a wrapper puts a prefix before all names."""
    from safetensors.numpy import load_file, save_file

    if os.path.getsize(path) > LARGE:
        return []
    place = os.path.join(folder, "wrapped")
    os.makedirs(place, exist_ok=True)
    configuration = os.path.join(os.path.dirname(path), "config.json")
    if os.path.exists(configuration):
        shutil.copy(configuration, place)
    wrapped = os.path.join(place, "model.safetensors")
    save_file({WRAPPER + name: value for name, value in load_file(path).items()}, wrapped)
    laws = {entry["name"]: entry["law"] for entry in plain["tensors"]}
    found = {entry["name"]: entry["law"] for entry in unwrapped(answer(command, preset, wrapped, folder)["tensors"])}
    names = sorted(name for name in laws.keys() | found.keys() if laws.get(name) != found.get(name))
    return [f"{name}: another law with the prefix {WRAPPER}" for name in names]


def check(preset: str, command: Sequence[str], options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Checks one preset: its row of the table, and its faults.

    Raises:
        Missing: If its library is not installed.
    """
    distribution, models = PRESETS[preset]
    entries = models()
    version = importlib.metadata.version(distribution)
    labels: list[str] = []
    faults: list[str] = []
    kinds: dict[str, int] = {}
    count = clamped = 0
    for label, build in entries:
        with tempfile.TemporaryDirectory() as folder:
            place = os.path.join(options.keep or folder, f"{preset}-{len(labels)}")
            os.makedirs(place, exist_ok=True)
            path = os.path.join(place, "model.safetensors")
            labels.append(label)
            try:
                write_model(build, path)
                said = answer(command, preset, path, folder)
                compared = Comparison(path, said, options.sigma)
                compared.faults += wrapper_faults(command, preset, path, said, folder)
            except (Problem, OSError, json.JSONDecodeError) as error:
                faults.append(f"{label}: {error}")
                continue
            count += compared.count
            clamped += compared.clamped
            for kind, number in compared.kinds.items():
                kinds[kind] = kinds.get(kind, 0) + number
            faults += [f"{label}: {fault}" for fault in compared.faults]
        print(f"{preset}: {label}: {'green' if not compared.faults else 'RED'}", file=sys.stderr, flush=True)
    result = f"RED: {len(faults)} deviations" if faults else "green"
    if clamped:
        result += f"; elements clamped to a far cut, set apart: {clamped}"
    tensors = f"{count} ({kinds['literal']} literal)" if kinds.get("literal") else f"{count}"
    return [preset, f"{distribution} {version}", "; ".join(labels), tensors, result], faults


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m checks.presets", description="Check the presets of models against the libraries."
    )
    parser.add_argument("--command", default="winit-registry", help="the command to test, split as a shell would")
    parser.add_argument("--only", nargs="+", metavar="PRESET", choices=sorted(PRESETS), help="check only these presets")
    parser.add_argument("--table", metavar="FILE", help="also write the table to FILE")
    parser.add_argument("--sigma", type=float, default=5.0, help="standard errors allowed (default 5)")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the .safetensors files in FOLDER")
    parser.add_argument("--verbose", action="store_true", help="list all deviations, not only the first ones")
    options = parser.parse_args()
    command = shlex.split(options.command)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

    rows, green = [], True
    for preset in options.only or PRESETS:
        try:
            row, faults = check(preset, command, options)
        except Missing as error:
            distribution = PRESETS[preset][0]
            print(f"{preset}: NOT CHECKED, library missing: {error}", file=sys.stderr)
            rows.append([preset, distribution, "none", "", f"not checked: {distribution} is missing"])
            green = False
            continue
        print_faults(faults, options.verbose)
        rows.append(row)
        green = green and not faults
    write_table(["preset", "library and version", "architectures built", "tensors", "result"], rows, options.table)
    return 0 if green else 1


if __name__ == "__main__":
    sys.exit(main())
