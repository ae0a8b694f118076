"""One call of an operation: its arguments by what the schema says of them, and the ways to run it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from .values import Known, Tensor, Unknown, Value

if TYPE_CHECKING:
    from .recorder import Recorder

META = torch.device("meta")
MAXIMUM_ELEMENTS = 1 << 28
"""Known numbers of more elements than this are not computed, unless all of them are equal."""


class Call:
    """One call of an operation.

    Attributes:
        recorder: The recorder.
        function: The overload.
        name: The name of the operation, without the underscore of its form in place.
        args: The arguments by position.
        kwargs: The arguments by name.
        written: The tensors that the operation writes in place, or to which it writes its result.
        tensors: The tensors that it reads.
    """

    def __init__(self, recorder: Recorder, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Sorts the arguments by what the schema says of them."""
        self.recorder, self.function, self.args, self.kwargs = recorder, function, args, kwargs
        schema = function._schema
        full = schema.name.split("::")[1]
        self.in_place = full.endswith("_") and not full.endswith("__")
        self.name = full.removesuffix("_") if self.in_place else full
        self.overload = schema.overload_name
        self.written, self.tensors, self._outs = list[Tensor](), list[Tensor](), set[int]()
        for number, argument in enumerate(schema.arguments):
            given = args[number] if number < len(args) else kwargs.get(argument.name)
            leaves = [t for t in tree_leaves(given) if isinstance(t, torch.Tensor)]
            is_written = argument.alias_info is not None and argument.alias_info.is_write
            # Batch normalization updates these, and its schema does not say so.
            is_written |= "batch_norm" in self.name and argument.name in ("running_mean", "running_var")
            if is_written:
                self.written += leaves
            if is_written and argument.is_out:
                self._outs |= {id(t) for t in leaves}
            else:
                self.tensors += leaves
        alias = [r.alias_info for r in schema.returns]
        tags = function.tags
        self.is_view = bool(alias) and all(a is not None and not a.is_write for a in alias) and not self.written
        self.is_view |= torch.Tag.inplace_view in tags or self.name in ("_unsafe_view", "_reshape_alias", "set")
        self.is_random = torch.Tag.nondeterministic_seeded in tags
        self.is_pointwise = torch.Tag.pointwise in tags
        self.only_writes = not self.tensors
        self.depends_on_numbers = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape} & set(tags)

    def argument(self, name: str, default: Any = None) -> Any:
        """Returns an argument by the name that the schema gives it."""
        for number, argument in enumerate(self.function._schema.arguments):
            if argument.name == name:
                if number < len(self.args):
                    return self.args[number]
                value = self.kwargs.get(name)
                return argument.default_value if value is None and name not in self.kwargs else value
        return default

    def on_meta(self) -> Any:
        """Runs the operation on meta: shapes and dtypes, and no elements.

        An operation in place on a CPU tensor is not run, because its elements are in the record.
        """
        if any(t.device.type != "meta" for t in self.written):
            outs = self.function._schema.returns
            return self.written[0] if len(outs) == 1 else None
        twins: dict[int, Tensor] = {}

        def twin(a: Any) -> Any:
            if isinstance(a, torch.Tensor) and a.device.type != "meta":
                if id(a) not in twins:
                    twins[id(a)] = torch.empty_strided(a.shape, a.stride(), dtype=a.dtype, device=META)
                return twins[id(a)]
            return META if isinstance(a, torch.device) else a

        args, kwargs = tree_map(twin, (self.args, self.kwargs))
        try:
            return self.function(*args, **kwargs)
        except NotImplementedError:
            # Libraries catch NotImplementedError and go on in another way, which they would not on the CPU.
            return self._shapes_from_zeros()

    def _shapes_from_zeros(self) -> Any:
        """Runs an operation that meta does not have on zeros, for the shapes and dtypes of its results."""

        def zeros(a: Any) -> Any:
            if isinstance(a, torch.Tensor):
                if a.numel() > MAXIMUM_ELEMENTS:
                    self.recorder.refuse(f"`{self.name}` of {a.numel()} elements has no implementation on meta")
                value = self.recorder.value(a)
                return value.tensor if isinstance(value, Known) else torch.zeros(tuple(a.shape), dtype=a.dtype)
            return _to_cpu(a)

        args, kwargs = tree_map(zeros, (self.args, self.kwargs))
        results = self.function(*args, **kwargs)
        if self.written:
            return self.written[0] if isinstance(results, torch.Tensor) else tuple(self.written)
        return tree_map(lambda r: _twin(r) if isinstance(r, torch.Tensor) else r, results)

    def new_tensors(self, outputs: Any) -> list[Tensor]:
        """Returns the results that do not share a storage with an argument."""
        old = {t.untyped_storage()._cdata for t in (*self.tensors, *self.written)}
        results = [t for t in tree_leaves(outputs) if isinstance(t, torch.Tensor)]
        return [t for t in results if t.untyped_storage()._cdata not in old]

    def constant_fold(self) -> Any:
        """Computes an elementwise operation on equal numbers once for all elements; None if it is no such operation."""
        if not self.is_pointwise or self._outs or not self.tensors or any(t.numel() == 0 for t in self.tensors):
            return None
        values = {id(t): self.recorder.value(t) for t in self.tensors}
        if any(not isinstance(v, Known) or v.constant is None for v in values.values()):
            return None
        if all(t.numel() <= 4096 for t in self.tensors) or any(t.device.type != "meta" for t in self.written):
            return None

        def single(a: Any) -> Any:
            if isinstance(a, torch.Tensor):
                known = values[id(a)]
                assert isinstance(known, Known)
                return known.tensor[(slice(0, 1),) * known.tensor.dim()].clone()
            return _to_cpu(a)

        args, kwargs = tree_map(single, (self.args, self.kwargs))
        result = self.function(*args, **kwargs)
        outputs = self.on_meta()
        if not isinstance(result, torch.Tensor) or not isinstance(outputs, torch.Tensor):
            return None
        self.recorder.store(outputs, Known(result.expand(tuple(outputs.shape))))
        return outputs

    def on_cpu(self) -> Any:
        """Computes an operation whose operands are known, with PyTorch's own code on the CPU."""
        values = {id(t): self.recorder.value(t) for t in self.tensors}
        given = max((v.given for v in values.values() if isinstance(v, Known)), default=0)
        copies: dict[int, Tensor] = {}
        on_cpu_in_place = [t for t in self.written if t.device.type != "meta" and not self.recorder.knows(t)]

        def real(a: Any) -> Any:
            if not isinstance(a, torch.Tensor):
                return _to_cpu(a)
            if any(a is t for t in on_cpu_in_place):
                return a
            if id(a) not in copies:
                known = values.get(id(a))
                if known is None:  # an argument `out`, whose elements do not matter
                    copies[id(a)] = torch.empty(tuple(a.shape), dtype=a.dtype)
                else:
                    assert isinstance(known, Known)
                    written = any(a is t for t in self.written)
                    copies[id(a)] = known.tensor.contiguous().clone() if written else known.tensor
            return copies[id(a)]

        outputs = self.on_meta() if not self.depends_on_numbers else None
        sizes = [t.numel() for t in tree_leaves(outputs) if isinstance(t, torch.Tensor)]
        if sum(sizes) > MAXIMUM_ELEMENTS:
            reason = Unknown(f"it has {sum(sizes)} known numbers that differ, more than capture computes")
            for t in (*self.written, *self.new_tensors(outputs)):
                self.recorder.store(t, reason)
            return outputs
        args, kwargs = tree_map(real, (self.args, self.kwargs))
        results = self.function(*args, **kwargs)
        for t in self.written:
            if not any(t is c for c in on_cpu_in_place):
                self.recorder.store(t, Known(copies[id(t)], given))
        if outputs is None:
            outputs = tree_map(lambda r: _twin(r) if isinstance(r, torch.Tensor) else r, results)
        new = {id(t) for t in self.new_tensors(outputs)}
        pairs = zip(tree_leaves(outputs), tree_leaves(results), strict=True)
        for output, result in pairs:
            if isinstance(output, torch.Tensor) and id(output) in new:
                self.recorder.store(output, Known(result.detach(), given))
        return outputs

    def finish(self, value: Value) -> tuple[bool, Any]:
        """Runs an operation with one result on meta, and records the value of the result."""
        output = self.on_meta()
        if not isinstance(output, torch.Tensor):
            return False, None
        self.recorder.store(output, value)
        return True, output


def _to_cpu(a: Any) -> Any:
    return torch.device("cpu") if isinstance(a, torch.device) else a


def _twin(result: Tensor) -> Tensor:
    return torch.empty_strided(result.shape, result.stride(), dtype=result.dtype, device=META)
