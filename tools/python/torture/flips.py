"""Single flipped bits in stored blobs: each is to be found, with its tensor and the range of bytes that holds it."""

import json
import pathlib
import random
import sqlite3
import tempfile

from scenarios import REGISTRY

ROW = "flipped bits"

# 980 small tensors and some of several MiB: 1,000 chunks and more, at boundaries of pages and chunks too.
SIZES = [1, 7, 128, 1000, 3000, 4096, 5000, 9001]
SPEC = (
    "tensors:\n" + "".join(f"  s.{i}: [{SIZES[i % len(SIZES)]}]\n" for i in range(980))
    + "".join(f"  l.{i}: [{rows}, 1024]\n" for i, rows in enumerate([256, 1024, 1600, 2049, 3000]))
    + "  twin: {shape: [500], init: ones}\n  other: {shape: [500], init: ones}\n"  # share a chunk
    + 'rules: [{match: "*", init: normal}]\n')


def run(program, report, folder, seed, count):
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(dir=folder) as place, report.timed(ROW) as row:
        place = pathlib.Path(place)
        (place / "s.yaml").write_text(SPEC)
        program.succeed(["create", "m", "--spec", "s.yaml", "--seed", "1", "--registry", REGISTRY], place)
        path = place / REGISTRY
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA synchronous = OFF")
        chunks = db.execute("SELECT id, size FROM chunks").fetchall()
        where = {}
        for chunk, tensor, position in db.execute(
                "SELECT chunk, name, tensor_chunks.position FROM tensor_chunks JOIN tensors ON tensors.id = tensor"):
            where.setdefault(chunk, []).append((tensor, position))
        row.note("chunks", len(chunks))
        done = 0
        while done < count:
            flips = {}
            for chunk, size in chance.sample(chunks, min(50, count - done)):
                flips[chunk] = chance.randrange(8 * size)
            for chunk, bit in flips.items():
                flip(db, chunk, bit)
            arguments = ["verify", "m", "--stored", "--registry", REGISTRY, "--json"]
            outcome = program.run(arguments, place)
            expected = {}
            for chunk, bit in flips.items():
                for tensor, position in where[chunk]:
                    expected.setdefault(tensor, {})[chunk] = (position, (position << 20) + bit // 8)
            found, others = findings(outcome)
            problems = {chunk: [] for chunk in flips}
            for tensor, places in expected.items():
                for chunk, (position, byte) in places.items():
                    if not any(names(finding, position, byte) for finding in found.get(tensor, [])):
                        problems[chunk].append(
                            f"byte {byte} of {tensor} is flipped and not named: {found.get(tensor)}")
            for tensor in found.keys() - expected.keys():
                others.append(f"{tensor} is named and is not damaged")
            for tensor, places in expected.items():
                for finding in found.get(tensor, []):
                    bytes_ = [byte for _, byte in places.values()]
                    for start, stop in finding.get("ranges", []):
                        if not any(start <= byte < stop for byte in bytes_) or stop - start > 1 << 20:
                            others.append(f"{tensor}: bytes {start} to {stop} are named, and damaged are {bytes_}")
            if outcome.status != 1:
                others.append(f"verify ended with {outcome.status}: {outcome.why}")
            reproduction = (
                f"# create m from the spec in flips.py, flip these bits (chunk: bit): {flips}\n"
                + program.script(arguments, place))
            for number, chunk in enumerate(flips):
                report.trial(ROW, problems[chunk] + (others if number == 0 else []), reproduction)
            for chunk, bit in flips.items():
                flip(db, chunk, bit)
            done += len(flips)
        db.close()
        outcome = program.run(["verify", "m", "--stored", "--registry", REGISTRY], place)
        if outcome.status != 0:
            report.trial(ROW, [f"flipped back, verify ends with {outcome.status}: {outcome.why}"])


def flip(db, chunk, bit):
    """In place: only the page that holds the byte is written."""
    if hasattr(db, "blobopen"):
        with db.blobopen("chunks", "bytes", chunk) as blob:
            blob[bit // 8] ^= 1 << bit % 8
        return
    data = bytearray(db.execute("SELECT bytes FROM chunks WHERE id = ?", [chunk]).fetchone()[0])
    data[bit // 8] ^= 1 << bit % 8
    db.execute("UPDATE chunks SET bytes = ? WHERE id = ?", [bytes(data), chunk])


def findings(outcome):
    """By tensor; and what is no finding about a tensor."""
    found, others = {}, []
    report = outcome.receipt
    if report is None:
        return found, [f"verify printed no report: {outcome.why}"]
    if report.get("matches") is not False:
        others.append("verify says that it matches")
    for run in report.get("runs", []):
        for finding in run.get("findings", []):
            if finding.get("tensor") is None or finding.get("kind") != "stored":
                others.append(f"another finding: {json.dumps(finding)[:200]}")
            else:
                found.setdefault(finding["tensor"], []).append(finding)
    return found, others


def names(finding, position, byte):
    if "ranges" in finding:
        return any(start <= byte < stop for start, stop in finding["ranges"])
    # Before there were ranges, the chunks' numbers said where.
    return position in finding.get("chunks", [])
