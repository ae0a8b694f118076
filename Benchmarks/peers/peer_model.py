"""What a user would do with PyTorch instead: initialize a model, save and hash it; or initialize it again and compare.

    peer_model.py MANIFEST FILE

Reads tasks from standard input and prints the seconds that each took. `create` initializes every tensor of the
manifest, saves them to FILE with safetensors, calls fsync and hashes the file. `verify` loads FILE, initializes every
tensor again and compares.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file


def initialize(manifest: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    torch.manual_seed(1)
    for tensor in manifest["tensors"]:
        law, weight = tensor["law"], torch.empty(tensor["shape"])
        match law["law"]:
            case "constant":
                torch.nn.init.constant_(weight, law["value"])
            case "normal":
                torch.nn.init.normal_(weight, law["mean"], law["std"])
            case other:
                sys.exit(f"there is no law {other} here")
        yield tensor["name"], weight


def create(manifest: dict[str, Any], path: str) -> None:
    save_file(dict(initialize(manifest)), path)
    digest, block = hashlib.sha256(), bytearray(1 << 18)
    with open(path, "rb", buffering=0) as file:
        os.fsync(file.fileno())
        while size := file.readinto(block):
            digest.update(memoryview(block)[:size])


def verify(manifest: dict[str, Any], path: str) -> None:
    saved = load_file(path)
    if not all(torch.equal(weight, saved[name]) for name, weight in initialize(manifest)):
        sys.exit("PyTorch does not give the same weights again")


def main() -> None:
    manifest, path = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2]
    print("ready", flush=True)
    for task in sys.stdin:
        start = time.perf_counter()
        {"create": create, "verify": verify}[task.strip()](manifest, path)
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
