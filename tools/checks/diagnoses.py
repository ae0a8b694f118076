"""Diagnoses files of models as their libraries initialize them, and planted faults; makes tables of docs/diagnoses.md.

    PYTHONPATH=python/src:tools python -m checks.diagnoses [--command FILE] [--only NAME …] [--table FILE]

The state of each model is written to a file of safetensors, which `winit-registry diagnose` reads alone: without a spec
it has the rules on tensors, and those on layers for the files that pass the test of chains. No file may have a warning,
but for the layers that nn.TransformerEncoder copies. Then each fault is planted in a file of GPT-2, and must be found
and nothing else. The exit status is 0 only if all of this holds.
"""

from __future__ import annotations

import argparse
import collections
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .audit_models import TORCH
from .diagnosed_models import cases
from .libraries import SEED, Missing, need

CLONES = {"identical-tensors"}
VANISHING = {"vanishing-forward", "vanishing-backward"}
EXPECTED = {
    "torch.nn: TransformerEncoder": CLONES,  # copies one layer (pytorch issues 86274, 120396)
    "torch.nn: TransformerEncoder, 2 layers": CLONES,
    "own: VGG-16, PyTorch's default": VANISHING,
    "own: VGG-16, N(0, 0.01²)": VANISHING,
}
"""The codes of the warnings and errors of models that have some, by the library or on purpose."""

State = dict[str, Any]
Plant = Callable[[Any], Any]


def own() -> dict[str, Callable[[], Any]]:
    """Returns models of no library: VGG-16 with two scales that vanish, and designs that only look like faults."""
    import torch
    from torch import nn

    def vgg(initialize: Callable[[Any], Any]) -> Any:
        model = need("torchvision").models.vgg16(init_weights=False)
        return model.apply(lambda layer: initialize(layer) if hasattr(layer, "weight") else None)

    def small(layer: Any) -> None:
        nn.init.normal_(layer.weight, 0, 0.01)
        nn.init.zeros_(layer.bias)

    def zeroed(layer: Any) -> Any:
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer

    def adapter() -> Any:
        names = [f"layers.{i}.{name}" for i in range(4) for name in ("q_proj", "v_proj")]
        pairs = {n.replace(".", "_"): nn.Linear(64, 64) for n in names}
        model = nn.ModuleDict(pairs)
        for name in pairs:
            model[name].lora_A = nn.Linear(64, 8, bias=False)
            model[name].lora_B = nn.Linear(8, 64, bias=False)
            nn.init.zeros_(model[name].lora_B.weight)
        return model

    def modulated() -> Any:
        def block() -> Any:
            return nn.ModuleDict(
                {"attn": nn.Linear(64, 192), "mlp": nn.Linear(64, 64), "ada": zeroed(nn.Linear(64, 384))}
            )

        blocks = nn.ModuleList(block() for _ in range(6))
        return nn.ModuleDict({"blocks": blocks, "final_layer": zeroed(nn.Linear(64, 16))})

    def critics() -> Any:
        nets = {name: nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1)) for name in ("q1", "q2")}
        model = nn.ModuleDict(nets)
        for name in ("q1", "q2"):
            model[f"target_{name}"] = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
            model[f"target_{name}"].load_state_dict(model[name].state_dict())
        return model

    def shuffled() -> Any:
        up = nn.Conv2d(32, 128, 3, padding=1)
        kernel = torch.empty(32, 32, 3, 3)
        nn.init.kaiming_normal_(kernel)
        up.weight.data = kernel.repeat_interleave(4, dim=0)
        nn.init.zeros_(up.bias)
        return nn.Sequential(up, nn.PixelShuffle(2), nn.Conv2d(32, 3, 3))

    return {
        "own: VGG-16, PyTorch's default": lambda: vgg(lambda layer: layer.reset_parameters()),
        "own: VGG-16, N(0, 0.01²)": lambda: vgg(small),
        "own: low-rank adapters": adapter,
        "own: blocks with zero modulation, as DiT": modulated,
        "own: critics with targets, as TD3": critics,
        "own: ICNR before a pixel shuffle": shuffled,
    }


def builds() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Returns a name and a build for each model; the build raises `Missing` without its library."""
    for name, case in cases().items():
        yield name, lambda case=case: case()[0]()  # type: ignore[misc]
    for name, made in TORCH.items():
        full = "torch.nn: TransformerEncoder, 2 layers" if name == "TransformerEncoder" else f"torch.nn: {name}"
        yield full, lambda made=made: made(need("torch").nn)  # type: ignore[misc]
    yield from own().items()


def state(model: Any) -> State:
    """Returns the tensors of a model; of tied tensors only the first, as `safetensors.torch.save_model` does."""
    kept: State = {}
    seen: set[tuple[int, tuple[int, ...]]] = set()
    for name, tensor in model.state_dict().items():
        key = (tensor.data_ptr(), tuple(tensor.shape))
        if tensor.numel() and key in seen:
            continue
        seen.add(key)
        kept[name] = tensor.detach().contiguous().clone()
    return kept


def diagnose(command: str, tensors: State, *options: str) -> tuple[dict[str, Any], float]:
    """Returns what the command says of a file of tensors, and the seconds that it takes."""
    from safetensors.torch import save_file

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model.safetensors")
        save_file(tensors, path)
        start = time.perf_counter()
        done = subprocess.run([command, "diagnose", path, "--json", *options], capture_output=True, text=True)
        seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"exit status {done.returncode}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document, seconds


def loud(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the errors and the warnings."""
    return [finding for finding in document["findings"] if finding["severity"] != "information"]


