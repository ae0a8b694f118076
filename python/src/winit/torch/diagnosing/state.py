"""The state of a model, kept while a diagnosis runs it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from ..tensors import module_tensors

_HOOKS = ("_backward_hooks", "_backward_pre_hooks")
_REGISTRIES = ("_parameters", "_buffers", "_modules", *_HOOKS)


class ModelState:
    """Everything of a model that a pass can change: modes, attributes, buffers, gradients, what requires gradients."""

    def __init__(self, model: torch.nn.Module) -> None:
        """Reads the state. Buffers are copied; of parameters only the version is kept."""
        self._attributes = [(module, _attributes(module)) for module in model.modules()]
        # Not by version: batch norm writes its running statistics without counting a version.
        self._copies = [(tensor, tensor.detach().clone()) for tensor in _small_state(model)]
        self._parameters = [
            (tensor.name, parameter, parameter.requires_grad, parameter.grad, _version(parameter))
            for tensor in module_tensors(model)
            if tensor.is_parameter
            for parameter in tensor.objects
        ]

    def restore(self) -> list[str]:
        """Sets everything back.

        Returns:
            The names of the parameters whose elements the model itself has changed in its forward pass. They stay as
            they are: only a copy of all weights could undo it.
        """
        for module, attributes in self._attributes:
            _restore_attributes(module, attributes)
        with torch.no_grad():
            for tensor, copy in self._copies:
                if not torch.equal(tensor, copy):
                    with torch.inference_mode(tensor.is_inference()):
                        tensor.copy_(copy)
        changed = list[str]()
        for name, parameter, requires_grad, gradient, version in self._parameters:
            if parameter.requires_grad != requires_grad:
                parameter.requires_grad_(requires_grad)
            if parameter.grad is not gradient:
                parameter.grad = gradient
            if _version(parameter) != version:
                changed.append(name)
        return changed


@contextlib.contextmanager
def without_caches(model: torch.nn.Module) -> Iterator[None]:
    """Switches the caches of transformers off, as training does: some are written in place, which autograd refuses."""
    configs = {id(config): config for m in model.modules() if (config := vars(m).get("config")) is not None}
    cached = [config for config in configs.values() if getattr(config, "use_cache", None) is True]
    try:
        for config in cached:
            config.use_cache = False
        yield
    finally:
        for config in cached:
            config.use_cache = True


@contextlib.contextmanager
def preserved(model: torch.nn.Module, changed: list[str]) -> Iterator[None]:
    """Restores a model at the end, also after an error.

    Args:
        model: The model.
        changed: Receives the names of parameters that the forward pass has changed.
    """
    state = ModelState(model)
    try:
        yield
    finally:
        changed += state.restore()


def set_modes(model: torch.nn.Module, training: bool | None) -> None:
    """Sets the modes of the pass, and switches in-place operations and the backward hooks of modules off.

    A backward hook makes another tensor of an output, which autograd lets no operation in place change.

    Args:
        model: The model, whose state is restored later.
        training: True and False as `model.train(training)`. None: as in the first step of training, but without random
            numbers. Batch norms take the statistics of the batch, because their running ones are still 0 and 1, and
            dropout is off.
    """
    for module in model.modules():
        for name in _HOOKS:
            vars(module)[name].clear()
        module.training = bool(training)
        if training is None and _has_batch_statistics(module):
            module.training = True
        if training is None and isinstance(module, torch.nn.RNNBase):
            # cuDNN has the backward pass of a recurrent net in training mode only.
            module.training, module.dropout = True, 0.0
        if getattr(module, "inplace", None) is True:
            with contextlib.suppress(AttributeError):
                module.inplace = False


def require_gradients(model: torch.nn.Module) -> None:
    """Lets every parameter require a gradient, so that frozen layers have measurable gradients too."""
    for parameter in model.parameters():
        if (parameter.is_floating_point() or parameter.is_complex()) and not parameter.is_inference():
            parameter.requires_grad_(True)


def _has_batch_statistics(module: torch.nn.Module) -> bool:
    if isinstance(module, torch.nn.modules.batchnorm._NormBase):
        return True
    name = type(module).__name__
    return "BatchNorm" in name and "Frozen" not in name and hasattr(module, "running_mean")


def _attributes(module: torch.nn.Module) -> dict[str, Any]:
    attributes = dict(vars(module))
    return attributes | {name: dict(attributes[name]) for name in _REGISTRIES}


def _restore_attributes(module: torch.nn.Module, saved: dict[str, Any]) -> None:
    now = vars(module)
    for name in [name for name in now if name not in saved]:
        del now[name]
    for name, value in saved.items():
        if name not in _REGISTRIES:
            if name not in now or now[name] is not value:
                now[name] = value
            continue
        registry = now[name]
        if [(key, id(each)) for key, each in registry.items()] != [(key, id(each)) for key, each in value.items()]:
            registry.clear()
            registry.update(value)


def _small_state(model: torch.nn.Module) -> Iterator[torch.Tensor]:
    """Iterates over the buffers, and over tensors that are plain attributes."""
    seen = set[int]()
    for module in model.modules():
        for value in [*module._buffers.values(), *vars(module).values()]:
            if isinstance(value, torch.Tensor) and not isinstance(value, torch.nn.Parameter) and id(value) not in seen:
                seen.add(id(value))
                yield value


def _version(tensor: torch.Tensor) -> int | None:
    return None if tensor.is_inference() else tensor._version
