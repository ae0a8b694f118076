"""Records a pass: the outputs of the layers, their gradients, and the activations between them."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .activations import activation_of_function, activation_of_module
from .calls import Call, kind_of
from .flow import KEEPING, KEEPING_MODULES, SHAPING, Flow, Origin
from .measuring import Samples, measured, norm_per_sample, widened
from .outputs import first_output, is_measurable, tensors_in

_LOSSES = ("cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits")


@dataclass
class _Frame:
    """A module that is being called."""

    module: torch.nn.Module
    calls_before: int
    origins: list[Origin] = field(default_factory=list)
    activation: tuple[str, int] | None = None


@dataclass(frozen=True)
class CrossEntropy:
    """A cross entropy that was computed in the pass: its value, and the number of classes."""

    value: float
    classes: int


class Recorder(TorchFunctionMode):  # type: ignore[misc]
    """Watches the modules of a model while it runs.

    Tensor hooks give the gradients: a full backward hook of a module fails where an operation in place follows. The
    mode sees activations and shapes that the code computes by functions.
    """

    def __init__(self, model: torch.nn.Module, samples: Samples) -> None:
        """Prepares the recording of a model; `recording` starts it."""
        super().__init__()
        self.calls = list[Call]()
        self.cross_entropies = list[CrossEntropy]()
        self._samples, self._flow = samples, Flow()
        self._paths = {module: _path(path) for path, module in reversed(list(model.named_modules()))}
        self._leaves = {module for module in model.modules() if not any(True for _ in module.children())}
        self._counts = dict[torch.nn.Module, int]()
        self._frames = list[_Frame]()
        self._hooks = list[Any]()
        self._opaque, self._is_paused = 0, False

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Records what the model does within the block. The hooks on tensors stay until `remove_hooks`."""
        handles = list[Any]()
        try:
            for module in self._paths:
                handles.append(module.register_forward_pre_hook(self._enter, with_kwargs=True, prepend=True))
                handles.append(module.register_forward_hook(self._leave, with_kwargs=True))
            with self:
                yield
        finally:
            for handle in handles:
                handle.remove()

    def remove_hooks(self) -> None:
        """Removes the hooks on tensors: the output of a layer may be a parameter, which outlives the pass."""
        for hook in self._hooks:
            hook.remove()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Calls a function of torch, and notes what it does with the outputs of layers."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if not self._is_paused:
            name = getattr(func, "__name__", "")
            with self._paused():
                if name in _LOSSES:
                    self._saw_loss(name, args, kwargs, result)
                elif not self._opaque and isinstance(result, torch.Tensor):
                    self._saw(name, args, kwargs, result)
                elif not self._opaque and isinstance(result, (tuple, list)):
                    self._leak([args, kwargs], result)
        return result

    @contextlib.contextmanager
    def _paused(self) -> Iterator[None]:
        before, self._is_paused = self._is_paused, True
        try:
            yield
        finally:
            self._is_paused = before

    def _enter(self, module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        if self._is_paused:
            return
        frame = _Frame(module, len(self.calls))
        frame.origins = [origin for tensor in tensors_in([args, kwargs]) if (origin := self._flow.of(tensor))]
        self._frames.append(frame)
        self._opaque += module in self._leaves

    def _leave(self, module: torch.nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        if self._is_paused or not self._frames:
            return
        frame = self._frames.pop()
        self._opaque -= module in self._leaves
        with self._paused():
            if len(self.calls) == frame.calls_before and self._is_layer(module):
                self._record(frame, output)
            elif module in self._leaves:
                self._saw_module(module, args, kwargs, output)
            elif self._paths[module]:
                self._record_block(frame, output)

    def _is_layer(self, module: torch.nn.Module) -> bool:
        owns = next(module.parameters(), None) is not None
        return owns and not any(part == "parametrizations" for part in self._paths[module].split("."))

    def _record(self, frame: _Frame, output: Any) -> None:
        module, tensor = frame.module, first_output(output)
        if tensor is None:
            return
        number = self._count(module)
        unit_axis = 1 if kind_of(module) == "convolution" or _has_channels(module) else -1
        activation = frame.activation[0] if frame.activation and frame.activation[1] == id(tensor) else None
        forward = measured(tensor, self._samples, activation, unit_axis)
        call = Call(module, self._paths[module], number, forward, unit_axis, activation)
        call.weight_part, call.bias_part, call.has_bias = _parts(module, tensor, unit_axis, forward.rms**2)
        for origin in frame.origins:
            origin.call.consumers.append(call)
            call.is_behind_norm |= origin.call.is_norm
        for each in tensors_in(output):
            self._hook(call, each)
        self.calls.append(call)
        self._flow.set(tensor, Origin(call, activation is not None))

    def _record_block(self, frame: _Frame, output: Any) -> None:
        """Records the output of a module that holds layers, unless it is the output of one of them."""
        tensor, inner = first_output(output), self.calls[frame.calls_before :]
        if tensor is None or not tensor.requires_grad or not inner:
            return
        node = torch.autograd.graph.get_gradient_edge(tensor).node
        if any(edge.node is node for call in inner for edge in call.edges):
            return
        forward = measured(tensor, self._samples, None, -1)
        call = Call(frame.module, self._paths[frame.module], self._count(frame.module), forward, inner=inner)
        self._hook(call, tensor)
        self.calls.append(call)

    def _count(self, module: torch.nn.Module) -> int:
        self._counts[module] = self._counts.get(module, 0) + 1
        return self._counts[module]

    def _hook(self, call: Call, tensor: torch.Tensor) -> None:
        if is_measurable(tensor) and tensor.requires_grad:
            # The edge, not the tensor: an operation in place gives the tensor another node later.
            call.edges.append(torch.autograd.graph.get_gradient_edge(tensor))
            self._hooks.append(tensor.register_hook(lambda gradient: self._saw_gradient(call, gradient)))

    def _saw_gradient(self, call: Call, gradient: torch.Tensor) -> None:
        if is_measurable(gradient):
            call.gradient = math.hypot(call.gradient or 0.0, norm_per_sample(gradient, self._samples))

    def _saw_module(self, module: torch.nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        """Notes what a module without parameters does."""
        source = first_output([args, kwargs])
        if source is None or not isinstance(output, torch.Tensor):
            self._leak([args, kwargs], output)
            return
        activation = activation_of_module(module)
        if activation is not None:
            self._activate(activation, source, output)
        elif type(module).__name__ in KEEPING_MODULES:
            self._flow.keep(source, output)
        else:
            self._leak([args, kwargs], output)

    def _saw(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: torch.Tensor) -> None:
        """Notes what a function does."""
        source = args[0] if args and isinstance(args[0], torch.Tensor) else kwargs.get("input")
        if not isinstance(source, torch.Tensor):
            self._leak([args, kwargs], result)
            return
        activation = activation_of_function(name, args, kwargs)
        if activation is not None:
            self._activate(activation, source, result)
        elif name in KEEPING or (name in SHAPING and result.shape[:1] == source.shape[:1] and result.dim() <= 2):
            self._flow.keep(source, result)
        elif is_measurable(result):
            self._leak([args, kwargs], result)

    def _activate(self, activation: str, source: torch.Tensor, result: torch.Tensor) -> None:
        if not is_measurable(result):
            return
        call = self._flow.activate(source, result)
        if call is not None and call.activation is None:
            call.activation = activation
            call.forward = measured(result, self._samples, activation, call.unit_axis)
        elif self._frames:
            owner = next((f for f in reversed(self._frames) if self._is_layer(f.module)), self._frames[-1])
            owner.activation = (activation, id(result))

    def _leak(self, sources: Any, result: Any) -> None:
        """Notes that something other than a layer took the outputs of layers."""
        for tensor in tensors_in(sources, 3):
            origin = self._flow.of(tensor)
            if origin is not None:
                origin.call.is_followed = False
                if tensor is result:  # changed in place, as by `y += x`
                    self._flow.forget(tensor)

    def _saw_loss(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any) -> None:
        source = args[0] if args else kwargs.get("input")
        if not isinstance(source, torch.Tensor) or not isinstance(result, torch.Tensor) or result.numel() != 1:
            return
        if kwargs.get("reduction", "mean") == "mean":
            classes = 2 if name.startswith("binary") else source.shape[1 if source.dim() > 1 else 0]
            self.cross_entropies.append(CrossEntropy(float(result.detach()), int(classes)))


def _path(path: str) -> str:
    wrappers = ("_orig_mod", "_checkpoint_wrapped_module")
    return ".".join(part for part in path.split(".") if part not in wrappers)


def _has_channels(module: torch.nn.Module) -> bool:
    """Tells whether the units of a module's output are on axis 1: those of batch and group norms."""
    norms = (torch.nn.modules.batchnorm._NormBase, torch.nn.GroupNorm)
    return isinstance(module, norms) or "BatchNorm" in type(module).__name__


def _parts(
    module: torch.nn.Module, output: torch.Tensor, unit_axis: int, mean_square: float
) -> tuple[float | None, float | None, bool]:
    """Returns the mean squares of what the weights give and of the bias, and whether the bias is not 0."""
    bias = getattr(module, "bias", None)
    if not isinstance(bias, torch.Tensor):
        return None, None, False
    values = widened(bias)
    has_bias = bool((values != 0).any())
    if values.dim() != 1 or kind_of(module) not in ("linear", "convolution") or not has_bias:
        return None, None, has_bias
    axis = unit_axis % output.dim()
    if output.shape[axis] != len(values) or not math.isfinite(mean_square):
        return None, None, has_bias
    # The mean of (y − b)², expanded, so that no copy of the output is made.
    means = widened(output.detach().movedim(axis, 0).reshape(len(values), -1).mean(1, dtype=values.dtype))
    bias_part = float(values.square().mean())
    weight_part = mean_square - 2 * float((values * means).mean()) + bias_part
    return max(weight_part, 0.0), bias_part, has_bias