def codes(document: dict[str, Any]) -> str:
    """Returns the codes with their severities and counts."""
    counts = collections.Counter(f"{each['code']} ({each['severity']})" for each in document["findings"])
    return ", ".join(f"{code} × {count}" if count > 1 else code for code, count in counts.items()) or "none"


def check_models(command: str, only: list[str], rows: list[str]) -> int:
    """Diagnoses the models; returns the number of faults."""
    import torch

    faults = 0
    for name, build in builds():
        if only and not any(part in name for part in only):
            continue
        torch.manual_seed(SEED)
        try:
            document, seconds = diagnose(command, state(build()))
        except (Missing, RuntimeError) as error:
            print(f"{name}: not checked, {error}")
            faults += 1
            continue
        library, _, model = name.partition(": ")
        elements = sum(tensor["count"] for tensor in document["tensors"])
        cells = [library, model, str(len(document["tensors"])), f"{elements:,}", codes(document), f"{seconds:.2f}"]
        rows.append(f"| {' | '.join(cells)} |")
        print(rows[-1], flush=True)
        for finding in document["findings"]:
            place = finding["tensor"] or finding["layer"]
            print(f"    {finding['severity']} {finding['code']} {place}: {finding['message']}")
        faults += {finding["code"] for finding in loud(document)} != EXPECTED.get(name, set())
    return faults


def copied(tensor: Any, axis: int, source: int, target: int) -> Any:
    """Returns a tensor in which one row or column is a copy of another."""
    made = tensor.clone()
    made.select(axis, target).copy_(tensor.select(axis, source))
    return made


def plants() -> dict[str, tuple[str, Plant]]:
    """Returns for each fault what it does to a weight [inputs, outputs], and the finding that it must give."""
    import torch

    def with_nan(tensor: Any) -> Any:
        made = tensor.clone()
        made.view(-1)[11] = math.nan
        return made

    return {
        "zeros": ("warning all-zero-weights", torch.zeros_like),
        "a constant": ("warning constant-weights", lambda w: torch.full_like(w, 0.02)),
        "an output copied": ("warning identical-neurons", lambda w: copied(w, 1, 3, 7)),
        "all outputs equal": ("error identical-neurons", lambda w: w[:, :1].expand_as(w).contiguous()),
        "one NaN": ("error non-finite", with_nan),
        "× 10": ("warning odd-one-out", lambda w: 10 * w),
        "× 2": ("warning odd-one-out", lambda w: 2 * w),
        "× 1.2": ("warning odd-one-out", lambda w: 1.2 * w),
        "÷ √2, Xavier among He": ("warning odd-one-out", lambda w: w / math.sqrt(2)),
        "U[0, 1)": ("warning nonzero-mean", torch.rand_like),
        "half of the outputs zero": ("warning zero-rows", lambda w: w * (torch.arange(w.shape[1]) % 2)),
    }


WEIGHTS = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")


def check_plants(command: str, rows: list[str]) -> int:
    """Plants each fault in each weight of a block in the middle of GPT-2; returns the number of faults of the rules."""
    import torch

    transformers = need("transformers")
    torch.manual_seed(SEED)
    whole = state(
        transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=12, n_embd=192, n_head=6, vocab_size=2000))
    )
    faults = 0
    for fault, (expected, plant) in {**plants(), "a layer cloned": ("warning identical-tensors", None)}.items():
        found: list[str] = []
        for weight in WEIGHTS:
            name = f"transformer.h.6.{weight}.weight"
            torch.manual_seed(SEED)
            tensor = plant(whole[name]) if plant else whole[f"transformer.h.5.{weight}.weight"].clone()
            document, _ = diagnose(command, {**whole, name: tensor}, "--layout", "keras")
            text = [f"{each['severity']} {each['code']} {each['tensor']}" for each in document["findings"]]
            if text != [f"{expected} {name}"]:
                print(f"{fault} in {name}: expected {expected}, found {text or 'nothing'}")
                faults += 1
                found.append("; ".join(text) or "nothing")
        rows.append(f"| {fault} | {expected} | {len(WEIGHTS) - len(found)} of {len(WEIGHTS)} |")
        print(rows[-1], flush=True)
    return faults


MODELS = """\
| library | model | tensors | elements | findings | seconds |
| --- | --- | ---: | ---: | --- | ---: |"""
PLANTS = """\
| fault | finding | found, and nothing else |
| --- | --- | ---: |"""


def main() -> int:
    """Runs the checks."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default=".build/release/winit-registry", metavar="FILE", help="the command")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="parts of the names of models")
    parser.add_argument("--table", metavar="FILE", help="write the tables to FILE")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    models, planted = [MODELS], [PLANTS]
    faults = check_models(arguments.command, arguments.only, models)
    if not arguments.only or "plants" in arguments.only:
        faults += check_plants(arguments.command, planted)
    if arguments.table:
        with open(arguments.table, "w", encoding="utf-8") as file:
            file.write("\n".join([*models, "", *planted]) + "\n")
    print(f"{len(models) - 1} models and {len(planted) - 1} faults, {faults} not as expected")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
