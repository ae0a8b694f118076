"""Checks files that winit-registry wrote against readers and arithmetic that are not its own.

    check_export.py safetensors FILE SHOW.json [NAME ...]
        The official safetensors reader must find the tensors that `show --json` lists. Those named (all, if none is)
        must have the bytes and the digest that NumPy and hashlib compute from seed, stream and law, and the
        official writer must lay the same tensors out in the same order and bytes.
    check_export.py npy FILE SHOW.json NAME
        numpy.load must give the tensor's values.
    check_export.py id SHOW.json MANIFEST
        The manifest must be the canonical JSON of what `show --json` lists, and its SHA-256 the id.

Prints what it checked; exits with 1 at the first difference.
"""

import json
import sys

import numpy as np
import safetensors

import winit_law as law

CODES = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "bool": "BOOL"}
CODES |= {f"{kind}{bits}": f"{kind[0].upper()}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)}


def fail(message):
    sys.exit(f"DIFFERS: {message}")


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def tensor(entry):
    # Of a tied tensor the stream is its target's.
    stream = int(entry["stream"]) if entry["law"]["law"] == "same_as" else None
    return law.Tensor(entry["name"], entry["dtype"], tuple(entry["shape"]), entry["law"], stream)


def made_bytes(seed, entry, listed, read):
    """What a tensor should hold: a tied one what its target does, a literal what it holds."""
    kind = entry["law"]["law"]
    if kind == "same_as":
        return made_bytes(seed, listed[entry["law"]["name"]], listed, read)
    if kind == "literal":
        return bytes(read[entry["name"]]["data"])
    return bytes(law.canonical_bytes(seed, tensor(entry)))


def header(data):
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def check_safetensors(path, show, *names):
    run = load(show)
    with open(path, "rb") as file:
        data = file.read()
    read = dict(safetensors.deserialize(data))
    listed = {entry["name"]: entry for entry in run["tensors"]}
    if set(read) != set(listed):
        fail(f"the reader finds {sorted(set(read) ^ set(listed))} on one side only")
    for name, entry in listed.items():
        if read[name]["dtype"] != CODES[entry["dtype"]] or list(read[name]["shape"]) != entry["shape"]:
            fail(f"{name}: {read[name]['dtype']} {read[name]['shape']}")
    for name in names or listed:
        made = made_bytes(int(run["seed"]), listed[name], listed, read)
        if bytes(read[name]["data"]) != made:
            fail(f"{name}: other bytes than NumPy computes")
        chunks = (made[i : i + law.CHUNK_SIZE] for i in range(0, len(made), law.CHUNK_SIZE))
        if law.digest_of_chunks(chunks) != listed[name]["digest"]:
            fail(f"{name}: another digest than hashlib computes")
    ours, body = header(data)
    if ours.get("__metadata__", {}).get("format") != "pt":
        fail("the metadata has no format: pt")
    if ours["__metadata__"].get("winit_id") != run["id"]:
        fail("the metadata has not the run's id")
    buffers = {n: np.frombuffer(bytes(t["data"]) or b"\0", np.uint8) for n, t in read.items()}  # kept alive for the writer
    specs = {
        n: safetensors.TensorSpec(
            dtype=listed[n]["dtype"], shape=t["shape"], data_ptr=buffers[n].ctypes.data, data_len=len(t["data"]))
        for n, t in read.items()
    }
    theirs, their_body = header(bytes(safetensors.serialize(specs, {"format": "pt"})))
    order = [n for n in ours if n != "__metadata__"]
    if order != [n for n in theirs if n != "__metadata__"] or any(ours[n] != theirs[n] for n in order):
        fail("the official writer orders or places tensors otherwise")
    if body != their_body:
        fail("the official writer gives other bytes")
    print(f"{len(listed)} tensors read, {len(names or listed)} computed and equal, laid out as the official writer does")


def check_npy(path, show, name):
    run = load(show)
    entry = {e["name"]: e for e in run["tensors"]}[name]
    array = np.load(path, allow_pickle=False)
    if list(array.shape) != entry["shape"] or array.dtype.name != entry["dtype"]:
        fail(f"{name}: {array.dtype} {array.shape}")
    if array.tobytes() != bytes(law.canonical_bytes(int(run["seed"]), tensor(entry))):
        fail(f"{name}: other values than NumPy computes")
    print(f"{name}: {array.dtype} {array.shape} equal")


def check_id(show, manifest_path):
    run = load(show)
    with open(manifest_path, "rb") as file:
        recorded = file.read()
    listed = {entry["name"]: entry for entry in run["tensors"]}
    digests = {name: entry["digest"] for name, entry in listed.items() if entry["law"]["law"] in ("literal", "same_as")}
    made = law.manifest(int(run["seed"]), [tensor(entry) for entry in run["tensors"]], digests)
    if made != recorded:
        fail("the manifest is not the canonical JSON of the run")
    if law.manifest_id(made) != run["id"]:
        fail("the id is not the manifest's SHA-256")
    if law.weights_digest(made) != run["weights"]:
        fail("another weights digest")
    print(f"{run['id']} and {run['weights']} computed and equal")


if __name__ == "__main__":
    {"safetensors": check_safetensors, "npy": check_npy, "id": check_id}[sys.argv[1]](*sys.argv[2:])
