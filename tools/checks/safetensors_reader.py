"""Checks the safetensors reader against the reference reader: it must refuse every file that the reference refuses.

    python -m checks.safetensors_reader WINIT_FUZZ [FILES [SEED]]

Makes files from a seed (4000 files, seed 1), most of them nearly valid: headers with odd numbers, members, dtypes,
orders and spaces, and files with changed bytes. Both readers decide whether they accept each file. Where the reference
accepts and this reader refuses, the reason must be one of STRICTER. Prints the number of files with each outcome; exits
with 1 at any other difference.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import TypeVar

import safetensors

T = TypeVar("T")

# Where this reader refuses more: a part of its message, and why it does.
STRICTER = {
    "duplicate key": "of two members with one key the reference keeps the last, readers in other languages the first",
    "nested more than 64 deep": "the reference allows 128; a header needs 3",
    "is not an integer of at most 2⁵³": "numbers that many JSON readers round; a fraction in a member the format lacks",
    "overflows": "dimensions beside a 0 that no reader could multiply",
    "it has no dtype": "a tensor as an array, or a dtype as an object, which the reference accepts by accident",
    "__metadata__ is not an object": "a null, which the reference reads as no metadata",
    "does not begin with `{`": "the format requires the brace first; the reference allows white space before it",
}

BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8}
BITS |= {"F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32}
BITS |= {"F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}

NUMBERS = [
    "0", "1", "2", "-0", "-1", "1.0", "1.5", "1e0", "10e-1", "01", "+1", "1e400", "true", "null", '"1"', "[1]", "[]",
    "{}", str(2**53), str(2**53 + 1), str(2**63), str(2**64 - 1), str(2**64), str(2**32), str(10**30), "NaN", "",
]  # fmt: skip
STRANGE = ["f32", "F128", "I4", "", "F8", "F32 ", "E8M0"]
VALUES = [*NUMBERS, '"x"', '"\\u00e9"', '"\\ud800"', '"\\ud83d\\ude00"', "[1.5]", '{"a":{}}', "[" * 70 + "]" * 70]
KEYS = ["a", "b", "w", "__metadata__", "", "\\u0061", "\\u0000", "é", "e\u0301", "dtype", "x" * 40]
SPACES = ["", "", "", "", " ", "\n", "\t\r", "\x0b", "\u00a0"]


class Maker:
    """Makes files, most of them nearly valid."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def space(self) -> str:
        return self.pick(SPACES) if self.chance(0.02) else ""

    def join(self, opening: str, items: Sequence[str], closing: str) -> str:
        space = self.space
        return opening + space() + (space() + "," + space()).join(items) + space() + closing

    def tensor(self, offset: int) -> tuple[str, int]:
        """A header's entry for a tensor whose data begin at `offset`, and where they end."""
        code = self.pick(list(BITS))
        dims = [self.pick([0, 1, 2, 3, 4, 8]) for _ in range(self.random.randrange(4))]
        count = 1
        for dim in dims:
            count *= dim
        end = offset + count * BITS[code] // 8
        numbers = [str(dim) for dim in dims]
        offsets = [str(offset), str(end)]
        if self.chance(0.04):
            code = self.pick(STRANGE + list(BITS))
        if self.chance(0.06):
            numbers.insert(self.random.randrange(len(numbers) + 1), self.pick(NUMBERS))
        if "0" in numbers and self.chance(0.1):
            numbers += self.pick([[str(2**53)], [str(2**32)] * 2, [str(2**53 - 1), "8"]])
        if numbers and self.chance(0.06):
            numbers[self.random.randrange(len(numbers))] = self.pick(NUMBERS)
        if self.chance(0.04):
            offsets[self.random.randrange(2)] = self.pick([*NUMBERS, str(offset + 1), str(end + 1), str(end - 1)])
        if self.chance(0.02):
            offsets.insert(self.random.randrange(3), self.pick(NUMBERS))
        if self.chance(0.01):
            offsets.pop()
        shape, places = self.join("[", numbers, "]"), self.join("[", offsets, "]")
        if self.chance(0.02):
            return self.pick([f'["{code}",{shape},{places}]', "null", "[]", "{}", "1"]), end
        members = [f'"dtype":"{code}"', f'"shape":{shape}', f'"data_offsets":{places}']
        if self.chance(0.01):
            members[0] = self.pick([f'"dtype":{{"{code}":null}}', '"dtype":1', '"dtype":null'])
        self.random.shuffle(members)
        if self.chance(0.03):
            members.pop()
        if self.chance(0.04):
            members.append(self.pick(members))
        if self.chance(0.08):
            members.append(f'"{self.pick(KEYS)}":{self.pick(VALUES)}')
        return self.join("{", members, "}"), end

    def file(self) -> bytes:
        members: list[str] = []
        offset = 0
        for place in range(self.random.randrange(5)):
            text, offset = self.tensor(offset)
            key = self.pick(KEYS) if self.chance(0.08) else f"t{place}"
            members.append(f'"{key}"{self.space()}:{self.space()}{text}')
        if self.chance(0.3):
            pairs = [f'"{self.pick(KEYS)}":"{place}"' for place in range(self.random.randrange(3))]
            if self.chance(0.1):
                pairs.append(f'"n":{self.pick(VALUES)}')
            value = self.pick(VALUES) if self.chance(0.1) else self.join("{", pairs, "}")
            members.append(f'"__metadata__":{value}')
        self.random.shuffle(members)
        header = self.join("{", members, "}").encode()
        if self.chance(0.1):
            header += self.pick([b" ", b"  \n", b"\0", b"}", b"x", b"\t\r\n"])
        if self.chance(0.02):
            header = self.pick([b" ", b"[", b""]) + header[self.random.randrange(2) :]
        length = len(header)
        if self.chance(0.03):
            length = self.pick([0, 1, length - 1, length + 1, 100_000_000, 100_000_001, 2**31, 2**63, 2**64 - 1])
        data = bytes(max(0, offset + (self.pick([-1, 1, 8]) if self.chance(0.03) else 0)))
        content = bytearray(struct.pack("<Q", max(0, length)) + header + data)
        if self.chance(0.15):
            for _ in range(self.pick([1, 1, 2, 5])):
                self.change(content, 8 + len(header))
        return bytes(content)

    def change(self, content: bytearray, end: int) -> None:
        """Overwrites, inserts or deletes bytes before `end`, or cuts the file there."""
        place = self.random.randrange(max(1, min(end, len(content))))
        byte = self.pick([self.random.randrange(256), *b'{}[]",:0123456789.-eE\\ '])
        kind = self.random.randrange(4)
        if kind == 0:
            content[place : place + 1] = bytes([byte])
        elif kind == 1:
            content[place:place] = bytes([byte])
        elif kind == 2:
            del content[place : place + self.pick([1, 1, 4])]
        else:
            del content[place:]


