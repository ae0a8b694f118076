"""Lets a build see ordinary CPU tensors where there are meta tensors, and reads the numbers that are known.

Libraries leave out their initialization on meta: `torch.nn.init.trunc_normal_` does nothing there, and transformers
does not call `_init_weights`. They ask `tensor.is_meta` or `tensor.device`, and get the answers of a CPU tensor.
"""

from __future__ import annotations

import math
import sys
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _disable_current_modes

from . import draws
from .geometry import contiguous
from .places import caller
from .recorder import META, Recorder
from .values import Known, Matrix, Tensor

_MADE_FROM_NUMBERS = (torch.tensor, torch.as_tensor, torch.asarray)
_READ = (torch.Tensor.numpy, torch.Tensor.tolist, torch.Tensor.__array__)
_MOVED_NOWHERE = (torch.Tensor.cpu, torch.Tensor.cuda, torch.Tensor.pin_memory, torch.Tensor.share_memory_)
_INDEXED = (torch.Tensor.__getitem__, torch.Tensor.__setitem__)
_TRUNCATED = getattr(torch.nn.init, "_no_grad_trunc_normal_", None)


class Disguise(TorchFunctionMode):  # type: ignore[misc]
    """Answers what a build asks about a tensor of the recorder."""

    def __init__(self, recorder: Recorder) -> None:
        """Serves one recorder."""
        super().__init__()
        self._recorder = recorder

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Answers, or lets PyTorch answer."""
        kwargs = dict(kwargs or {})
        if getattr(function, "__name__", "") == "__get__":
            return self._attribute(function, args, sys._getframe(1))
        if function in _MADE_FROM_NUMBERS and _is_meta(kwargs.get("device")):
            kwargs["device"] = "cpu"
        elif function is torch.Tensor.new_tensor and args[0].device.type == "meta":
            kwargs["dtype"] = kwargs.get("dtype") or args[0].dtype
            kwargs["device"] = "cpu"
            return torch.tensor(*args[1:], **kwargs)
        elif function in _READ and args[0].device.type == "meta":
            numbers = function(self._numbers(function, args[0]), *args[1:], **kwargs)
            if hasattr(numbers, "setflags"):
                numbers.setflags(write=False)  # a write would not reach the tensor
            return numbers
        elif function in _MOVED_NOWHERE and args[0].device.type == "meta":
            return args[0]
        elif function is torch.Tensor.to and args[0].device.type == "meta":
            args = (args[0], *(_on_meta(a) for a in args[1:]))
            kwargs = {k: _on_meta(v) for k, v in kwargs.items()}
        elif function in _INDEXED and args[0].device.type == "meta":
            args = (args[0], _known_index(args[1]), *args[2:])
        elif function is torch.Tensor.__repr__ and args[0].device.type == "meta":
            return f"tensor(..., size={tuple(args[0].shape)}, dtype={args[0].dtype})"
        return function(*args, **kwargs)

    def _attribute(self, getter: Any, args: tuple[Any, ...], frame: FrameType) -> Any:
        attribute, answer = getter.__self__, getter(*args)
        if attribute is torch.Tensor.is_meta and answer:
            return self._record_skipped(args[0], frame)
        if attribute is torch.Tensor.device and answer.type == "meta":
            return torch.device("cpu")
        return True if attribute is torch.Tensor.is_cpu and args[0].device.type == "meta" else answer

    def _record_skipped(self, tensor: Tensor, frame: FrameType) -> bool:
        """Records initializers that capture describes as a whole; returns whether PyTorch skips what follows.

        Their loops depend on values: `trunc_normal_` draws again what is outside of the cuts, `sparse_` permutes.
        """
        code, given = frame.f_code, frame.f_locals
        if _TRUNCATED is not None and code is _TRUNCATED.__code__ and given["std"] != 0:
            law = draws.truncated_normal(given["mean"], given["std"], given["a"], given["b"])
            self._recorder.draw(tensor, law, "nn.init.trunc_normal_")
            return True
        if code is torch.nn.init.sparse_.__code__ and tensor.dim() == 2:
            rows, shape = int(tensor.shape[0]), tuple(tensor.shape)
            who = caller("nn.init.sparse_")
            source = draws.Source(shape, who.origin, who.place, str(tensor.dtype).removeprefix("torch."))
            zeros = math.ceil(given["sparsity"] * rows)
            matrix = Matrix("sparse", source, contiguous(shape), shape, rows, abs(float(given["std"])), zeros)
            self._recorder.store(tensor, matrix)
            return True
        return False

    def _numbers(self, function: Any, tensor: Tensor) -> Tensor:
        value = self._recorder.value(tensor)
        if not isinstance(value, Known):
            self._recorder.refuse_value(getattr(function, "__name__", "numpy"), value)
        assert isinstance(value, Known)
        with _disable_current_modes():
            return value.tensor.contiguous().clone()


def _known_index(index: Any) -> Any:
    """Returns an index with tensors on the CPU for its lists, which PyTorch would move to meta before it uses them."""
    if isinstance(index, tuple):
        return tuple(_known_index(part) for part in index)
    is_list = isinstance(index, list) and all(isinstance(part, int | list) for part in index)
    return torch.tensor(index) if (is_list and index) or type(index).__module__ == "numpy" else index


def _is_meta(device: Any) -> bool:
    return device is not None and str(device).startswith("meta")


def _on_meta(argument: Any) -> Any:
    if isinstance(argument, torch.device):
        return META
    if isinstance(argument, str) and argument.split(":")[0] in ("cpu", "cuda", "mps", "xpu"):
        return META
    return argument
