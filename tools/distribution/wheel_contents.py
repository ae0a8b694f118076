"""What must be in a wheel or source distribution, and what must not."""

from __future__ import annotations

import base64
import csv
import email
import hashlib
import io
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from .elf import needed_libraries, newest_glibc

OLDEST_GLIBC = (2, 17)
LIBRARIES = ("libwinit_kernels.so", "libwinit_kernels.dylib", "winit_kernels.dll")


def problems(path: Path) -> Iterator[str]:
    """Finds what is wrong with a file that tools/wheels made.

    Args:
        path: A wheel or a source distribution.

    Yields:
        A sentence for each problem.
    """
    if path.suffix == ".whl":
        yield from _wheel_problems(path)
    else:
        yield from _source_problems(path)


def _wheel_problems(path: Path) -> Iterator[str]:
    name, version, _, tags = parse_wheel_filename(path.name)
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        information = f"{name.replace('-', '_')}-{version}.dist-info"
        metadata = email.message_from_bytes(wheel.read(f"{information}/METADATA"))
        if metadata["Version"] != str(version) or metadata["License-Expression"] != "MIT":
            yield f"the metadata say version {metadata['Version']}, license {metadata['License-Expression']}"
        if not metadata.get_payload():
            yield "the metadata have no description"
        yield from _record_problems(wheel, f"{information}/RECORD")
        if name == "winit-registry-cli":
            if f"winit_registry_cli-{version}.data/scripts/winit-registry" not in names:
                yield "the program is missing"
            return
        for needed in ("winit/__init__.py", "winit/py.typed", f"{information}/licenses/LICENSE"):
            if needed not in names:
                yield f"{needed} is missing"
        strange = [n for n in names if "__pycache__" in n or not n.startswith(("winit/", f"{information}/"))]
        if strange:
            yield f"unexpected files: {', '.join(strange[:5])}"
        libraries = [n for n in names if PurePosixPath(n).name in LIBRARIES]
        is_pure = all(tag.platform == "any" for tag in tags)
        if len(libraries) != (0 if is_pure else 1):
            yield f"a wheel for {'any platform' if is_pure else 'one platform'} with {len(libraries)} libraries"
        if libraries and libraries[0].endswith(".so"):
            yield from _library_problems(wheel.read(libraries[0]))


def _record_problems(wheel: zipfile.ZipFile, record: str) -> Iterator[str]:
    """Checks that the list of the files has each of them, with its digest."""
    rows = {row[0]: row[1] for row in csv.reader(io.StringIO(wheel.read(record).decode()))}
    if set(rows) != set(wheel.namelist()):
        yield "RECORD does not list exactly the files of the wheel"
        return
    for name, digest in rows.items():
        made = base64.urlsafe_b64encode(hashlib.sha256(wheel.read(name)).digest()).rstrip(b"=").decode()
        if name != record and digest != f"sha256={made}":
            yield f"RECORD has another digest of {name}"


def _library_problems(data: bytes) -> Iterator[str]:
    if shutil.which("readelf") is None:
        yield "readelf is missing (binutils), so that what the library needs cannot be read"
        return
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "library.so"
        library.write_bytes(data)
        others = [n for n in needed_libraries(library) if not n.startswith(("libc.", "ld-linux", "ld-musl"))]
        if others:
            yield f"the library needs {', '.join(others)}"
        if newest_glibc(library) > OLDEST_GLIBC:
            yield f"the library needs glibc {newest_glibc(library)}, and the wheel promises {OLDEST_GLIBC}"


def _source_problems(path: Path) -> Iterator[str]:
    _, version = parse_sdist_filename(path.name)
    root = f"winit_registry-{version}"
    with tarfile.open(path) as archive:
        names = archive.getnames()
    for needed in (
        "PKG-INFO",
        "LICENSE",
        "pyproject.toml",
        "hatch_build.py",
        "src/winit/py.typed",
        "CWinitKernels/kernels.c",
    ):
        if f"{root}/{needed}" not in names:
            yield f"{needed} is missing"
    strange = [n for n in names if "__pycache__" in n or PurePosixPath(n).name in LIBRARIES]
    if strange:
        yield f"unexpected files: {', '.join(strange[:5])}"
