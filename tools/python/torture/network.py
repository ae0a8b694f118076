"""A registry on a network's file system: locks cannot be relied on there, so it is refused."""

import pathlib
import tempfile

from scenarios import REGISTRY, SMALL, create

ROW = "network file systems"
# From Linux's magic.h.
KINDS = {"NFS": 0x6969, "SMB": 0x517B, "SMB 2": 0xFE534D42, "CIFS": 0xFF534D42, "9p": 0x01021997}


def run(program, report, folder):
    if not program.has("gc"):
        report.notes.append("left out: network file systems (this build does not look)")
        return
    with report.timed(ROW), tempfile.TemporaryDirectory(dir=folder) as place:
        place = pathlib.Path(place)
        create(program, place, "m", SMALL, 1)
        (place / "s.yaml").write_text(SMALL)
        before = (place / REGISTRY).read_bytes()
        new = place / "new.sqlite"
        for name, code in KINDS.items():
            for arguments in (
                    ["list", "--registry", REGISTRY], ["create", "k", "--spec", "s.yaml", "--seed", "1", "--registry", REGISTRY],
                    ["create", "k", "--spec", "s.yaml", "--seed", "1", "--registry", "new.sqlite"]):
                outcome = program.run(arguments, place, statfs=code)
                problems = []
                if outcome.status not in (64, 65, 74) or "network" not in outcome.errors:
                    problems.append(f"{name}: ended with {outcome.status}: {outcome.why}")
                if new.exists() or (place / REGISTRY).read_bytes() != before:
                    problems.append(f"{name}: it was refused, and changed something")
                new.unlink(missing_ok=True)
                report.trial(ROW, problems, program.script(arguments, place, statfs=code))
        outcome = program.run(["list", "--registry", REGISTRY], place, statfs=0xEF53)
        report.trial(ROW, [] if outcome.status == 0 else [f"ext4: {outcome.errors}"])
