"""Checks files that winit-registry wrote against readers and arithmetic that are not its own.

    python -m checks.export safetensors FILE SHOW.json [NAME ...]
        The official safetensors reader must find the tensors that `show --json` lists. The tensors named (all, if no
        name is given) must have the bytes and the digest that NumPy and hashlib compute from seed, stream and law. The
        official writer must put the same tensors in the same order and write the same bytes.
    python -m checks.export npy FILE SHOW.json NAME
        numpy.load must give the tensor's values.
    python -m checks.export id SHOW.json MANIFEST
        The manifest must be the canonical JSON of what `show --json` lists, and the id its SHA-256.

Prints what was checked; exits with 1 at the first difference.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, NoReturn

import numpy as np
import safetensors

from winit import reference

CODES = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "bool": "BOOL"}
CODES |= {f"{kind}{bits}": f"{kind[0].upper()}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)}

Entry = dict[str, Any]
"""A tensor as `show --json` lists it, or as the safetensors reader gives it."""


def fail(message: str) -> NoReturn:
    sys.exit(f"DIFFERS: {message}")


def load(path: str) -> dict[str, Any]:
    """Reads a JSON object from a file."""
    with open(path, encoding="utf-8") as file:
        loaded: dict[str, Any] = json.load(file)
    return loaded


def by_name(run: dict[str, Any]) -> dict[str, Entry]:
    return {entry["name"]: entry for entry in run["tensors"]}


def recipe(entry: Entry) -> reference.Tensor:
    """The recipe of a listed tensor. A tied tensor has the stream of its target."""
    stream = int(entry["stream"]) if entry["law"]["law"] == "same_as" else None
    return reference.Tensor(entry["name"], entry["dtype"], tuple(entry["shape"]), entry["law"], stream)


def expected_bytes(seed: int, entry: Entry, listed: dict[str, Entry], read: dict[str, Entry]) -> bytes:
    """What a tensor must hold: a tied tensor what its target does, a literal what it holds."""
    kind = entry["law"]["law"]
    if kind == "same_as":
        return expected_bytes(seed, listed[entry["law"]["name"]], listed, read)
    if kind == "literal":
        return bytes(read[entry["name"]]["data"])
    return reference.canonical_bytes(seed, recipe(entry))


def split_header(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header of a .safetensors file as JSON, and the bytes after it."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def check_safetensors(path: str, show: str, names: list[str]) -> None:
    run = load(show)
    with open(path, "rb") as file:
        data = file.read()
    read: dict[str, Entry] = {name: dict(tensor) for name, tensor in safetensors.deserialize(data)}
    listed = by_name(run)
    if set(read) != set(listed):
        fail(f"{sorted(set(read) ^ set(listed))} are in the file only or in the list only")
    for name, entry in listed.items():
        if read[name]["dtype"] != CODES[entry["dtype"]] or list(read[name]["shape"]) != entry["shape"]:
            fail(f"{name}: the reader finds {read[name]['dtype']} {read[name]['shape']}")
    for name in names or listed:
        expected = expected_bytes(int(run["seed"]), listed[name], listed, read)
        if bytes(read[name]["data"]) != expected:
            fail(f"{name}: the bytes are not those that NumPy computes")
        size = reference.CHUNK_SIZE
        chunks = (expected[i : i + size] for i in range(0, len(expected), size))
        if reference.digest_of_chunks(chunks) != listed[name]["digest"]:
            fail(f"{name}: the digest is not the one that hashlib computes")
    check_layout(data, run, listed, read)
    print(
        f"{len(listed)} tensors read, {len(names or listed)} computed and equal, laid out as the official writer does"
    )


def check_layout(data: bytes, run: dict[str, Any], listed: dict[str, Entry], read: dict[str, Entry]) -> None:
    """Compares order, offsets and bytes with what the official writer makes of the same tensors."""
    ours, body = split_header(data)
    if ours.get("__metadata__", {}).get("format") != "pt":
        fail("the metadata does not have format: pt")
    if ours["__metadata__"].get("winit_id") != run["id"]:
        fail("the metadata does not have the id of the run")
    # The writer reads from these buffers, so they are kept.
    buffers = {n: np.frombuffer(bytes(t["data"]) or b"\0", np.uint8) for n, t in read.items()}
    specs = {
        n: safetensors.TensorSpec(
            dtype=listed[n]["dtype"], shape=t["shape"], data_ptr=buffers[n].ctypes.data, data_len=len(t["data"])
        )
        for n, t in read.items()
    }
    theirs, their_body = split_header(bytes(safetensors.serialize(specs, {"format": "pt"})))
    order = [n for n in ours if n != "__metadata__"]
    if order != [n for n in theirs if n != "__metadata__"] or any(ours[n] != theirs[n] for n in order):
        fail("the official writer orders or places the tensors differently")
    if body != their_body:
        fail("the official writer writes other bytes")


def check_npy(path: str, show: str, name: str) -> None:
    run = load(show)
    entry = by_name(run)[name]
    array = np.load(path, allow_pickle=False)
    if list(array.shape) != entry["shape"] or array.dtype.name != entry["dtype"]:
        fail(f"{name}: numpy.load finds {array.dtype} {array.shape}")
    if array.tobytes() != reference.canonical_bytes(int(run["seed"]), recipe(entry)):
        fail(f"{name}: the values are not those that NumPy computes")
    print(f"{name}: {array.dtype} {array.shape} equal")


def check_id(show: str, manifest_path: str) -> None:
    run = load(show)
    with open(manifest_path, "rb") as file:
        recorded = file.read()
    digests = {n: entry["digest"] for n, entry in by_name(run).items() if entry["law"]["law"] in ("literal", "same_as")}
    computed = reference.manifest_bytes(int(run["seed"]), [recipe(entry) for entry in run["tensors"]], digests)
    if computed != recorded:
        fail("the manifest is not the canonical JSON of the run")
    if reference.manifest_id(computed) != run["id"]:
        fail("the id is not the SHA-256 of the manifest")
    if reference.weights_digest(computed) != run["weights"]:
        fail("the weights digest is not the one that hashlib computes")
    print(f"{run['id']} and {run['weights']} computed and equal")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m checks.export", description="Check what winit-registry wrote.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("safetensors", help="check a .safetensors file")
    command.add_argument("file")
    command.add_argument("show", metavar="SHOW.json")
    command.add_argument("names", nargs="*", metavar="NAME", help="compute only these tensors")
    command = commands.add_parser("npy", help="check a .npy file")
    command.add_argument("file")
    command.add_argument("show", metavar="SHOW.json")
    command.add_argument("name", metavar="NAME")
    command = commands.add_parser("id", help="check a manifest and the ids")
    command.add_argument("show", metavar="SHOW.json")
    command.add_argument("manifest", metavar="MANIFEST")
    arguments = parser.parse_args()
    if arguments.command == "safetensors":
        check_safetensors(arguments.file, arguments.show, arguments.names)
    elif arguments.command == "npy":
        check_npy(arguments.file, arguments.show, arguments.name)
    else:
        check_id(arguments.show, arguments.manifest)


if __name__ == "__main__":
    main()
