"""Single flipped bits in stored chunks: verify must name the tensor and the range of bytes of each."""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from .program import Outcome, Program
from .report import Report
from .scenarios import REGISTRY

ROW = "flipped bits"

# 980 small tensors and some of several MiB: more than 1,000 chunks, also at the ends of pages and chunks.
SIZES = [1, 7, 128, 1000, 3000, 4096, 5000, 9001]
SPEC = (
    "tensors:\n"
    + "".join(f"  s.{i}: [{SIZES[i % len(SIZES)]}]\n" for i in range(980))
    + "".join(f"  l.{i}: [{rows}, 1024]\n" for i, rows in enumerate([256, 1024, 1600, 2049, 3000]))
    + "  twin: {shape: [500], init: ones}\n  other: {shape: [500], init: ones}\n"  # share a chunk
    + 'rules: [{match: "*", init: normal}]\n'
)

Finding = dict[str, Any]
Places = dict[str, dict[int, tuple[int, int]]]
"""For each tensor, and each of its damaged chunks: the position of the chunk, and the damaged byte of the tensor."""


def run(program: Program, report: Report, folder: Path, seed: int, count: int) -> None:
    """Flips `count` bits, up to 50 at a time."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(dir=folder) as name, report.timed(ROW) as row:
        place = Path(name)
        (place / "s.yaml").write_text(SPEC)
        program.succeed(["create", "m", "--spec", "s.yaml", "--seed", "1", "--registry", REGISTRY], place)
        db = sqlite3.connect(place / REGISTRY, isolation_level=None)
        db.execute("PRAGMA synchronous = OFF")
        chunks = db.execute("SELECT id, size FROM chunks").fetchall()
        users: dict[int, list[tuple[str, int]]] = {}
        for chunk, tensor, position in db.execute(
            "SELECT chunk, name, tensor_chunks.position FROM tensor_chunks JOIN tensors ON tensors.id = tensor"
        ):
            users.setdefault(chunk, []).append((tensor, position))
        row.note("chunks", len(chunks))
        done = 0
        while done < count:
            flips = {}
            for chunk, size in chance.sample(chunks, min(50, count - done)):
                flips[chunk] = chance.randrange(8 * size)
            for chunk, bit in flips.items():
                flip(db, chunk, bit)
            arguments = ["verify", "m", "--stored", "--registry", REGISTRY, "--json"]
            problems, others = compare(program.run(arguments, place), flips, users)
            reproduction = (
                f"# create m from the spec in flips.py, flip these bits (chunk: bit): {flips}\n"
                + program.script(arguments, place)
            )
            for number, chunk in enumerate(flips):
                report.trial(ROW, problems[chunk] + (others if number == 0 else []), reproduction)
            for chunk, bit in flips.items():
                flip(db, chunk, bit)
            done += len(flips)
        db.close()
        outcome = program.run(["verify", "m", "--stored", "--registry", REGISTRY], place)
        if outcome.status != 0:
            report.trial(ROW, [f"with the bits flipped back, verify ends with {outcome.status}: {outcome.why}"])


def compare(
    outcome: Outcome, flips: dict[int, int], users: dict[int, list[tuple[str, int]]]
) -> tuple[dict[int, list[str]], list[str]]:
    """What is wrong with the report of verify: for each chunk, and what concerns no flipped chunk."""
    expected: Places = {}
    for chunk, bit in flips.items():
        for tensor, position in users[chunk]:
            expected.setdefault(tensor, {})[chunk] = (position, (position << 20) + bit // 8)
    found, others = findings(outcome)
    problems: dict[int, list[str]] = {chunk: [] for chunk in flips}
    for tensor, places in expected.items():
        for chunk, (position, byte) in places.items():
            if not any(names(finding, position, byte) for finding in found.get(tensor, [])):
                problems[chunk].append(f"byte {byte} of {tensor} is flipped but not named: {found.get(tensor)}")
    for tensor in found.keys() - expected.keys():
        others.append(f"{tensor} is named but not damaged")
    for tensor, places in expected.items():
        damaged = [byte for _, byte in places.values()]
        for finding in found.get(tensor, []):
            for start, stop in finding.get("ranges", []):
                if not any(start <= byte < stop for byte in damaged) or stop - start > 1 << 20:
                    others.append(f"{tensor}: bytes {start} to {stop} are named, but {damaged} are damaged")
    if outcome.status != 1:
        others.append(f"verify ended with {outcome.status}: {outcome.why}")
    return problems, others


def flip(db: sqlite3.Connection, chunk: int, bit: int) -> None:
    """Flips a bit in place: only the page that holds the byte is written."""
    if hasattr(db, "blobopen"):  # Python 3.11
        with db.blobopen("chunks", "bytes", chunk) as blob:
            blob[bit // 8] ^= 1 << bit % 8
        return
    data = bytearray(db.execute("SELECT bytes FROM chunks WHERE id = ?", [chunk]).fetchone()[0])
    data[bit // 8] ^= 1 << bit % 8
    db.execute("UPDATE chunks SET bytes = ? WHERE id = ?", [bytes(data), chunk])


def findings(outcome: Outcome) -> tuple[dict[str, list[Finding]], list[str]]:
    """The findings of verify by tensor, and what is wrong with the report otherwise."""
    found: dict[str, list[Finding]] = {}
    others: list[str] = []
    report = outcome.receipt
    if report is None:
        return found, [f"verify printed no report: {outcome.why}"]
    if report.get("matches") is not False:
        others.append("verify reports a match")
    for run in report.get("runs", []):
        for finding in run.get("findings", []):
            if finding.get("tensor") is None or finding.get("kind") != "stored":
                others.append(f"unexpected finding: {json.dumps(finding)[:200]}")
            else:
                found.setdefault(finding["tensor"], []).append(finding)
    return found, others


def names(finding: Finding, position: int, byte: int) -> bool:
    """Whether a finding names a byte of its tensor, which is in the chunk at `position`."""
    if "ranges" in finding:
        return any(start <= byte < stop for start, stop in finding["ranges"])
    # Older builds report chunk numbers instead of ranges.
    return position in finding.get("chunks", [])
