"""How long GPT-2 (124 M parameters) takes to be ready in PyTorch: built by transformers, or on meta and by winit.

    peer_init.py

Prints the backend of winit when it is ready, then reads tasks from standard input and prints the seconds that each
took: `library` is GPT2LMHeadModel(config); `recipe` builds the model on the meta device and fills it by `init_` with a
recipe; `seed` also captures the laws from the construction.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from transformers import GPT2Config, GPT2LMHeadModel

import winit
import winit.torch


def build() -> Any:
    return GPT2LMHeadModel(GPT2Config())


def main() -> None:
    recipe = winit.torch.capture(build).recipe(1)
    tasks: dict[str, Callable[[], Any]] = {
        "library": build,
        "recipe": lambda: winit.torch.init_(build, recipe),
        "seed": lambda: winit.torch.init_(build, 1),
    }
    for task in tasks.values():
        task()  # the first one imports
    print(winit.backend(), flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        made = tasks[line.strip()]()
        print(time.perf_counter() - start, flush=True)
        del made


if __name__ == "__main__":
    main()
