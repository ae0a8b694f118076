"""The vectors of passes through chains of dense layers: `passes.txt`.

The definitions are written out, such as cosines of all pairs. The gradients through norms and residual sums are
complex steps of the whole network.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from winit import reference
from winit.reference import Law, Tensor

from .vector_pass_functions import FUNCTIONS, Array, softmax
from .vector_text import json_lines

# --- Passes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """A dense layer: its sizes, its laws and its activation."""

    inputs: int
    outputs: int
    law: Law
    activation: str
    bias: Law | None = None


@dataclass(frozen=True)
class Pass:
    """A pass through a chain of layers."""

    name: str
    layers: tuple[Layer, ...]
    seed: int = 7
    batch: int = 64
    input_std: float = 1.0
    layout: str = "torch"
    loss: str | None = None


def values(seed: int, name: str, shape: tuple[int, ...], law: Law) -> Array:
    data = reference.canonical_bytes(seed, Tensor(name, "float32", shape, law))
    return reference.float_values(data, "float32").reshape(shape)


def rounded(number: float) -> float:
    """Nine digits, which do not depend on the order in which a version of NumPy adds."""
    return float(f"{number:.9g}")


def rms(array: Array) -> float:
    return float(np.sqrt(np.mean(array**2)))


def cosine(y: Array) -> float | None:
    """The mean over all pairs of different samples, without those that are 0."""
    y = y[np.any(y != 0, axis=1)]
    if len(y) < 2:
        return None
    u = y / np.linalg.norm(y, axis=1, keepdims=True)
    cosines = u @ u.T
    return float(cosines[~np.eye(len(u), dtype=bool)].mean())


def measured(y: Array, activation: str, gradient: Array) -> dict[str, float | None]:
    found = {
        "rms": rms(y),
        "signal": rms(y.std(axis=0)),
        "gradient": rms(np.linalg.norm(gradient, axis=1)),
        "dead": float(np.mean(np.all(y == 0, axis=0))) if activation in ("relu", "relu6") else None,
        "saturated": None,
        "cosine": cosine(y),
    }
    if activation == "tanh":
        found["saturated"] = float(np.mean(np.abs(y) > 0.99))
    if activation == "sigmoid":
        found["saturated"] = float(np.mean((y < 0.01) | (y > 0.99)))
    return {key: None if value is None else rounded(value) for key, value in found.items()}


def row(case: Pass) -> dict[str, object]:
    weights, biases = [], []
    described: list[dict[str, object]] = []
    for index, layer in enumerate(case.layers):
        name = f"layers.{index}.weight"
        shape = (layer.outputs, layer.inputs) if case.layout == "torch" else (layer.inputs, layer.outputs)
        w = values(case.seed, name, shape, layer.law)
        weights.append(w if case.layout == "torch" else w.T)
        entry: dict[str, object] = {"shape": list(shape), "law": layer.law, "activation": layer.activation}
        biases.append(np.zeros(layer.outputs))
        if layer.bias is not None:
            entry["bias"] = layer.bias
            biases[-1] = values(case.seed, f"layers.{index}.bias", (layer.outputs,), layer.bias)
        described.append(entry)

    normal = reference.normal(std=case.input_std)
    x = values(case.seed, "winit-diagnosis/input", (case.batch, case.layers[0].inputs), normal)
    before, after = [], [x]
    for layer, w, b in zip(case.layers, weights, biases, strict=True):
        before.append(after[-1] @ w.T + b)
        is_softmax = layer.activation == "softmax"
        after.append(softmax(before[-1]) if is_softmax else FUNCTIONS[layer.activation][0](before[-1]))

    last = case.layers[-1]
    found: dict[str, object] = {}
    if case.loss == "cross_entropy" or (case.loss is None and last.activation == "softmax"):
        stream = reference.name_stream("winit-diagnosis/labels")
        words = reference.words(case.seed, stream, 0, case.batch)
        labels = [int(word) * last.outputs >> 32 for word in words]
        logits = before[-1] if last.activation == "softmax" else after[-1]
        p = softmax(logits)
        found["cross_entropy"] = rounded(-float(np.mean(np.log(p[np.arange(case.batch), labels]))))
        g = (p - np.eye(last.outputs)[labels]) / case.batch
    else:
        g = values(case.seed, "winit-diagnosis/gradient", (case.batch, last.outputs), reference.normal())
        if last.activation == "softmax":
            # The Jacobian of each sample.
            g = np.stack([(np.diag(p) - np.outer(p, p)) @ d for p, d in zip(after[-1], g, strict=True)])
    gradients = []
    for index in reversed(range(len(case.layers))):
        activation = case.layers[index].activation
        if activation != "softmax":
            g = g * FUNCTIONS[activation][1](before[index])
        gradients.append(g)
        g = g @ weights[index]

    result: dict[str, object] = {
        "name": case.name, "seed": str(case.seed), "batch": case.batch, "input_std": case.input_std,
        "layout": case.layout, "layers": described, "input_signal": rounded(rms(x.std(axis=0))),
    }  # fmt: skip
    if case.loss is not None:
        result["loss"] = case.loss
    # What a softmax gives is measured before it, as logits.
    outputs = [
        z if layer.activation == "softmax" else y for layer, z, y in zip(case.layers, before, after[1:], strict=True)
    ]
    pairs = zip(case.layers, outputs, reversed(gradients), strict=True)
    result["measured"] = [measured(y, layer.activation, gradient) for layer, y, gradient in pairs]
    return result | found


# --- Norms and residual sums -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Norm:
    """A norm, its laws and the activation behind it."""

    kind: str
    units: int
    weight: Law | None = None
    bias: Law | None = None
    activation: str = "linear"


@dataclass(frozen=True)
class Residual:
    """The sum of two lists of entries, and the activation behind it."""

    branch: tuple[Entry, ...]
    shortcut: tuple[Entry, ...] = ()
    activation: str = "linear"


Entry = Layer | Norm | Residual


class Network:
    """Entries with the elements of their tensors, which take complex numbers."""

    def __init__(self, seed: int, entries: tuple[Entry, ...]) -> None:
        self.seed = seed
        self.count = 0
        self.steps = [self.step(entry) for entry in entries]
        self.rows: list[Array] = []
        self.outputs: list[Array] = []
        self.moved: tuple[int, int, int] | None = None

    def values(self, shape: tuple[int, ...], law: Law | None, name: str) -> Array | None:
        return None if law is None else values(self.seed, f"layers.{self.count - 1}.{name}", shape, law)

    def step(self, entry: Entry) -> tuple[Entry, Any]:
        if isinstance(entry, Residual):
            return entry, ([self.step(e) for e in entry.branch], [self.step(e) for e in entry.shortcut])
        self.count += 1
        if isinstance(entry, Norm):
            shape = (entry.units,)
            return entry, (self.values(shape, entry.weight, "weight"), self.values(shape, entry.bias, "bias"))
        weight = self.values((entry.outputs, entry.inputs), entry.law, "weight")
        return entry, (weight, self.values((entry.outputs,), entry.bias, "bias"))

    def run(self, steps: list[tuple[Entry, Any]], x: Array) -> Array:
        for entry, tensors in steps:
            if isinstance(entry, Residual):
                x = self.run(tensors[0], x) + self.run(tensors[1], x)
            elif isinstance(entry, Norm):
                x = self.norm(entry.kind, x)
                x = x if tensors[0] is None else x * tensors[0]
                x = x if tensors[1] is None else x + tensors[1]
            else:
                x = x @ tensors[0].T
                x = x if tensors[1] is None else x + tensors[1]
            if self.moved is not None and self.moved[0] == len(self.rows):
                x = x.astype(complex)
                x[self.moved[1:]] += 1e-30j
            self.rows.append(x)
            x = FUNCTIONS[entry.activation][0](x)
            self.outputs.append(x)
        return x

    @staticmethod
    def norm(kind: str, x: Array) -> Array:
        axis = 0 if kind == "batch" else 1
        if kind != "rms":
            x = x - x.mean(axis=axis, keepdims=True)
        return np.asarray(x / np.sqrt((x * x).mean(axis=axis, keepdims=True) + (1e-6 if kind == "rms" else 1e-5)))

    def __call__(self, x: Array, moved: tuple[int, int, int] | None = None) -> Array:
        self.rows, self.outputs, self.moved = [], [], moved
        return self.run(self.steps, x)


def description(entry: Entry) -> dict[str, object]:
    shown: dict[str, object] = {"activation": entry.activation}
    if isinstance(entry, Residual):
        shown["residual"] = [description(e) for e in entry.branch]
        shown["shortcut"] = [description(e) for e in entry.shortcut]
        return shown
    if isinstance(entry, Norm):
        shown |= {"norm": entry.kind, "shape": [entry.units]}
    else:
        shown["shape"] = [entry.outputs, entry.inputs]
    for key, law in (("law", entry.weight if isinstance(entry, Norm) else entry.law), ("bias", entry.bias)):
        if law is not None:
            shown[key] = law
    return shown


def network_row(name: str, inputs: int, entries: tuple[Entry, ...]) -> dict[str, object]:
    """A pass whose gradients are complex steps of the whole network, one element at a time."""
    seed, batch = 11, 64
    network = Network(seed, entries)
    x = values(seed, "winit-diagnosis/input", (batch, inputs), reference.normal())
    y = network(x)
    g = values(seed, "winit-diagnosis/gradient", y.shape, reference.normal())
    rows, outputs = network.rows, network.outputs
    found = []
    activations: list[str] = []

    def collect(entry: Entry) -> None:
        if isinstance(entry, Residual):
            for inner in (*entry.branch, *entry.shortcut):
                collect(inner)
        activations.append(entry.activation)

    for entry in entries:
        collect(entry)
    for index, before in enumerate(rows):
        gradient = np.zeros(before.shape)
        for sample, unit in np.ndindex(*before.shape):
            gradient[sample, unit] = np.imag((network(x, (index, sample, unit)) * g).sum()) / 1e-30
        found.append(measured(outputs[index], activations[index], gradient))
    return {
        "name": name, "seed": str(seed), "batch": batch, "input_std": 1.0, "layout": "torch",
        "layers": [description(entry) for entry in entries], "input_signal": rounded(rms(x.std(axis=0))),
        "measured": found,
    }  # fmt: skip


def networks() -> Iterator[tuple[str, int, tuple[Entry, ...]]]:
    def dense(inputs: int, outputs: int, activation: str = "linear", gain: float = 1.0) -> Layer:
        bias = reference.normal(mean=0.3, std=0.2)
        return Layer(inputs, outputs, reference.normal(std=gain / math.sqrt(inputs)), activation, bias)

    scale, shift = reference.uniform(0.5, 1.5), reference.normal(std=0.3)
    for kind in ("layer", "rms", "batch"):
        norm = Norm(kind, 7, scale, None if kind == "rms" else shift, "tanh")
        yield f"{kind} norm", 5, (dense(5, 7, gain=3), norm, dense(7, 4), Norm(kind, 4))
    block = (Norm("layer", 6, scale), dense(6, 9, "silu"), dense(9, 6))
    yield "pre-norm residuals", 5, (dense(5, 6), Residual(block), Residual(block), Norm("layer", 6), dense(6, 3))
    post = Residual((dense(6, 6, "tanh"), dense(6, 4)), (dense(6, 4),), "softplus")
    # The gradient of the sum goes into an activation and past it.
    yield "shortcut", 6, (dense(6, 6), Residual((dense(6, 6, "gelu_tanh"),)), post, dense(4, 2))
    yield "norm in a branch", 6, (dense(6, 6, "silu"), Residual((dense(6, 6), Norm("layer", 6))), dense(6, 2))
    yield "nested residuals", 4, (Residual((Residual((dense(4, 4, "tanh"),)), dense(4, 4))), dense(4, 4))
    yield "empty branch", 4, (dense(4, 4, "tanh"), Residual(()), dense(4, 3))


# --- The file --------------------------------------------------------------------------------------------------


def chain(widths: list[int], activation: str, gain: float, bias: Law | None = None) -> tuple[Layer, ...]:
    """Layers with normal weights of std gain / √inputs."""
    pairs = itertools.pairwise(widths)
    return tuple(
        Layer(inputs, outputs, reference.normal(std=gain / math.sqrt(inputs)), activation, bias)
        for inputs, outputs in pairs
    )


def passes() -> Iterator[Pass]:
    for activation in FUNCTIONS:
        yield Pass(activation, chain([20, 24, 17, 9], activation, 1.4, reference.normal(std=0.1)))
    # Saturated and dead units, and the parts of the functions far from 0.
    for activation in ("tanh", "sigmoid", "relu6", "hardswish", "gelu", "mish", "selu", "softplus"):
        yield Pass(f"{activation}, large", chain([20, 24, 24], activation, 8))
    dead = Layer(20, 24, reference.normal(std=0.1), "relu", reference.normal(mean=-1.0, std=0.2))
    yield Pass("dead units", (dead, Layer(24, 5, reference.normal(std=0.2), "linear")))
    yield Pass("zero samples", (Layer(20, 2, reference.normal(), "relu"), Layer(2, 3, reference.normal(), "relu")))
    # More terms, columns and samples than are computed together.
    yield Pass("wide", chain([530, 131, 300, 3], "relu", math.sqrt(2)), seed=2**64 - 1, batch=71, input_std=2.5)
    yield Pass("inputs first", chain([33, 70, 18], "tanh", 1, reference.uniform(-0.5, 0.5)), layout="keras")
    head = Layer(24, 10, reference.uniform(-0.3, 0.3), "softmax", reference.constant(0.25))
    body = chain([16, 24, 24], "tanh", 1)
    yield Pass("softmax", (*body, head), batch=300)
    yield Pass("softmax, normal gradient", (*body, head), loss="normal")
    yield Pass("logits", chain([16, 24, 7], "linear", 1), loss="cross_entropy", batch=100)


def pass_vectors() -> bytes:
    comments = [
        "Passes of a batch through chains of dense layers, and what they measure.",
        "Each line is a JSON object: name; seed, of the tensors and of the pass; batch; input_std; layout; loss, where",
        "it is not the default; layers: shape and law of `layers.N.weight`, law of `layers.N.bias`, activation;",
        "norm, its kind, for a norm; residual and shortcut, lists of layers, for a residual sum;",
        "input_signal; measured, for each layer; cross_entropy. Numbers have nine digits.",
        "Made by tools/checks/vector_passes.py with NumPy.",
    ]
    return json_lines(comments, [*map(row, passes()), *(network_row(*case) for case in networks())])
