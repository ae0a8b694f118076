"""The random states of the process: those of random, NumPy and PyTorch, kept while an audit builds."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch


class RandomState:
    """The states of the global random generators at one time."""

    def __init__(self) -> None:
        """Reads the states. Devices that the process has not used yet are left alone."""
        self._python = random.getstate()
        self._numpy: Any = np.random.get_state()
        self._torch = torch.get_rng_state()
        self._cuda: Any = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None

    def restore(self) -> None:
        """Sets the states back to those."""
        random.setstate(self._python)
        np.random.set_state(self._numpy)
        torch.set_rng_state(self._torch)
        if self._cuda is not None:
            torch.cuda.set_rng_state_all(self._cuda)
