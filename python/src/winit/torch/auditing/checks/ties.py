"""Tensors that are meant to be one and are two.

Four sources say which tensors are meant to be one: the parameters that modules shared when they were registered, the
tensors that `to_empty` made from one tensor of the meta device, what a model of transformers declares
(`all_tied_weights_keys`, or `config.tie_word_embeddings` before version 5), and the scheme that the user gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..expectations import Expectation
from ..findings import AuditFinding
from ..observations import Observed
from ..tensors import ModuleTensor


def broken_ties(observed: Observed, scheme: Sequence[Expectation]) -> Iterator[AuditFinding]:
    """Finds the ties that broke.

    Args:
        observed: What a build shows.
        scheme: What the user says the tensors should be; its laws `same_as` are ties.
    """
    reported = set[tuple[str, str]]()
    for target, name, why in _expected(observed, scheme):
        if target.place == name.place or (target.name, name.name) in reported:
            continue
        reported.add((target.name, name.name))
        message = (
            f"{name.name} and {target.name} are two tensors: {why}. Tie them after the last step that makes tensors"
        )
        nothing = np.zeros((0, name.tensor.ndim), np.int64)
        yield AuditFinding("tie_broken", name.name, message, name.tensor.numel(), nothing, (target.name,))


def _expected(observed: Observed, scheme: Sequence[Expectation]) -> Iterator[tuple[ModuleTensor, ModuleTensor, str]]:
    parameters = [entry for entry in observed.tensors if entry.role == "parameter"]
    yield from _pairs(parameters, lambda entry: _registered(observed, entry), "they were one parameter when registered")
    why = "to_empty made each from the same tensor of the meta device"
    yield from _pairs(parameters, lambda entry: _origin(observed, entry), why)
    by_name = {entry.name: entry for entry in observed.tensors}
    yield from _declared(observed.module, by_name)
    for rule in scheme:
        target, name = by_name.get(rule.tied_to or ""), by_name.get(rule.pattern)
        if target is not None and name is not None:
            yield target, name, f"{rule.source} ties them"


def _pairs(parameters: list[ModuleTensor], key: Any, why: str) -> Iterator[tuple[ModuleTensor, ModuleTensor, str]]:
    first = dict[Any, ModuleTensor]()
    for entry in parameters:
        found = key(entry)
        if found is None:
            continue
        target = first.setdefault(found, entry)
        if target is not entry:
            yield target, entry, why


def _registered(observed: Observed, entry: ModuleTensor) -> int | None:
    return observed.registrations.number(entry.owner, entry.name.rpartition(".")[2])


def _origin(observed: Observed, entry: ModuleTensor) -> tuple[int, tuple[int, ...]] | None:
    record = entry.record(observed.records)
    return None if record is None or record.origin is None else (record.origin, tuple(entry.tensor.shape))


def _declared(module: Any, parameters: dict[str, ModuleTensor]) -> Iterator[tuple[ModuleTensor, ModuleTensor, str]]:
    for prefix, owner in module.named_modules():
        dot = f"{prefix}." if prefix else ""
        declared = getattr(owner, "all_tied_weights_keys", None)
        if isinstance(declared, dict):
            for one, other in declared.items():
                target, name = parameters.get(f"{dot}{other}"), parameters.get(f"{dot}{one}")
                if target is not None and name is not None:
                    yield target, name, f"{type(owner).__name__}.all_tied_weights_keys ties them"
        elif isinstance(getattr(owner, "_tied_weights_keys", None), list) and _ties_embeddings(owner):
            target = _found(parameters, owner.get_input_embeddings())
            name = _found(parameters, owner.get_output_embeddings())
            if target is not None and name is not None:
                yield target, name, "config.tie_word_embeddings is true"


def _ties_embeddings(owner: Any) -> bool:
    return bool(getattr(getattr(owner, "config", None), "tie_word_embeddings", False)) and all(
        callable(getattr(owner, name, None)) for name in ("get_input_embeddings", "get_output_embeddings")
    )


def _found(parameters: dict[str, ModuleTensor], owner: Any) -> ModuleTensor | None:
    return next((e for e in parameters.values() if e.owner is owner and e.name.endswith("weight")), None)
