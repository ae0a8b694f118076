"""Measures the fills of the Python package: elements per second into a warm buffer of float32, as JSON on one line.

    peer_python.py ELEMENTS

Like winit-bench, it fills once to warm up and once to measure, for each law, on one thread and on all.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np

import winit
from winit import TensorRecipe, reference

LAWS = {
    "normal": reference.normal(),
    "uniform": reference.uniform(-1, 1),
    "truncated_normal": reference.truncated_normal(),
}


def main() -> None:
    elements = int(sys.argv[1])
    buffer = np.ones(elements, np.float32)
    rates: dict[str, float] = {}
    for name, law in LAWS.items():
        text = reference.canonical_json(law).decode()
        tensor = TensorRecipe("w", (elements,), "float32", text, stream=2, seed=1)
        for threads in {1, os.cpu_count() or 1}:
            for _ in range(2):
                start = time.perf_counter()
                tensor.box((0,), (elements,), buffer, threads=threads)
                seconds = time.perf_counter() - start
            rates[f"{name} {threads}"] = elements / seconds
    print(json.dumps({"backend": winit.backend(), "rates": rates}))


main()
