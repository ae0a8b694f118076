"""Writes a Debian package of the installed files. Needs dpkg-deb.

PYTHONPATH=tools python3 -m distribution.debian STAGE VERSION FOLDER
"""

import argparse
import email.utils
import gzip
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

NAME = "winit-registry"
MAINTAINER = "The winit-registry authors <winit-registry@users.noreply.github.com>"
DESCRIPTION = """\
record and regenerate the initial weights of neural networks
 winit-registry records how neural networks are initialized in a registry, one
 SQLite file: for each run the seed, and for each tensor scheme, shape, dtype
 and SHA-256 digest. The same record gives the same bits on any machine, for
 any slice of any tensor.
"""

# The packages that hold the shared libraries that a program may need.
PACKAGES = {
    "libstdc++.so.6": "libstdc++6",
    "libsqlite3.so.0": "libsqlite3-0",
    "libcrypto.so.3": "libssl3",
    "libyaml-0.so.2": "libyaml-0-2",
    "libz.so.1": "zlib1g",
}
# Parts of the C library, which the version in `libc6 (>= …)` covers.
C_LIBRARY = re.compile(r"(libc|libm|libdl|libpthread|librt|libutil|ld-linux.*)\.so\.\d+")


def readelf(option: str, program: Path) -> str:
    environment = {**os.environ, "LC_ALL": "C"}
    command = ["readelf", option, "--wide", str(program)]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def dependencies(program: Path) -> str:
    """Returns the packages that a program needs, from its shared libraries and the newest symbol of the C library."""
    symbols = readelf("-V", program)
    versions = {tuple(map(int, text.split("."))) for text in re.findall(r"GLIBC_(\d+(?:\.\d+)+)", symbols)}
    if "GLIBC_ABI_DT_RELR" in symbols:  # packed relocations, which the loader knows since this version
        versions.add((2, 36))
    packages = {f"libc6 (>= {'.'.join(map(str, max(versions)))})"}
    for library in re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d", program)):
        if C_LIBRARY.fullmatch(library):
            continue
        if library not in PACKAGES:
            raise SystemExit(f"error: no Debian package is known for {library}, which {program} needs")
        packages.add(PACKAGES[library])
    return ", ".join(sorted(packages))


def compress(source: bytes, target: Path, epoch: int) -> None:
    target.write_bytes(gzip.compress(source, compresslevel=9, mtime=0))
    os.utime(target, (epoch, epoch))


def build(stage: Path, version: str, folder: Path, epoch: int) -> Path:
    """Writes the package and returns its path."""
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()
    revision = f"{version}-1"
    tree = stage.with_name("debian")
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(stage, tree / "usr")
    for page in (tree / "usr/share/man/man1").iterdir():
        compress(page.read_bytes(), page.with_name(page.name + ".gz"), epoch)
        page.unlink()
    documents = tree / "usr/share/doc" / NAME
    compress(Path("CHANGELOG.md").read_bytes(), documents / "changelog.gz", epoch)
    date = email.utils.formatdate(epoch)
    entry = f"{NAME} ({revision}) unstable; urgency=medium\n\n  * Version {version}; see changelog.gz.\n\n"
    entry += f" -- {MAINTAINER}  {date}\n"
    compress(entry.encode(), documents / "changelog.Debian.gz", epoch)

    files = sorted(path for path in tree.rglob("*") if path.is_file())
    size = sum((path.stat().st_size + 1023) // 1024 for path in files) + len(list(tree.rglob("*")))
    control = tree / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(
        f"Package: {NAME}\nVersion: {revision}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\n"
        f"Installed-Size: {size}\nDepends: {dependencies(tree / 'usr/bin' / NAME)}\nSuggests: git\n"
        f"Section: science\nPriority: optional\nDescription: {DESCRIPTION}",
        encoding="utf-8",
    )
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in files]
    (control / "md5sums").write_text("".join(sums), encoding="utf-8")
    for path in sorted(tree.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        os.utime(path, (epoch, epoch))
    tree.chmod(0o755)

    package = folder / f"{NAME}_{revision}_{architecture}.deb"
    partial = package.with_name(package.name + ".new")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(partial)], check=True, stdout=2)
    partial.replace(package)
    return package


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a Debian package of the installed files.")
    parser.add_argument("stage", type=Path)
    parser.add_argument("version")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    print(build(arguments.stage, arguments.version, arguments.folder, epoch))


if __name__ == "__main__":
    main()
