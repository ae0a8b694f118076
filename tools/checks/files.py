"""Files for the tests of the command, made and read with NumPy and the official safetensors reader.

python -m checks.files cast F16|BF16 FROM TO    rounds the float32 tensors of a file
python -m checks.files make FILE                writes a tensor of each dtype that only a literal can have
python -m checks.files same FILE FILE           compares the tensors of two files, byte for byte
"""

import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import numpy
import safetensors

# The bits of an element.
BITS = {
    "F8_E4M3": 8,
    "F8_E5M2": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "F4": 4,
    "C64": 64,
}

Tensors = dict[str, tuple[str, list[int], bytes]]


def read(path: str) -> Tensors:
    """Read a file with the official reader."""
    tensors = safetensors.deserialize(Path(path).read_bytes())
    return {name: (tensor["dtype"], tensor["shape"], bytes(tensor["data"])) for name, tensor in tensors}


def write(path: str, tensors: Tensors, metadata: dict[str, str]) -> None:
    """Write a file by hand, because the official writer does not take every dtype."""
    header: dict[str, object] = {"__metadata__": metadata}
    offset = 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    data = b"".join(data for _, _, data in tensors.values())
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def rounded(data: bytes, dtype: str) -> bytes:
    """Round float32 elements to nearest, ties to even."""
    values = numpy.frombuffer(data, numpy.float32)
    if dtype == "F16":
        return values.astype(numpy.float16).tobytes()
    bits = values.view(numpy.uint32).astype(numpy.uint64)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(numpy.uint16).tobytes()


def cast(dtype: str, source: str, target: str) -> None:
    tensors = {name: (dtype, shape, rounded(data, dtype)) for name, (_, shape, data) in read(source).items()}
    write(target, tensors, {})


def make(path: str) -> None:
    generator = numpy.random.default_rng(7)
    tensors = {code: (code, [6, 4], generator.bytes(24 * bits // 8)) for code, bits in BITS.items()}
    write(path, tensors, {"made": "by hand"})


def same(first: str, second: str) -> None:
    a, b = read(first), read(second)
    if a != b:
        sys.exit(f"{first} and {second} differ")
    print(f"{len(a)} tensors are the same")


def main() -> None:
    commands: dict[str, Callable[..., None]] = {"cast": cast, "make": make, "same": same}
    command, *arguments = sys.argv[1:]
    commands[command](*arguments)


if __name__ == "__main__":
    main()
