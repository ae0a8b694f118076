"""Records what every operation writes while a model is built without memory for its tensors."""

from __future__ import annotations

import hashlib
from typing import Any, NoReturn

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ...errors import BadInput
from . import operations
from .calls import Call
from .contents import Contents, Write, geometry
from .draws import DrawLaw, Source
from .geometry import contiguous
from .places import Caller, caller
from .rules_copies import need_numbers
from .values import Empty, Known, Mixed, Tensor, Term, Unknown, Value

META = torch.device("meta")


class Recorder(TorchDispatchMode):  # type: ignore[misc]
    """Gives every new tensor the device meta, and keeps for each storage what its elements hold.

    Tensors that were made from Python numbers stay on the CPU: their numbers are known without a record.
    """

    def __init__(self) -> None:
        """Starts with no contents."""
        super().__init__()
        self._contents: dict[int, Contents] = {}
        self._lifted: dict[int, object] = {}
        self._generator = torch.default_generator
        self._states: dict[bytes, str] = {}
        self.refusal: BadInput | None = None

    # What operations read and write

    def value(self, tensor: Tensor) -> Value:
        """Returns what a tensor holds now."""
        with torch._C.DisableTorchFunction():
            contents = self._contents.get(_key(tensor))
            if contents is not None:
                return contents.read(geometry(tensor), tensor.dtype)
            if tensor.device.type != "meta":
                if tensor.layout != torch.strided or tensor.is_quantized:
                    return Unknown(f"its layout is {tensor.layout}, which capture does not read")
                given = 1 if _key(tensor) in self._lifted else 2
                return Known(tensor.detach().to("cpu", copy=True), given)
            return Empty()

    def last_write(self, tensor: Tensor) -> Write | None:
        """Returns the last write to a tensor's storage."""
        contents = self._contents.get(_key(tensor))
        return contents.writes[-1] if contents is not None and contents.writes else None

    def knows(self, tensor: Tensor) -> bool:
        """Tells whether an operation of the recording wrote the tensor's storage."""
        return _key(tensor) in self._contents

    def made(self, tensor: Tensor) -> bool:
        """Tells whether the tensor's storage was made or written in the recording."""
        return tensor.device.type == "meta" or self.knows(tensor) or _key(tensor) in self._lifted

    def store(self, tensor: Tensor, value: Value) -> None:
        """Records that a tensor holds a value now."""
        contents = self._contents_of(tensor)
        contents.write(geometry(tensor), tensor.dtype, _cast(value, tensor.dtype))

    def draw(self, tensor: Tensor, law: DrawLaw, operation: str) -> None:
        """Records that every element of a tensor is a new draw."""
        self.store(tensor, self.drawn(tensor, law, operation))

    def drawn(self, tensor: Tensor, law: DrawLaw, operation: str) -> Value:
        """Makes new draws in the shape of a tensor."""
        who = caller(operation)
        if law.scale == 0:
            return Known(torch.tensor(law.shift, dtype=torch.float64).expand(tuple(tensor.shape)))
        repeated = self.advance(who)
        if repeated is not None:
            return repeated
        shape, name = tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")
        source = Source(shape, who.origin, who.place, name)
        return Term(source, contiguous(shape), shape, law)

    def advance(self, who: Caller) -> Unknown | None:
        """Lets the generator of an operation go on, as its draws would; the draws themselves are not made.

        Returns:
            Why the draws have no law of their own, if the generator was in the same state at an earlier operation: it
            was seeded again or set back, as `torch.random.fork_rng` does, and its draws repeat.
        """
        if self._generator.device.type != "cpu":
            return Unknown(f"it is drawn by a generator of {self._generator.device}, whose repeats are not known")
        state = hashlib.sha256(self._generator.get_state().numpy().tobytes()).digest()
        earlier = self._states.get(state)
        self._states.setdefault(state, f"{who.origin} in {who.place}")
        torch.empty(1, device="cpu").random_(generator=self._generator)
        if earlier is None:
            return None
        return Unknown(f"PyTorch's generator was set back, so its draws repeat those of {earlier}", who.place)

    def _contents_of(self, tensor: Tensor) -> Contents:
        key = _key(tensor)
        contents = self._contents.get(key)
        if contents is None:
            contents = Contents(tensor.untyped_storage())
            self._contents[key] = contents
            if tensor.device.type != "meta":
                size = tensor.untyped_storage().nbytes() // tensor.element_size()
                flat = tensor.detach().as_strided((size,), (1,), 0)
                contents.write(contiguous((size,)), tensor.dtype, Known(flat.clone(), 1 if key in self._lifted else 2))
        return contents

    # The mode

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Runs an operation on meta and records its effect."""
        with torch._C.DisableTorchFunction():
            kwargs = dict(kwargs or {})
            if "device" in kwargs:
                kwargs["device"] = META
            kwargs.pop("pin_memory", None)
            generator = kwargs.get("generator")
            if generator is not None:
                kwargs["generator"] = None
            generators = [generator] if generator is not None else [a for a in args if isinstance(a, torch.Generator)]
            args = tuple(None if isinstance(a, torch.Generator) else a for a in args)
            self._generator = generators[0] if generators else torch.default_generator
            return self._run(function, args, kwargs)

    def _run(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        call = Call(self, function, args, kwargs)
        if call.is_view:
            result = function(*args, **kwargs)
            if call.name == "lift_fresh":
                self._lifted[_key(result)] = result.untyped_storage()
            return result
        if call.depends_on_numbers and call.name != "_local_scalar_dense":
            need_numbers(call)
        handler = operations.HANDLERS.get(call.name)
        if handler is not None:
            handled, result = handler(call)
            if handled:
                return result
        return self._general(call)

    def _general(self, call: Call) -> Any:
        """Runs an operation that has no rule of its own."""
        values = [self.value(t) for t in call.tensors]
        known = all(isinstance(v, Known) for v in values) or call.only_writes
        if known and not call.is_random:
            return self._computed(call)
        outputs = call.on_meta()
        value = self._reason(call, values)
        for tensor in call.written:
            self.store(tensor, value)
        for tensor in call.new_tensors(outputs):
            self.store(tensor, value)
        return outputs

    def _computed(self, call: Call) -> Any:
        """Computes an operation whose operands are all known."""
        small = call.constant_fold()
        if small is not None:
            return small
        return call.on_cpu()

    def _reason(self, call: Call, values: list[Value]) -> Value:
        for value in values:
            if isinstance(value, Unknown):
                return value
        who = caller(call.name)
        if call.is_random:
            self.advance(who)
            return Unknown(f"it is drawn by `{call.name}`, which no law describes", who.place)
        if any(isinstance(v, Empty) for v in values) and not any(isinstance(v, Term | Mixed) for v in values):
            return Unknown("it is computed from elements that no operation wrote", who.place)
        return Unknown(f"it is computed by `{call.name}` from values of other tensors", who.place)

    def refuse_value(self, call_name: str, value: Value) -> NoReturn:
        """Raises the error for a build that reads a value which is not known on meta."""
        who = caller(call_name)
        if isinstance(value, Term):
            what = f"draws of {value.source.origin}"
        elif isinstance(value, Unknown):
            what = f"a value that is not known ({value.reason})"
        elif isinstance(value, Empty):
            what = "elements that no operation wrote"
        else:
            what = "random values"
        self.refuse(f"the build reads {what} as a number, in {who.place}. What it builds can depend on the values")

    def refuse(self, reason: str) -> NoReturn:
        """Raises, and keeps the error for `spec`: a build may catch it and go on in another way."""
        self.refusal = BadInput(
            f"capture: {reason}, so its laws are not known without them. Take this out of the build, or record a build"
            " as a checkpoint with `winit-registry import`."
        )
        raise self.refusal


def _key(tensor: Tensor) -> int:
    key: int = tensor.untyped_storage()._cdata
    return key


def _cast(value: Value, dtype: torch.dtype) -> Value:
    """Returns a value as a tensor of another dtype holds it."""
    if isinstance(value, Known):
        if value.tensor.dtype == dtype:
            return value
        only = value.constant
        converted = value.tensor.to(dtype) if only is None else only.to(dtype).expand(tuple(value.tensor.shape))
        return Known(converted, value.given)
    if isinstance(value, Mixed):
        return Mixed(value.shape, tuple((box, _cast(piece, dtype)) for box, piece in value.pieces))
    if isinstance(value, Unknown | Empty):
        return value
    if not dtype.is_floating_point:
        return Unknown(f"it holds draws that were converted to {str(dtype).removeprefix('torch.')}")
    if isinstance(value, Term):
        name = str(dtype).removeprefix("torch.")
        if not value.rounded or _digits(name) < _digits(value.rounded):
            return Term(value.source, value.view, value.shape, value.law, value.tree, name)
    return value


def _digits(dtype: str) -> int:
    return {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}.get(dtype, 4)
