"""`watch`: the audit as a context, for code that builds elsewhere."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from ...errors import BadInput
from .findings import Audit
from .judging import Options, judged
from .memory import plain_torch
from .observations import Observed, observe
from .recorder import Recorder
from .records import Records, storage_of
from .registrations import Registrations
from .sentinels import Round

_active = threading.local()


class watch:
    """Watches which memory is written, for code that builds a model elsewhere: `to_empty`, FSDP, `from_pretrained`.

    Within the context, memory that PyTorch allocates without a value is filled with sentinels, in this thread; other
    threads enter the same `watch` to be watched too. Nothing else changes, and no random number is drawn. `audit` then
    looks at a module, within the context or after it. The context can be entered again and goes on where it ended.

    Example:
        >>> import torch, winit.torch
        >>> with torch.device("meta"):
        ...     model = torch.nn.BatchNorm1d(4)
        >>> with winit.torch.watch() as w:
        ...     model = model.to_empty(device="cpu")
        ...     torch.nn.init.ones_(model.weight), torch.nn.init.zeros_(model.bias)  # doctest: +ELLIPSIS
        (...)
        >>> [finding.tensor for finding in w.audit(model).findings]
        ['running_mean', 'running_var', 'num_batches_tracked']
    """

    def __init__(self, *, _round: Round = 0) -> None:
        """Makes a context that watches nothing yet."""
        self._round: Round = _round
        self._records = Records()
        self._registrations = Registrations()
        self._lock = threading.RLock()
        self._recorders: dict[int, Recorder] = {}

    def __enter__(self) -> watch:
        """Starts to watch this thread.

        Raises:
            winit.BadInput: If a `watch` or an `audit` watches this thread already: the inner one would write over the
                sentinels of the outer one.
        """
        if getattr(_active, "watch", None) is not None:
            raise BadInput(
                "a watch or an audit watches this thread already, and two would write over each other's sentinels. "
                "Use one watch, and call its audit() for each module"
            )
        recorder = Recorder(self._records, self._round, self._lock)
        recorder.__enter__()
        _active.watch = self
        with self._lock:
            if not self._recorders:
                self._registrations.start()
            self._recorders[threading.get_ident()] = recorder
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops watching this thread."""
        with self._lock:
            recorder = self._recorders.pop(threading.get_ident())
            if not self._recorders:
                self._registrations.stop()
        _active.watch = None
        recorder.__exit__(kind, error, traceback)

    def audit(
        self,
        module: Any,
        *,
        scheme: Any = None,
        accept: Mapping[str, str | Sequence[str]] | None = None,
        scheme_checks: bool = True,
    ) -> Audit:
        """Looks at every tensor of a module and says what is wrong.

        Args:
            module: A `torch.nn.Module`.
            scheme: As for `winit.torch.audit`.
            accept: As for `winit.torch.audit`.
            scheme_checks: As for `winit.torch.audit`.

        Returns:
            The audit. Elements of 1 and 2 bytes that are not floating-point can equal their sentinels by chance; only
            `winit.torch.audit`, which builds twice, can tell. Where that matters `not_checked` says so.

        Raises:
            winit.BadInput: If it is not a module, or if all its tensors are on the meta device.
        """
        options = Options.checked(scheme=scheme, accept=accept, scheme_checks=scheme_checks)
        return judged([self._observe(module)], options)

    def _std_drawn(self, tensor: Any) -> float:
        """Returns the standard deviation of the law that wrote the memory of a tensor last; 0 if no law wrote all."""
        storage = storage_of(tensor)
        record = None if storage is None else self._records.find(storage)
        if record is None or record.draw is None:
            return 0.0
        draw = record.draw
        return draw.second if draw.name == "normal_" else (draw.second - draw.first) / math.sqrt(12)

    def _observe(self, module: Any) -> Observed:
        from .tensors import require_module

        require_module(module, "watch.audit")
        with plain_torch(), self._lock:
            return observe(module, self._records, self._registrations, self._round)
