"""Every row of the table, with its aim for each kind of processor.

A ratio says how many times faster than its peer the command is, and must be at least its aim. Any other value with an
aim is a cost, and must be at most its aim. A row that is in none of the tables below is an error.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

from .kinds import Kind


@dataclass(frozen=True)
class Aim:
    """What the median of a row must reach, or must not exceed, on a machine with enough cores."""

    value: float
    is_maximum: bool
    cores: int = 1

    def is_met(self, median: float) -> bool:
        return median <= self.value if self.is_maximum else median >= self.value


def at_least(value: float, cores: int = 1) -> Aim:
    return Aim(value, is_maximum=False, cores=cores)


def at_most(value: float, cores: int = 1) -> Aim:
    return Aim(value, is_maximum=True, cores=cores)


# The fills of the Python package run the same kernels as the command: at most 1.1 times the time of winit-bench.
_PYTHON = at_least(0.909)

EVERYWHERE: dict[str, Aim] = {
    # Fills
    **{
        f"fill.{law}.python{threads}/command": _PYTHON
        for law in ("normal", "uniform", "truncated_normal")
        for threads in (".1", "")
    },
    "fill.normal.threads": at_least(1.9, cores=2),
    "fill.normal.avx2/torch": at_least(2.4),  # PyTorch runs its widest instructions
    "orthogonal/torch": at_least(0.8),  # PyTorch does not promise the bits
    # Verification
    "diagnose/verify": at_most(3),
    "verify.cpu/threads": at_most(1.1),  # the processor time of a GB does not grow with the number of threads
    "create.mixtral/sha256": at_least(0.87),  # at most 1.15 times as long as SHA-256 of the bytes alone
    # The disk: a registry that can be read meanwhile needs more than the one flush of the plain write
    "create/write": at_least(0.65),
    "create.4gb/write": at_least(0.8),
    "get.stored/copy": at_least(0.8),
    "get.regenerated/copy": at_least(1),
    "readers.p99.ms": at_most(200),  # LIMIT of stress/processes.py
    "readers.command.p99.ms": at_most(200),
    # Short commands
    "version.ms": at_most(20),
    "slice.cold.ms": at_most(50),
    "slice.cold/version": at_most(1.5),
    "list.100k.ms": at_most(50),
    "list.100k.filtered.ms": at_most(50),
    **{f"{command}.1m/100k": at_most(1.5) for command in ("list", "list.filtered", "show", "create")},
    # Many small tensors
    "create.44k.s": at_most(3),
    "slice.90k.ms": at_most(200),
    # Memory, in MB, which the size of a model does not change
    "create.llama3.peak.mb": at_most(60),
    "verify.llama3.peak.mb": at_most(60),
    "create.mixtral.peak.mb": at_most(60),
    # The Python package: beside transformers, and several processes beside one
    "python.init.gpt2/transformers": at_least(1),
    "python.init.gpt2.seed/transformers": at_least(1),
    **{f"python.{task}.mixtral.{n}/1": at_least(0.9 * n, cores=n) for task in ("id", "verify") for n in (2, 4)},
    **{f"python.id.mixtral.{n}/1.processor": at_least(0.9 * n) for n in (2, 4)},  # other load does not change it
}
"""The aims that hold on every kind of processor."""

# SHA instructions play no part in a fill. Before these aims, a Xeon limited to AVX2 and an EPYC of the third generation
# reached 5.6 and 4.1 with normal.
_AVX2_FILLS = {
    "fill.normal/torch": at_least(5),
    "fill.uniform/torch": at_least(9),
    "fill.truncated_normal/torch": at_least(65),
}

OF_KIND: dict[Kind, dict[str, Aim]] = {
    # Two cores of a Xeon reached 8.2, 13.7, 76, 21, 23, 0.87 and 1.09 (Benchmarks/README.md).
    Kind.AVX512: {
        "fill.normal/torch": at_least(5),
        "fill.uniform/torch": at_least(9),
        "fill.truncated_normal/torch": at_least(60),
        "fill.normal/numpy": at_least(17),
        "fill.normal/jax": at_least(15),
        "verify/sha256": at_least(0.65),
        "verify.llama3/sha256": at_least(1.1),
    },
    # The peer hashes one message at a time with SHA instructions. Two at a time are 1.6 to 1.8 times as fast, and the
    # fill takes time as well: 0.53 and 0.75 on an EPYC of the third generation without further work.
    Kind.AVX2_SHA: _AVX2_FILLS | {"verify/sha256": at_least(0.6), "verify.llama3/sha256": at_least(0.8)},
    # Computed, because no such processor was at hand: eight messages at once at 1.9 GB/s on a core and a normal fill at
    # 2.5 GB/s, beside OpenSSL without SHA instructions at 0.75 GB/s, are 1.4. With GPT-2 the start counts for more.
    Kind.AVX2: _AVX2_FILLS | {"verify/sha256": at_least(1), "verify.llama3/sha256": at_least(1.3)},
    # No rates of such processors are known.
    Kind.ARM_SHA2: {},
    Kind.OTHER: {},
}
"""The aims that depend on the kind of processor."""

FIGURES: frozenset[str] = frozenset(
    {
        # Rates and times that depend on the machine alone
        *(f"fill.{law}.Meps" for law in ("normal", "uniform", "truncated_normal")),
        *(f"fill.{law}.Meps" for law in ("constant", "expression", "norm_of", "parts")),
        *(
            f"fill.{law}.{dtype}{what}"
            for law in ("normal", "uniform", "truncated_normal")
            for dtype in ("float16", "bfloat16", "float64")
            for what in (".Meps", "/torch")
        ),
        *("fill.constant/torch", "fill.uniform/numpy", "fill.uniform/jax", "fill.truncated_normal/jax"),
        *("verify.gpt2.GBps", "verify/torch", "sha256.core.GBps", "verify.llama3.GBps", "whole/slice"),
        "verify.cpu.*.ms/GB",  # * is the number of threads
        *("write.GBps", "create/write.17mb", "create/torch", "create.mixtral.GBps"),
        *("write.4gb.GBps", "create.4gb.readers/write"),
        *("show.100k.ms", "create.100k.ms", "list.1m.ms", "list.1m.filtered.ms", "show.1m.ms", "create.1m.ms"),
        *("create.44k.recipe.s", "python.init.gpt2.ms", "python.id.mixtral.gb/s"),
        # Memory
        *(f"create.{what}.peak.mb" for what in ("gpt2", "100k", "1m", "44k", "4gb")),
        *("verify.gpt2.peak.mb", "diagnose.gpt2.peak.mb", "get.stored.peak.mb", "get.recipe.peak.mb"),
        *("list.100k.peak.mb", "list.1m.peak.mb", "slice.peak.mb", "slice.90k.peak.mb", "version.peak.mb"),
        "python.id.mixtral.peak.mb",
    }
)
"""The rows without an aim on any kind of processor. `*` stands for any text."""


def aim_of(row: str, kind: Kind, cores: int) -> Aim | None:
    """The aim of a row; None if it has none on this kind of processor, or with so few cores.

    Raises:
        KeyError: The row is in none of the tables.
    """
    aim = OF_KIND[kind].get(row) or EVERYWHERE.get(row)
    if aim is not None:
        return aim if cores >= aim.cores else None
    if any(row in aims for aims in OF_KIND.values()) or any(fnmatch.fnmatchcase(row, each) for each in FIGURES):
        return None
    raise KeyError(f"the row `{row}` is not in aims.py. Add it to the aims, or to FIGURES if it has none.")
