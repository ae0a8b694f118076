"""The reader and the writer of safetensors files, against the official library."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from safetensors import SafetensorError

from winit import BadInput, NotFound, Unavailable
from winit.recipes.dtypes import SAFETENSORS_CODES
from winit.safetensors import header_bytes, read_header

DTYPES = (
    "float64",
    "float32",
    "float16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint64",
    "uint32",
    "uint16",
    "uint8",
    "bool",
)


def arrays(rng: random.Random) -> dict[str, np.ndarray[Any, Any]]:
    made = {}
    for number in range(rng.randint(0, 6)):
        shape = tuple(rng.randint(0, 4) for _ in range(rng.randint(0, 3)))
        name = rng.choice(("a", "é", 'b"\\', "日本", "x\ny")) + str(number)
        dtype = np.dtype(rng.choice(DTYPES))
        data = bytes(math.prod(shape)) if dtype.kind == "b" else rng.randbytes(math.prod(shape) * dtype.itemsize)
        made[name] = np.frombuffer(data, dtype).reshape(shape)
    return made


def test_a_file_of_the_official_writer_is_read(tmp_path: Path) -> None:
    rng = random.Random(1)
    for number in range(40):
        given = arrays(rng)
        data = safetensors.numpy.save(given, {"format": "pt"} if number % 2 else None)
        (tmp_path / "x.safetensors").write_bytes(data)
        header = read_header(tmp_path / "x.safetensors")
        assert set(header.entries) == set(given)
        for name, array in given.items():
            entry = header.entries[name]
            assert (entry.dtype, entry.shape) == (array.dtype.name, array.shape)
            assert data[entry.offset : entry.offset + entry.byte_count] == array.tobytes()
        assert header.metadata == ({"format": "pt"} if number % 2 else {})


def test_a_file_of_ours_is_the_file_of_the_official_writer() -> None:
    rng = random.Random(2)
    for _ in range(40):
        given = arrays(rng)
        rows = ((name, array.dtype.name, array.shape) for name, array in given.items())
        head, order = header_bytes(rows, {"format": "pt"})
        ours = head + b"".join(given[name].tobytes() for name in order)
        assert ours == safetensors.numpy.save(given, {"format": "pt"})


def document(**tensors: Any) -> bytes:
    text = json.dumps(tensors).encode()
    return len(text).to_bytes(8, "little") + text


GOOD = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}

BAD: list[tuple[bytes, str]] = [
    (b"", "8"),
    (b"\x08\0\0\0\0\0\0", "8"),
    (b"\xff" * 8 + b"{}", "header"),
    ((1 << 40).to_bytes(8, "little") + b"{}", "header"),
    ((3).to_bytes(8, "little") + b"{}", "header"),
    ((2).to_bytes(8, "little") + b"[]", "object"),
    ((3).to_bytes(8, "little") + b" {}", "object"),
    ((2).to_bytes(8, "little") + b"{}" + b"\0", "bytes"),
    (document(a=GOOD), "within"),
    (document(a=GOOD) + bytes(15), "within"),
    (document(a=GOOD) + bytes(17), "bytes"),
    (document(a={**GOOD, "dtype": "F31"}) + bytes(16), "dtype"),
    (document(a={**GOOD, "dtype": 3}) + bytes(16), "dtype"),
    (document(a={**GOOD, "shape": [2, 3]}) + bytes(16), "bytes"),
    (document(a={**GOOD, "shape": [-2, -2]}) + bytes(16), "negative"),
    (document(a={**GOOD, "shape": [1 << 40, 1 << 40]}) + bytes(16), "large"),
    (document(a={**GOOD, "shape": [2.0, 2]}) + bytes(16), "integer"),
    (document(a={**GOOD, "shape": [True, 4]}) + bytes(16), "integer"),
    (document(a={**GOOD, "shape": "22"}) + bytes(16), "shape"),
    (document(a={**GOOD, "data_offsets": [16, 0]}) + bytes(16), "offsets"),
    (document(a={**GOOD, "data_offsets": [-1, 15]}) + bytes(16), "offsets"),
    (document(a={**GOOD, "data_offsets": [False, 16]}) + bytes(16), "offsets"),
    (document(a={**GOOD, "data_offsets": [0, 16, 32]}) + bytes(16), "offsets"),
    (document(a={**GOOD, "data_offsets": [4, 20]}) + bytes(20), "begin"),
    (document(a=GOOD, b=GOOD) + bytes(16), "begin"),
    (document(a=GOOD, b={**GOOD, "data_offsets": [20, 36]}) + bytes(36), "begin"),
    (document(a={"dtype": "F4", "shape": [3], "data_offsets": [0, 2]}) + bytes(2), "bytes"),
    (document(a=3), "object"),
    (document(__metadata__={"a": 1}), "texts"),
    (document(__metadata__=[]), "texts"),
    ((17).to_bytes(8, "little") + b'{"a":{},"a":{}}  ', "duplicate"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_a_file_that_the_official_reader_refuses_is_refused(tmp_path: Path, number: int) -> None:
    data, words = BAD[number]
    path = tmp_path / "x.safetensors"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=words) as error:
        read_header(path)
    assert str(path) in str(error.value) and len(str(error.value)) < 400


def test_whatever_the_official_reader_refuses_this_one_refuses(tmp_path: Path) -> None:
    rng = random.Random(3)
    path, accepted = tmp_path / "x.safetensors", 0
    for _ in range(800):
        data = bytearray(safetensors.numpy.save(arrays(rng), {"a": "b"} if rng.random() < 0.3 else None))
        for _ in range(rng.choice((0, 1, 1, 1, 2))):
            at = rng.randrange(min(len(data), 200))
            action = rng.randrange(4)
            if action == 0:
                data[at] = rng.choice(b'0123456789{}[]",:-FI \0\xff')
            elif action == 1:
                del data[at : at + rng.randint(1, 9)]
            elif action == 2:
                data[at:at] = rng.choice((b"0", b"9" * 20, b",", b'"', b"[[", b'"a":1,', b"\0"))
            else:
                data[0] = (data[0] + rng.choice((-8, -1, 1, 8))) % 256
            data = data or bytearray(1)
        path.write_bytes(data)
        try:
            header = read_header(path)
        except BadInput:
            continue
        accepted += 1
        try:
            official = safetensors.numpy.load_file(path)
        except (SafetensorError, KeyError) as error:
            raise AssertionError(f"accepted {bytes(data)!r}, which the official reader refuses") from error
        assert {name: (e.dtype, e.shape) for name, e in header.entries.items()} == {
            name: (array.dtype.name, array.shape) for name, array in official.items()
        }
    assert accepted > 50


def test_a_path_that_is_no_file_is_an_error_and_never_waited_for(tmp_path: Path) -> None:
    import os

    with pytest.raises(NotFound):
        read_header(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, "/dev/null"):
        with pytest.raises((BadInput, Unavailable)):
            read_header(path)
    with pytest.raises(Unavailable):
        read_header("a\0b")


def test_every_dtype_has_a_code_of_its_own() -> None:
    assert len(set(SAFETENSORS_CODES.values())) == len(SAFETENSORS_CODES) == 22
