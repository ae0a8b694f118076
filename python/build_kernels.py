"""Compiles the C kernels into a shared library for ctypes: `python build_kernels.py [--to FILE]`.

The build hook of the wheel calls it. Run as a program, it puts the library where a checkout's `winit` finds it.

The compiler must be clang, because other compilers may fuse a multiplication and an addition in spite of the pragma
that forbids it. These are tried in turn: the command in $WINIT_CC, $CC if it is clang, `clang` and `cc` on the PATH,
the ziglang package from PyPI, `zig` on the PATH. `--target` cross-compiles with zig.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MACHINES = ("x86_64", "amd64", "aarch64", "arm64")
"""The machines that the kernels are written for, as `platform.machine()` names them in lower case."""

_FLAGS = (
    *("-std=c11", "-O2", "-shared", "-fvisibility=hidden", "-DWINIT_KERNELS_BUILD"),
    # The bits: $CFLAGS and configuration files of a compiler must not change the arithmetic.
    *("-ffp-contract=off", "-fno-fast-math"),
    *("-Wno-psabi", "-Wno-unused-command-line-argument"),
)


class CannotBuild(Exception):
    """There is no compiler for the kernels, or it failed. The text says which and why."""


def sources() -> Path:
    """Returns the folder of the C sources: the repository's, or the copy in a source distribution."""
    for folder in (HERE.parent / "Sources" / "CWinitKernels", HERE / "CWinitKernels"):
        if (folder / "kernels.c").is_file():
            return folder
    raise CannotBuild(f"the C sources are neither in {HERE.parent / 'Sources'} nor in {HERE}")


def library_name(target: str | None = None) -> str:
    """Returns the file name of the library on this platform, or on a target of zig."""
    system = target or sys.platform
    if "windows" in system or system == "win32":
        return "winit_kernels.dll"
    return "libwinit_kernels.dylib" if "macos" in system or system == "darwin" else "libwinit_kernels.so"


def _is_clang(command: list[str]) -> bool:
    try:
        result = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0 and "clang" in result.stdout


def clang() -> list[str] | None:
    """Returns the command of an installed clang, or None."""
    given = os.environ.get("WINIT_CC")
    if given:
        return shlex.split(given)
    named = shlex.split(os.environ.get("CC", ""))
    for command in ([named] if named else []) + [["clang"], ["cc"]]:
        if shutil.which(command[0]) and _is_clang(command):
            return command
    return None


def zig() -> list[str] | None:
    """Returns the command of zig's clang, or None."""
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    return ["zig", "cc"] if shutil.which("zig") else None


def _commands(target: str | None) -> list[list[str]]:
    zig_command = zig()
    if target:
        return [[*zig_command, "-target", target]] if zig_command else []
    found = [clang()]
    if not os.environ.get("WINIT_CC"):
        found.append(zig_command)
    return [command for command in found if command]


def build(output: Path, target: str | None = None) -> str:
    """Compiles the library.

    Args:
        output: The file to write. It appears whole or not at all.
        target: A target of zig, such as "x86_64-windows-gnu"; this machine by default.

    Returns:
        The command of the compiler, for messages.

    Raises:
        CannotBuild: If there is no compiler, or every compiler failed. Nothing is written.
    """
    machine = target.split("-")[0] if target else platform.machine().lower()
    if machine not in MACHINES:
        raise CannotBuild(f"the kernels are written for x86-64 and 64-bit Arm, not for {machine}")
    if not target and sys.maxsize < 1 << 32:
        raise CannotBuild("the kernels are written for 64-bit Python")
    folder, commands = sources(), _commands(target)
    if not commands:
        raise CannotBuild("there is neither clang nor the package ziglang: install one of them")
    system = target or sys.platform
    is_windows = "windows" in system or system == "win32"
    options = [] if is_windows else ["-fPIC"]
    if "linux" in system or "windows" in system:
        options.append("-s")  # without debug information
    output.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    # In a folder of its own, because zig leaves an import library beside a DLL.
    with tempfile.TemporaryDirectory(prefix=".kernels-", dir=output.parent) as unfinished:
        for command in commands:
            # Relative paths make the library independent of where the sources are.
            files = sorted(path.name for path in folder.glob("*.c"))
            built = Path(unfinished).resolve() / output.name
            try:
                result = subprocess.run(
                    [*command, *_FLAGS, *options, "-Iinclude", *files, "-o", str(built)],
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    check=False,
                )
            except OSError as error:
                failures.append(f"{shlex.join(command)}: {error}")
                continue
            if result.returncode == 0:
                built.replace(output)
                return shlex.join(command)
            failures.append(f"{shlex.join(command)} failed: {result.stderr.strip()[-2000:]}")
    raise CannotBuild("\n".join(failures))


def main() -> int:
    """Builds the library for a checkout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = HERE / "src" / "winit" / "kernels" / library_name()
    parser.add_argument("--to", type=Path, default=default, help="the file to write; default: %(default)s")
    parser.add_argument("--target", help="a target of zig, to cross-compile")
    arguments = parser.parse_args()
    try:
        command = build(arguments.to, arguments.target)
    except CannotBuild as error:
        print(f"error: the kernels were not built: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.to}, built by {command}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
