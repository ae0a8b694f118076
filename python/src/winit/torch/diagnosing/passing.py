"""One pass of a model: forward, the loss, and backward."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from ...diagnosing.document import LossDiagnosis
from ...diagnosing.observed import ObservedInput
from ...errors import BadInput
from .batches import Forward, call, observed_input, prepared, samples_of
from .calls import Call
from .flaws import BatchFlaws
from .outputs import member, model_output
from .paths import Graph, main_path
from .recorder import Recorder
from .state import preserved, require_gradients, set_modes, without_caches

Loss = Callable[[Any, Any], Any]


@dataclass
class Pass:
    """What one pass showed.

    Attributes:
        calls: The layers, in the order of execution.
        path: Those on the main path.
        entrances: Those that take the input: no other layer is before them.
        input: The input.
        loss: The loss, or None.
        notes: What the reader must know.
    """

    calls: list[Call]
    path: set[Call]
    input: ObservedInput
    entrances: set[Call] = field(default_factory=set)
    loss: LossDiagnosis | None = None
    notes: list[str] = field(default_factory=list)


def run(
    model: torch.nn.Module,
    batch: Any,
    loss: Loss | None,
    *,
    seed: int,
    batch_axis: int,
    forward: Forward | None,
    training: bool | None,
) -> Pass:
    """Runs a model once forward and backward, and restores it."""
    samples = samples_of(batch, batch_axis)
    changed = list[str]()
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(preserved(model, changed))
        stack.enter_context(_uncompiled())
        stack.enter_context(without_caches(model))
        set_modes(model, training)
        require_gradients(model)
        torch.manual_seed(seed)
        flaws = BatchFlaws.of(batch, samples)
        batch, input_node = prepared(batch, batch_axis)
        recorder = Recorder(model, samples)
        stack.callback(recorder.remove_hooks)
        result = Pass(recorder.calls, set(), observed_input(batch, samples))
        with recorder.recording():
            output, note = call(model, batch, forward, loss is not None)
            value = _loss(output, batch, loss)
        result.notes += [note] if note is not None else []
        result.notes += flaws.notes([call for call in recorder.calls if not call.inner])
        _backward(result, output, value, seed, input_node)
        result.calls = _without_wrappers(result)
        if value is not None:
            result.loss = _described(value, recorder)
    if changed:
        result.notes.append(
            f"the forward pass of the model changes {len(changed)} of its own parameters in place, such as "
            f"`{changed[0]}`, as each forward pass does; they keep the new values"
        )
    return result


def _loss(output: Any, batch: Any, loss: Loss | None) -> torch.Tensor | None:
    """Returns the loss as a scalar, or None without one."""
    value = loss(output, batch) if loss is not None else member(output, "loss")
    if value is None and loss is None:
        return None
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        if loss is None:
            return None
        shown = f"a tensor of shape {list(value.shape)}" if isinstance(value, torch.Tensor) else type(value).__name__
        raise BadInput(f"the loss must give a tensor with one element, and gave {shown}. Use its mean")
    return value.reshape(())


def _backward(result: Pass, output: Any, value: torch.Tensor | None, seed: int, input_node: Any) -> None:
    """Lets the hooks of the layers see their gradients, and finds the main path."""
    target, gradient = value, None
    if target is None:
        target, name = model_output(output)
        if target is None:
            result.notes.append("the model gave no floating-point tensor, so that there is no gradient")
            result.path = set(result.calls)
            return
        result.notes.append(
            f"without a loss, the gradient at {name} is N(0, 1) of seed {seed}. Give loss= for that of your training"
        )
        generator = torch.Generator().manual_seed(seed)
        gradient = torch.randn(target.shape, generator=generator).to(target.device, target.dtype)
    if not target.requires_grad or target.grad_fn is None:
        result.notes.append(
            "the output has no gradient: the model runs without autograd (torch.no_grad, detach) somewhere, so that no "
            "gradient was measured"
        )
        result.path = set(result.calls)
        return
    graph = Graph(target.grad_fn)
    layers = [call for call in result.calls if not call.inner]
    edges = [edge for call in layers for edge in call.edges if graph.place(edge.node) is not None]
    sources = graph.sources([edge.node for edge in edges])
    result.entrances = {
        call for call in layers if call.forward.signal > 0 and any(edge.node in sources for edge in call.edges)
    }
    wanted = [edge for edge in edges if edge.node in sources]
    if wanted:
        torch.autograd.grad([target], wanted, None if gradient is None else [gradient], allow_unused=True)
    result.path = main_path(graph, result.calls, input_node)
    cut = sum(call.gradient is None for call in layers)
    if cut:
        result.notes.append(f"{cut} of {len(layers)} layers do not reach the loss, and have no gradient")


def _without_wrappers(result: Pass) -> list[Call]:
    """Returns the layers, and of the blocks those whose output is the sum of the main path and of branches in them.

    Of nested blocks, that is the innermost; those around it are stages and whole models.
    """
    kept = set[Call]()
    for each in result.calls:
        is_sum = each in result.path and any(inner not in result.path for inner in each.inner if not inner.inner)
        if not each.inner or (is_sum and not any(inner.inner and inner in kept for inner in each.inner)):
            kept.add(each)
    return [each for each in result.calls if each in kept]


def _described(value: torch.Tensor, recorder: Recorder) -> LossDiagnosis:
    """Returns the loss, with ln(classes) if it is a cross entropy that the pass computed."""
    import math

    number = float(value.detach())
    for each in recorder.cross_entropies:
        if math.isclose(each.value, number, rel_tol=1e-3) and each.classes > 1:
            return LossDiagnosis(number, each.classes, math.log(each.classes))
    return LossDiagnosis(number)


@contextlib.contextmanager
def _uncompiled() -> Iterator[None]:
    """Runs compiled modules as they were written: compiled code calls no hooks. Nothing is imported for it."""
    if "torch._dynamo" in sys.modules and hasattr(torch.compiler, "set_stance"):
        with torch.compiler.set_stance("force_eager"):
            yield
    else:
        yield
