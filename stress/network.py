"""A registry on a network file system, which must be refused because locks cannot be relied on there."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .program import Program
from .report import Report
from .scenarios import REGISTRY, SMALL, create

ROW = "network file systems"
# From Linux's magic.h.
KINDS = {"NFS": 0x6969, "SMB": 0x517B, "SMB 2": 0xFE534D42, "CIFS": 0xFF534D42, "9p": 0x01021997}
EXT4 = 0xEF53


def run(program: Program, report: Report, folder: Path) -> None:
    if not program.has("gc"):
        report.notes.append("left out: network file systems (this build does not look)")
        return
    with report.timed(ROW), tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        create(program, place, "m", SMALL, 1)
        (place / "s.yaml").write_text(SMALL)
        before = (place / REGISTRY).read_bytes()
        new = place / "new.sqlite"
        for kind, code in KINDS.items():
            for arguments in (
                ["list", "--registry", REGISTRY],
                ["create", "k", "--spec", "s.yaml", "--seed", "1", "--registry", REGISTRY],
                ["create", "k", "--spec", "s.yaml", "--seed", "1", "--registry", "new.sqlite"],
            ):
                outcome = program.run(arguments, place, statfs=code)
                problems = []
                if outcome.status not in (64, 65, 74) or "network" not in outcome.errors:
                    problems.append(f"{kind}: ended with {outcome.status}: {outcome.why}")
                if new.exists() or (place / REGISTRY).read_bytes() != before:
                    problems.append(f"{kind}: the command was refused, but changed something")
                new.unlink(missing_ok=True)
                report.trial(ROW, problems, program.script(arguments, place, statfs=code))
        outcome = program.run(["list", "--registry", REGISTRY], place, statfs=EXT4)
        report.trial(ROW, [] if outcome.status == 0 else [f"ext4: {outcome.errors}"])
