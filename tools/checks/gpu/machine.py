"""The machine that a check runs on: processor, card, driver and versions."""

from __future__ import annotations

import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

import winit

from .place import Place


def described(place: Place) -> dict[str, Any]:
    """Describes the machine, the software and the time, without names of the host and the user."""
    found: dict[str, Any] = {"date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "processor": _processor()}
    if place.is_interpreted:
        found["card"] = "none: Triton's interpreter on the CPU"
    else:
        properties = torch.cuda.get_device_properties(place.device)
        found |= {
            "card": properties.name,
            "capability": f"{properties.major}.{properties.minor}",
            "memory": properties.total_memory,
            "multiprocessors": properties.multi_processor_count,
            "driver": _driver(),
            "cuda": torch.version.cuda,
        }
    software = {"python": platform.python_version(), "winit": winit.__version__, "torch": str(torch.__version__)}
    for name in ("triton", "numpy", "jax", "jaxlib"):
        try:
            software[name] = version(name)
        except PackageNotFoundError:
            software[name] = "none"
    return {**found, "software": software, "cpu_backend": winit.backend()}


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _driver() -> str:
    words = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=30, check=True).stdout.split("\n")[0]
    except (OSError, subprocess.SubprocessError):
        return "unknown: nvidia-smi does not run"
