"""Writes a folder as a .tar.gz that depends only on its files: sorted, owned by root, with the time of the release.

PYTHONPATH=tools python3 -m distribution.archive FOLDER FILE NAME
"""

import argparse
import gzip
import os
import tarfile
from pathlib import Path


def write(folder: Path, file: Path, name: str, epoch: int) -> None:
    """Writes the archive, whose paths begin with a name. The file appears when it is complete."""

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mtime = epoch
        info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
        return info

    partial = file.with_name(file.name + ".new")
    # The name of the file and the time are not in the header of gzip.
    with (
        partial.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=9, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path in sorted([folder, *folder.rglob("*")]):
            relative = path.relative_to(folder)
            archive.add(path, arcname=str(Path(name) / relative), recursive=False, filter=plain)
    partial.replace(file)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a folder as a .tar.gz that depends only on its files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("name", help="the first folder of all paths in the archive")
    arguments = parser.parse_args()
    write(arguments.folder, arguments.file, arguments.name, int(os.environ["SOURCE_DATE_EPOCH"]))


if __name__ == "__main__":
    main()
