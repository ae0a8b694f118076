"""Builds the wheels and the source distribution of the Python package, and checks what is in them.

tools/wheels calls this in the root of the repository, in an environment that has hatchling, packaging and ziglang.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import wheel_contents
from .elf import newest_glibc

PACKAGE = Path("python")
COMMAND = Path("python/cli")


@dataclass(frozen=True)
class Platform:
    """A platform that wheels are made for.

    Attributes:
        tag: The platform tag of the wheel.
        target: The target of zig.
    """

    tag: str
    target: str


PLATFORMS = {
    "linux-x86_64": Platform("manylinux_2_17_x86_64.manylinux2014_x86_64", "x86_64-linux-gnu.2.17"),
    "linux-aarch64": Platform("manylinux_2_17_aarch64.manylinux2014_aarch64", "aarch64-linux-gnu.2.17"),
    "musl-x86_64": Platform("musllinux_1_1_x86_64", "x86_64-linux-musl"),
    "musl-aarch64": Platform("musllinux_1_1_aarch64", "aarch64-linux-musl"),
    "macos-x86_64": Platform("macosx_10_13_x86_64", "x86_64-macos.10.13"),
    "macos-arm64": Platform("macosx_11_0_arm64", "aarch64-macos.11.0"),
    "windows-x86_64": Platform("win_amd64", "x86_64-windows-gnu"),
    "windows-arm64": Platform("win_arm64", "aarch64-windows-gnu"),
}
ANY, SOURCE = "any", "source"


def build(project: Path, folder: Path, target: str, **variables: str) -> Path:
    """Runs hatchling, and returns the file that it wrote.

    Args:
        project: The folder of the pyproject.toml.
        folder: Where the file is written.
        target: `wheel` or `sdist`.
        variables: Variables of the environment for the build hook.
    """
    settings = {name: value for name, value in os.environ.items() if not name.startswith("WINIT_")}
    with tempfile.TemporaryDirectory(dir=folder) as name:
        words = [
            sys.executable,
            "-m",
            "hatchling",
            "build",
            "--target",
            target,
            "--directory",
            str(Path(name).resolve()),
        ]
        result = subprocess.run(words, cwd=project, env={**settings, **variables}, capture_output=True, text=True)
        made = list(Path(name).iterdir())
        if result.returncode or len(made) != 1:
            raise SystemExit(f"error: hatchling failed in {project}:\n{result.stdout}{result.stderr}")
        return made[0].rename(folder / made[0].name)


def command_platform(program: Path) -> str:
    """Returns the platform tag for a program: the oldest C library that has all its symbols."""
    machine = platform.machine()
    if sys.platform == "darwin":
        return f"macosx_15_0_{machine}"  # as Package.swift says
    major, minor = newest_glibc(program)
    return f"manylinux_{major}_{minor}_{machine}"


def main() -> int:
    """Builds and checks what the arguments name."""
    parser = argparse.ArgumentParser(prog="tools/wheels", description="Build the files of the Python package.")
    names = [*PLATFORMS, ANY, SOURCE]
    parser.add_argument("platforms", nargs="*", metavar="PLATFORM", help=f"{', '.join(names)}; default: all")
    parser.add_argument("--to", type=Path, default=Path(".build/wheels"), metavar="FOLDER")
    parser.add_argument("--list", action="store_true", help="print the names of the platforms")
    parser.add_argument("--command-below", type=Path, metavar="PREFIX", help="make the wheel of the command instead")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(names))
        return 0
    unknown = [name for name in arguments.platforms if name not in names]
    if unknown:
        parser.error(f"there is no platform {unknown[0]}; the platforms are {', '.join(names)}")
    arguments.to.mkdir(parents=True, exist_ok=True)

    made: list[Path] = []
    if arguments.command_below is not None:
        prefix = arguments.command_below.resolve()
        tag = command_platform(prefix / "bin" / "winit-registry")
        made.append(build(COMMAND, arguments.to, "wheel", WINIT_PREFIX=str(prefix), WINIT_PLATFORM=tag))
    else:
        for name in arguments.platforms or names:
            if name == SOURCE:
                made.append(build(PACKAGE, arguments.to, "sdist"))
            elif name == ANY:
                made.append(build(PACKAGE, arguments.to, "wheel", WINIT_KERNELS="none"))
            else:
                kind = PLATFORMS[name]
                variables = {"WINIT_KERNELS": "native", "WINIT_TARGET": kind.target, "WINIT_PLATFORM": kind.tag}
                made.append(build(PACKAGE, arguments.to, "wheel", **variables))
    problems = [f"{path.name}: {problem}" for path in made for problem in wheel_contents.problems(path)]
    for path in made:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{path}  {path.stat().st_size:,} B  sha256:{digest}")
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
