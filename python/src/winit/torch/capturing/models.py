"""The tensors of a built model, and the libraries that decide their laws."""

from __future__ import annotations

import sys
from typing import Any

import torch

from ...errors import BadInput
from ..sharding.dtensors import is_dtensor
from .contents import geometry
from .entries import Entry


def entries_of(module: Any) -> tuple[list[Entry], dict[str, str]]:
    """Lists the tensors of a module in the order of its state dict, each registration once.

    Returns:
        The tensors, and name and reason of those that capture cannot look at.
    """
    entries, refused = list[Entry](), dict[str, str]()
    seen: dict[Any, str] = {}
    for path, part in module.named_modules(remove_duplicate=False):
        tensors = [(n, t, False, True) for n, t in part._parameters.items()]
        left_out = part._non_persistent_buffers_set
        tensors += [(n, t, True, n not in left_out) for n, t in part._buffers.items()]
        for own, tensor, buffer, persistent in tensors:
            if tensor is None:
                continue
            name = f"{path}.{own}" if path else own
            reason = _refusal(tensor)
            if reason:
                refused[name] = reason
                continue
            entry = Entry(name, tensor, buffer, persistent, type(part).__name__)
            key = _identity(tensor)
            entry.tied = seen.get(key, "") if tensor.numel() > 0 else ""
            seen.setdefault(key, name)
            entries.append(entry)
    return entries, refused


def software_of(module: Any) -> dict[str, str]:
    """Returns the versions of the libraries that a module's classes come from, and that of PyTorch."""
    packages = {"torch"}
    for part in module.modules():
        packages |= {base.__module__.split(".")[0] for base in type(part).__mro__}
    found = dict[str, str]()
    for package in sorted(packages):
        version = getattr(sys.modules.get(package), "__version__", None)
        if isinstance(version, str) and package != "builtins":
            found[package] = version
    return found


def check_transformers(module: Any) -> None:
    """Refuses a model of transformers whose own initialization did not run.

    Raises:
        BadInput: If there is one. Its parameters would have the laws of torch.nn, which are not the model's.
    """
    modeling = sys.modules.get("transformers.modeling_utils")
    base = getattr(modeling, "PreTrainedModel", None)
    if base is None:
        return
    for name, part in module.named_modules():
        if isinstance(part, base) and any(True for _ in part.parameters()) and not _was_initialized(part):
            where = f" `{name}`" if name else ""
            raise BadInput(
                f"capture: transformers did not initialize the model{where} ({type(part).__name__}): its"
                " `_init_weights` was not called. It is left out under `torch.device('meta')`, `no_init_weights` and"
                " `init_empty_weights`, or if `post_init()` is missing. Build the model without them; capture allocates"
                " no memory for weights."
            )


def _was_initialized(model: Any) -> bool:
    flag = getattr(model, "_is_hf_initialized", None)
    if flag is not None:
        return bool(flag)
    flags = [getattr(part, "_is_hf_initialized", False) for part in model.modules()]
    return any(flags)


def _refusal(tensor: Any) -> str:
    if isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
        return "it is not materialized: a lazy module learns its shape in its first forward pass; do that in the build"
    if tensor.layout != torch.strided:
        return f"its layout is {tensor.layout}, which capture does not read"
    if tensor.is_quantized:
        return "it is quantized, which capture does not read"
    if is_dtensor(tensor):
        return "it is a DTensor, of which this rank has a part. Capture the function before it shards the module"
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer):
        return f"it is a {type(tensor).__name__}, a subclass of Tensor that capture does not read"
    return ""


def _identity(tensor: Any) -> Any:
    """Returns what two registrations of one tensor, or of one view of a storage, have in common."""
    view = geometry(tensor)
    return tensor.untyped_storage()._cdata, view, tensor.dtype, tensor.is_conj(), tensor.is_neg()
