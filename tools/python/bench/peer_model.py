"""What one would do with PyTorch instead: initialize a model, save and hash it; or initialize it again and compare.

    peer_model.py MANIFEST FILE

Reads tasks from standard input and prints the seconds of each. `create`: every tensor of the manifest is initialized,
saved to FILE with safetensors, fsynced, and the file is hashed. `verify`: FILE is loaded, every tensor is initialized
again and compared.
"""

import hashlib
import json
import os
import sys
import time

import torch
from safetensors.torch import load_file, save_file

manifest = json.load(open(sys.argv[1]))
path = sys.argv[2]


def initialize():
    torch.manual_seed(1)
    for tensor in manifest["tensors"]:
        law, weight = tensor["law"], torch.empty(tensor["shape"])
        match law["law"]:
            case "constant": torch.nn.init.constant_(weight, law["value"])
            case "normal": torch.nn.init.normal_(weight, law["mean"], law["std"])
            case other: sys.exit(f"no {other} here")
        yield tensor["name"], weight


def create():
    save_file(dict(initialize()), path)
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        hashlib.file_digest(file, "sha256")


def verify():
    saved = load_file(path)
    if not all(torch.equal(weight, saved[name]) for name, weight in initialize()):
        sys.exit("PyTorch does not give the same weights again")


print("ready", flush=True)
for task in sys.stdin:
    start = time.perf_counter()
    {"create": create, "verify": verify}[task.strip()]()
    print(time.perf_counter() - start, flush=True)
