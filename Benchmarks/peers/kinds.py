"""The kind of processor that was measured, and what keeps other libraries to the instructions of the kernel in use."""

from __future__ import annotations

import enum
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class Kind(enum.Enum):
    """A kind of processor. Each kind has aims of its own (aims.py)."""

    AVX512 = "AVX-512"
    AVX2_SHA = "AVX2 with SHA"
    AVX2 = "AVX2 without SHA"
    ARM_SHA2 = "Arm with SHA-2"
    OTHER = "other"


def kind_of(kernel: str, features: frozenset[str]) -> Kind:
    """The kind of a processor with these features, named as Linux names them, if it runs this kernel."""
    if kernel == "avx512":
        return Kind.AVX512
    if kernel == "avx2":
        # As in the kernels: the code for SHA instructions also needs SSE 4.1.
        return Kind.AVX2_SHA if {"sha_ni", "sse4_1"} <= features else Kind.AVX2
    if kernel == "neon" and "sha2" in features:
        return Kind.ARM_SHA2
    return Kind.OTHER


def features_in(cpuinfo: str) -> frozenset[str]:
    """The features of the first processor in the text of /proc/cpuinfo; none if it lists none."""
    match = re.search(r"^(?:flags|Features)[ \t]*:(.*)$", cpuinfo, re.MULTILINE)
    return frozenset(match.group(1).split()) if match else frozenset()


def features_on_mac(machine: str, listed: str) -> frozenset[str]:
    """The features of a Mac's processor, named as Linux names them.

    Args:
        machine: What `uname -m` prints.
        listed: What `sysctl` prints for an Intel processor, such as "FPU VME … SSE4.1 … AVX2 SHA".
    """
    if machine == "arm64":
        return frozenset({"sha2"})  # every Apple processor has it
    names = {"sha": "sha_ni", "sse4.1": "sse4_1"}
    return frozenset(names.get(name, name) for name in listed.lower().split())


def features() -> frozenset[str]:
    """The features of this machine's processor."""
    if platform.system() != "Darwin":
        path = Path("/proc/cpuinfo")
        return features_in(path.read_text()) if path.exists() else frozenset()
    listed = ""
    if platform.machine() != "arm64":
        names = ("machdep.cpu.features", "machdep.cpu.leaf7_features")
        listed = subprocess.run(["sysctl", "-n", *names], capture_output=True, text=True).stdout
    return features_on_mac(platform.machine(), listed)


@dataclass(frozen=True)
class Kernels:
    """The kernel in use, and the kernels that the processor can run, narrowest first."""

    current: str
    available: Sequence[str]

    @property
    def is_forced(self) -> bool:
        """Whether $WINIT_KERNEL keeps the command from the widest kernel."""
        return self.current != self.available[-1]

    @property
    def limit(self) -> str | None:
        """The instructions that other libraries may use; None without a limit."""
        if not self.is_forced or "sse2" not in self.available:
            return None
        return {"avx2": "AVX2"}.get(self.current, "SSE4.2")

    def environment(self, xla_flags: str = "") -> dict[str, str]:
        """The variables that keep PyTorch, with its libraries, and JAX to the limit.

        Args:
            xla_flags: The value of $XLA_FLAGS, to which a flag is added.
        """
        match self.limit:
            case "AVX2":
                torch, mkl, onednn, xla = "avx2", "AVX2", "AVX2", "AVX2"
            case "SSE4.2":
                torch, mkl, onednn, xla = "default", "SSE4_2", "SSE41", "SSE4_2"
            case _:
                return {}
        return {
            "ATEN_CPU_CAPABILITY": torch,
            "MKL_ENABLE_INSTRUCTIONS": mkl,
            "ONEDNN_MAX_CPU_ISA": onednn,
            "XLA_FLAGS": f"{xla_flags} --xla_cpu_max_isa={xla}".strip(),
        }

    def heading(self, features: frozenset[str]) -> str:
        """The kind, the kernel, and what is limited, for the first line of the table."""
        kind = kind_of(self.current, features)
        text = f"{kind.value} (kernel {self.current})"
        if self.is_forced:
            text += f", forced on a processor with {kind_of(self.available[-1], features).value}"
        if self.limit:
            text += f"; PyTorch and JAX are limited to {self.limit}"
        return text
