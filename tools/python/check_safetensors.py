"""Holds the safetensors reader to the reference reader: what that refuses is refused.

    check_safetensors.py WINIT_FUZZ [FILES [SEED]]

Makes files from a seed (4000, from 1), most of them nearly right: headers with odd numbers, members, dtypes, orders and
spaces, and bytes changed anywhere. Both readers say of each whether they accept it. Where the reference accepts and this
reader refuses, the reason must be one of STRICTER. Prints how many there were of each; exits with 1 at any other
difference.
"""

import collections
import os
import random
import struct
import subprocess
import sys
import tempfile

import safetensors

# Where this reader refuses more, by the reason it gives.
STRICTER = {
    "stands twice": "of two members with one key the reference keeps the last, and readers of other languages the first",
    "nested more than 64 deep": "the reference allows 128; a header needs 3",
    "is not an integer of at most 2⁵³": "numbers that many readers of JSON round; a fraction in a member the format lacks",
    "overflows": "dimensions beside a 0 that no reader could multiply",
    "it has no dtype": "a tensor as an array, or a dtype as an object, which the reference takes by accident",
    "__metadata__ is not an object": "a null, which the reference takes for none",
    "does not begin with `{`": "the format says that it does; the reference allows white space before it",
}

BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8}
BITS |= {"F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32}
BITS |= {"F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}

NUMBERS = ["0", "1", "2", "-0", "-1", "1.0", "1.5", "1e0", "10e-1", "01", "+1", "1e400", "true", "null", '"1"', "[1]", "[]"]
NUMBERS += ["{}", str(2**53), str(2**53 + 1), str(2**63), str(2**64 - 1), str(2**64), str(2**32), str(10**30), "NaN", ""]
STRANGE = ["f32", "F128", "I4", "", "F8", "F32 ", "E8M0"]
VALUES = NUMBERS + ['"x"', '"\\u00e9"', '"\\ud800"', '"\\ud83d\\ude00"', "[1.5]", '{"a":{}}', "[" * 70 + "]" * 70]
KEYS = ["a", "b", "w", "__metadata__", "", "\\u0061", "\\u0000", "é", "e\u0301", "dtype", "x" * 40]
SPACES = ["", "", "", "", " ", "\n", "\t\r", "\x0b", "\u00a0"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def few(self, share):
        return self.random.random() < share

    def pick(self, options):
        return self.random.choice(options)

    def space(self):
        return self.pick(SPACES) if self.few(0.02) else ""

    def join(self, open_, items, close):
        space = self.space
        return open_ + space() + (space() + "," + space()).join(items) + space() + close

    def tensor(self, offset):
        code = self.pick(list(BITS))
        dims = [self.pick([0, 1, 2, 3, 4, 8]) for _ in range(self.random.randrange(4))]
        count = 1
        for dim in dims:
            count *= dim
        end = offset + count * BITS[code] // 8
        numbers = [str(dim) for dim in dims]
        offsets = [str(offset), str(end)]
        if self.few(0.04):
            code = self.pick(STRANGE + list(BITS))
        if self.few(0.06):
            numbers.insert(self.random.randrange(len(numbers) + 1), self.pick(NUMBERS))
        if "0" in numbers and self.few(0.1):
            numbers += self.pick([[str(2**53)], [str(2**32)] * 2, [str(2**53 - 1), "8"]])
        if numbers and self.few(0.06):
            numbers[self.random.randrange(len(numbers))] = self.pick(NUMBERS)
        if self.few(0.04):
            offsets[self.random.randrange(2)] = self.pick(NUMBERS + [str(offset + 1), str(end + 1), str(end - 1)])
        if self.few(0.02):
            offsets.insert(self.random.randrange(3), self.pick(NUMBERS))
        if self.few(0.01):
            offsets.pop()
        shape, places = self.join("[", numbers, "]"), self.join("[", offsets, "]")
        if self.few(0.02):
            return self.pick([f'["{code}",{shape},{places}]', "null", "[]", "{}", "1"]), end
        members = [f'"dtype":"{code}"', f'"shape":{shape}', f'"data_offsets":{places}']
        if self.few(0.01):
            members[0] = self.pick([f'"dtype":{{"{code}":null}}', '"dtype":1', '"dtype":null'])
        self.random.shuffle(members)
        if self.few(0.03):
            members.pop()
        if self.few(0.04):
            members.append(self.pick(members))
        if self.few(0.08):
            members.append(f'"{self.pick(KEYS)}":{self.pick(VALUES)}')
        return self.join("{", members, "}"), end

    def file(self):
        members, offset = [], 0
        for place in range(self.random.randrange(5)):
            text, offset = self.tensor(offset)
            key = self.pick(KEYS) if self.few(0.08) else f"t{place}"
            members.append(f'"{key}"{self.space()}:{self.space()}{text}')
        if self.few(0.3):
            pairs = [f'"{self.pick(KEYS)}":"{place}"' for place in range(self.random.randrange(3))]
            if self.few(0.1):
                pairs.append(f'"n":{self.pick(VALUES)}')
            value = self.pick(VALUES) if self.few(0.1) else self.join("{", pairs, "}")
            members.append(f'"__metadata__":{value}')
        self.random.shuffle(members)
        header = self.join("{", members, "}").encode()
        if self.few(0.1):
            header += self.pick([b" ", b"  \n", b"\0", b"}", b"x", b"\t\r\n"])
        if self.few(0.02):
            header = self.pick([b" ", b"[", b""]) + header[self.random.randrange(2) :]
        length = len(header)
        if self.few(0.03):
            length = self.pick([0, 1, length - 1, length + 1, 100_000_000, 100_000_001, 2**31, 2**63, 2**64 - 1])
        data = bytes(max(0, offset + (self.pick([-1, 1, 8]) if self.few(0.03) else 0)))
        content = bytearray(struct.pack("<Q", max(0, length)) + header + data)
        if self.few(0.15):
            for _ in range(self.pick([1, 1, 2, 5])):
                self.change(content, 8 + len(header))
        return bytes(content)

    def change(self, content, end):
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


def reference(path, content):
    try:
        safetensors.deserialize(content)
        said = "accepted"
    except Exception as error:
        said = f"refused: {error}"
    # Its two ways in are one reader.
    try:
        with safetensors.safe_open(path, "numpy"):
            opened = True
    except Exception:
        opened = False
    if opened != (said == "accepted"):
        sys.exit(f"{path}: the reference reader contradicts itself: {said}")
    return said


def main(command, files=4000, seed=1):
    command, maker = os.path.abspath(command), Maker(int(seed))
    tally = collections.Counter()
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{number}" for number in range(int(files))]
        for name in names:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(maker.file())
        ours = {}
        for start in range(0, len(names), 500):
            words = [command, "safetensors", *names[start : start + 500]]
            output = subprocess.run(words, cwd=folder, capture_output=True, check=True).stdout.decode()
            # A name may hold a line break; a file's own line begins with its number.
            for line in output.split("\n"):
                name, _, verdict = line.partition(": ")
                if name in names[start : start + 500]:
                    ours[name] = verdict
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                content = file.read()
            theirs, mine = reference(path, content), ours[name]
            if theirs == "accepted" and mine != "accepted":
                reason = next((reason for reason in STRICTER if reason in mine), None)
                tally[f"stricter: {reason}"] += 1
                wrong = reason is None
            else:
                tally["refused by both" if theirs != "accepted" else "accepted by both"] += 1
                wrong = theirs != "accepted" and mine == "accepted"
            if wrong:
                bad += 1
                print(f"DIFFERS: file {name} of seed {seed}: {content[:400]!r}\n  reference: {theirs}\n  here: {mine}")
    for what, count in sorted(tally.items()):
        print(f"{count:6} {what}")
    print(f"{len(names)} files, {bad} differences (safetensors {safetensors.__version__})")
    sys.exit(bad > 0)


main(*sys.argv[1:])
