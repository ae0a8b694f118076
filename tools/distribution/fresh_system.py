"""A fresh Debian with Python and nothing else, made with debootstrap, in which what was installed is tried."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .results import run


class CannotMake(Exception):
    """A fresh system cannot be made here. The text says why."""


@dataclass(frozen=True)
class System:
    """A system in a folder.

    Attributes:
        root: The folder.
    """

    root: Path

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Runs a shell script in the system, with the system's own environment."""
        # /proc is mounted in a mount namespace of its own, which ends with the command.
        shell = 'mount -t proc proc "$0/proc" 2>/dev/null; exec chroot "$0" /usr/bin/env -i "$@"'
        variables = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]
        unshare = ["unshare", "--mount"] if run("unshare", "--mount", "true").returncode == 0 else []
        return run(*unshare, "sh", "-c", shell, str(self.root), *variables, "sh", "-ec", script)


@contextmanager
def fresh_system(cache: Path) -> Iterator[System]:
    """Makes a system in a folder of its own, which is removed at the end.

    Args:
        cache: The folder of the archive that all systems are unpacked from. The first call makes it.

    Raises:
        CannotMake: If debootstrap is missing, cannot be run or fails.
    """
    archive = _archive(cache)
    root = Path(tempfile.mkdtemp(prefix="system-", dir=cache))
    try:
        subprocess.run(["tar", "-C", str(root), "-xf", str(archive)], check=True)
        yield System(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _archive(cache: Path) -> Path:
    """Returns the archive of a minimal system with Python, which is made once."""
    archive = cache / "python.tar"
    if archive.exists():
        return archive
    if shutil.which("debootstrap") is None:
        raise CannotMake("debootstrap is not installed")
    if os.geteuid() != 0:
        raise CannotMake("debootstrap needs root")
    apt = shutil.which("apt-get")
    found = _repository(apt) if apt else None
    if found is None:
        raise CannotMake("apt knows no package repository of this system")
    address, code = found
    cache.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="chroot-", dir=cache))
    print(f"making a fresh {code} with debootstrap …", file=sys.stderr, flush=True)
    try:
        made = run("debootstrap", "--variant=minbase", "--include=python3", code, str(root), address)
        if made.returncode:
            raise CannotMake(f"debootstrap failed: {made.stdout.strip().splitlines()[-1:]}")
        # Packages are not needed again, and neither are device files.
        shutil.rmtree(root / "var/cache/apt/archives", ignore_errors=True)
        partial = archive.with_name("python.tar.new")
        subprocess.run(["tar", "-C", str(root), "--one-file-system", "-cf", str(partial), "."], check=True)
        partial.replace(archive)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return archive


def _repository(apt: str) -> tuple[str, str] | None:
    """Returns the address and the code name of this system's main package repository, as its apt knows them."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    name = release.get("VERSION_CODENAME", "").strip('"')
    for line in run(apt, "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)").stdout.splitlines():
        address, code, component = [*line.split(), "", "", ""][:3]
        if name and code == name and component == "main":
            return address, code
    return None
