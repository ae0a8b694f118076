"""What an ELF file needs from the system: libraries and versions of the C library."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path


def needed_libraries(path: Path) -> list[str]:
    """Returns the names of the shared libraries that a file is linked with."""
    dynamic = subprocess.run(["readelf", "--dynamic", "--wide", path], capture_output=True, text=True, check=True)
    return re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic.stdout)


def newest_glibc(path: Path) -> tuple[int, int]:
    """Returns the newest version of the GNU C library among those of the symbols that a file needs; (0, 0) if none."""
    versions = subprocess.run(["readelf", "--version-info", "--wide", path], capture_output=True, text=True, check=True)
    found = re.findall(r"GLIBC_(\d+)\.(\d+)", versions.stdout)
    return max(((int(major), int(minor)) for major, minor in found), default=(0, 0))
