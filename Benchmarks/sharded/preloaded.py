"""What every rank imports. The process from which the ranks are forked imports it once."""

from __future__ import annotations

import os
import warnings

os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")

import fsspec
import torch

torch.set_num_threads(1)

import winit.kernels  # noqa: E402
import winit.torch.checkpoint.filesystem  # noqa: E402, F401

from . import ways  # noqa: E402, F401
from .model import on_meta  # noqa: E402
from .shapes import TINY  # noqa: E402

on_meta(TINY)  # imports what PyTorch imports late

# As the entry point does where the package is installed.
fsspec.register_implementation("winit", "winit.torch.checkpoint.filesystem.WinitFileSystem", clobber=True)
# What the measurements do on purpose, and what the table says.
warnings.filterwarnings("ignore", message="DTensor random operators may not have complete support")
warnings.filterwarnings("ignore", message="torch.distributed is disabled, unavailable or uninitialized")