def reference_verdict(path: str, content: bytes) -> str:
    """What the reference reader decides about a file. Both of its functions must agree."""
    try:
        safetensors.deserialize(content)
        verdict = "accepted"
    except Exception as error:
        verdict = f"refused: {error}"
    try:
        with safetensors.safe_open(path, "numpy"):
            opened = True
    except Exception:
        opened = False
    if opened != (verdict == "accepted"):
        sys.exit(f"{path}: the reference reader contradicts itself: {verdict}")
    return verdict


def our_verdicts(command: str, folder: str, names: list[str]) -> dict[str, str]:
    """What winit-fuzz decides about each file."""
    verdicts = {}
    for start in range(0, len(names), 500):
        batch = names[start : start + 500]
        output = subprocess.run([command, "safetensors", *batch], cwd=folder, capture_output=True, check=True).stdout
        # A message may contain a line break; the line of a file begins with its number.
        for line in output.decode().split("\n"):
            name, _, verdict = line.partition(": ")
            if name in batch:
                verdicts[name] = verdict
    return verdicts


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m checks.safetensors_reader", description="Compare the safetensors reader with the reference."
    )
    parser.add_argument("command", metavar="WINIT_FUZZ", help="the winit-fuzz to test")
    parser.add_argument("files", nargs="?", type=int, default=4000, metavar="FILES", help="number of files (4000)")
    parser.add_argument("seed", nargs="?", type=int, default=1, metavar="SEED", help="seed of the files (1)")
    arguments = parser.parse_args()
    maker = Maker(arguments.seed)
    tally: collections.Counter[str] = collections.Counter()
    differences = 0
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{number}" for number in range(arguments.files)]
        for name in names:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(maker.file())
        ours = our_verdicts(os.path.abspath(arguments.command), folder, names)
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                content = file.read()
            theirs, mine = reference_verdict(path, content), ours[name]
            if theirs == "accepted" and mine != "accepted":
                reason = next((reason for reason in STRICTER if reason in mine), None)
                tally[f"stricter: {reason}"] += 1
                wrong = reason is None
            else:
                tally["refused by both" if theirs != "accepted" else "accepted by both"] += 1
                wrong = theirs != "accepted" and mine == "accepted"
            if wrong:
                differences += 1
                print(f"DIFFERS: file {name} of seed {arguments.seed}: {content[:400]!r}")
                print(f"  reference: {theirs}")
                print(f"  here: {mine}")
    for outcome, count in sorted(tally.items()):
        print(f"{count:6} {outcome}")
    print(f"{len(names)} files, {differences} differences (safetensors {safetensors.__version__})")
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
