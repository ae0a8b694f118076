"""Checks files that winit-registry wrote against readers and arithmetic that are not its own.

    python -m checks.export safetensors FILE SHOW.json [NAME ...]
        The official safetensors reader must find the tensors that `show --json` lists. The tensors named (all, if no
        name is given) must have the bytes and the digest that NumPy and hashlib compute from seed, stream and law. The
        official writer must put the same tensors in the same order and write the same bytes.
    python -m checks.export npy FILE SHOW.json NAME
        numpy.load must give the tensor's values.
    python -m checks.export npz FILE SHOW.json DTYPE
        numpy.load must give every tensor's values, the floating-point ones rounded to the dtype, and zipfile must find
        the archive sound.
    python -m checks.export cast FILE SHOW.json DTYPE
        The safetensors reader must give every tensor's values, the floating-point ones rounded to the dtype.
    python -m checks.export id SHOW.json MANIFEST
        The manifest must be the canonical JSON of what `show --json` lists, and the id its SHA-256.

Prints what was checked; exits with 1 at the first difference.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
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


def recipe(entry: Entry, listed: dict[str, Entry], read: dict[str, Entry] | None = None) -> reference.Tensor:
    """The recipe of a listed tensor. Given bytes are those that a file holds.

    A tied tensor has the stream and the seed of its target.
    """
    law = entry["law"]
    literals: tuple[bytes, ...] = ()
    if read is not None and law["law"] == "literal":
        literals = (bytes(read[entry["name"]]["data"]),)
    elif read is not None and law["law"] == "parts":
        data = np.frombuffer(bytes(read[entry["name"]]["data"]), np.uint8).reshape(*entry["shape"], -1)
        boxes = [part["box"] for part in law["parts"] if part["law"]["law"] == "literal"]
        literals = tuple(data[tuple(slice(*pair) for pair in box)].tobytes() for box in boxes)
    return reference.Tensor(
        entry["name"],
        entry["dtype"],
        tuple(entry["shape"]),
        law,
        stream=int(entry["stream"]) if law["law"] == "same_as" else None,
        seed=int(entry["seed"]) if "seed" in entry else None,
        literals=literals,
        source=recipe(listed[law["name"]], listed, read) if law["law"] in ("same_as", "norm_of") else None,
    )


def is_given(entry: Entry, listed: dict[str, Entry]) -> bool:
    """Whether bytes of the tensor follow from no law: literals, boxes of them, and what takes its values from them."""
    law = entry["law"]
    if law["law"] in ("same_as", "norm_of"):
        return is_given(listed[law["name"]], listed)
    return "literal" in [law["law"], *(part["law"]["law"] for part in law.get("parts", []))]


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
        expected = reference.canonical_bytes(int(run["seed"]), recipe(listed[name], listed, read))
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
    if array.tobytes() != reference.canonical_bytes(int(run["seed"]), recipe(entry, by_name(run))):
        fail(f"{name}: the values are not those that NumPy computes")
    print(f"{name}: {array.dtype} {array.shape} equal")


def rounded(seed: int, entry: Entry, listed: dict[str, Entry], dtype: str) -> bytes:
    """The bytes of a tensor whose elements are rounded to a floating-point dtype, to nearest even."""
    target = listed[entry["law"]["name"]] if entry["law"]["law"] == "same_as" else entry
    data = reference.canonical_bytes(seed, recipe(target, listed))
    if entry["dtype"] not in ("float64", "float32", "float16", "bfloat16"):
        return data
    if entry["dtype"] == "bfloat16":
        values = (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4").astype("<f8")
    else:
        values = np.frombuffer(data, np.dtype(entry["dtype"]).newbyteorder("<")).astype("<f8")
    if dtype != "bfloat16":
        return values.astype(np.dtype(dtype).newbyteorder("<")).tobytes()
    # A binary64 number between two bfloat16 numbers: the bits below the 7 of the fraction decide. No value here is
    # subnormal in bfloat16.
    bits = values.view("<u8")
    bits = (bits + (1 << 44) - 1 + ((bits >> 45) & 1)) >> 45 << 45
    return bytes((bits.view("<f8").astype("<f4").view("<u4") >> 16).astype("<u2").tobytes())


def check_npz(path: str, show: str, dtype: str) -> None:
    run = load(show)
    listed = by_name(run)
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None or any(item.compress_type for item in archive.infolist()):
            fail("the archive has a wrong checksum, or is compressed")
    with np.load(path, allow_pickle=False) as arrays:
        if list(arrays) != list(listed):
            fail(f"the archive holds {list(arrays)}")
        for name, entry in listed.items():
            if list(arrays[name].shape) != entry["shape"]:
                fail(f"{name}: numpy.load finds the shape {arrays[name].shape}")
            if arrays[name].tobytes() != rounded(int(run["seed"]), entry, listed, dtype):
                fail(f"{name}: the values are not those that NumPy computes and rounds to {dtype}")
    print(f"{len(listed)} arrays equal, as {dtype}")


def check_cast(path: str, show: str, dtype: str) -> None:
    run = load(show)
    listed = by_name(run)
    with open(path, "rb") as file:
        data = file.read()
    if split_header(data)[0]["__metadata__"].get("winit_cast") != dtype:
        fail("the metadata does not name the cast")
    read: dict[str, Entry] = {name: dict(tensor) for name, tensor in safetensors.deserialize(data)}
    for name, entry in listed.items():
        if bytes(read[name]["data"]) != rounded(int(run["seed"]), entry, listed, dtype):
            fail(f"{name}: the values are not those that NumPy computes and rounds to {dtype}")
    print(f"{len(listed)} tensors equal, as {dtype}")


def check_id(show: str, manifest_path: str) -> None:
    run = load(show)
    with open(manifest_path, "rb") as file:
        recorded = file.read()
    listed = by_name(run)
    digests = {n: entry["digest"] for n, entry in listed.items() if is_given(entry, listed)}
    recipes = [recipe(entry, listed) for entry in run["tensors"]]
    computed = reference.manifest_bytes(int(run["seed"]), recipes, digests)
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
    for kind in ("npz", "cast"):
        command = commands.add_parser(kind, help="check a file with rounded values")
        command.add_argument("file")
        command.add_argument("show", metavar="SHOW.json")
        command.add_argument("dtype", metavar="DTYPE")
    command = commands.add_parser("id", help="check a manifest and the ids")
    command.add_argument("show", metavar="SHOW.json")
    command.add_argument("manifest", metavar="MANIFEST")
    arguments = parser.parse_args()
    if arguments.command == "safetensors":
        check_safetensors(arguments.file, arguments.show, arguments.names)
    elif arguments.command == "npy":
        check_npy(arguments.file, arguments.show, arguments.name)
    elif arguments.command == "npz":
        check_npz(arguments.file, arguments.show, arguments.dtype)
    elif arguments.command == "cast":
        check_cast(arguments.file, arguments.show, arguments.dtype)
    else:
        check_id(arguments.show, arguments.manifest)


if __name__ == "__main__":
    main()
