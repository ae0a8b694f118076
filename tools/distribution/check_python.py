"""Checks the files of tools/wheels: installs them with pip, here and in a fresh Debian, and uses what was installed.

tools/check-install calls this in the root of the repository, with the prefix of an installation of the command:

    PYTHONPATH=tools python3 -m distribution.check_python PREFIX
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .fresh_system import CannotMake, System, fresh_system
from .results import Checks, ending, run

# The example of docs/manifest.md, "A worked example".
BYTES = "7994d1bcc2f709bd24b7603db99cc73c"
DIGEST = "sha256:d9c77da4cdd9b1dfebae00d42ef96b30662c5319dc12ea860e6776660c30c83a"
KERNELS_VERSION = "10000"

HERE = Path(__file__).resolve().parent
TOOLS_PYTHON = Path(".build/wheels-environment/bin/python")
ARM_SYSTEM = Path("/usr/aarch64-linux-gnu")
CACHE = Path(".build/chroot")


@dataclass(frozen=True)
class Files:
    """The files of the package.

    Attributes:
        native: The wheel for this machine.
        arm: The wheel for 64-bit Arm, which is `native` on such a machine.
        pure: The wheel for any platform.
        source: The source distribution.
        command: The wheel of the command.
    """

    native: Path
    arm: Path
    pure: Path
    source: Path
    command: Path


def machine_platform() -> str:
    """Returns the name that tools/wheels has for this machine."""
    machine = platform.machine()
    if sys.platform == "darwin":
        return f"macos-{machine}"
    return f"linux-{machine}"


def make_files(checks: Checks, prefix: Path) -> Files | None:
    """Runs tools/wheels; None if it fails, or cannot run here."""
    names = [machine_platform(), "linux-aarch64", "any", "source"]
    made = run("tools/wheels", *names)
    has_tools = TOOLS_PYTHON.exists() and run(str(TOOLS_PYTHON), "-c", "import hatchling, packaging, ziglang")
    if not has_tools or has_tools.returncode:
        checks.note(
            f"hatchling and ziglang cannot be installed here. The Python package is not checked. {ending(made)}"
        )
        return None
    command = run("tools/wheels", "--cli", str(prefix))
    checks.check(made.returncode == 0, f"tools/wheels makes the files of the Python package {ending(made)}")
    checks.check(command.returncode == 0, f"tools/wheels --cli makes the wheel of the command {ending(command)}")
    if made.returncode or command.returncode:
        return None
    # Each line begins with the path of a file.
    return Files(*(Path(line.split("  ")[0]).resolve() for line in (made.stdout + command.stdout).splitlines()))


class Environment:
    """A virtual environment that holds NumPy and what is installed into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        run(sys.executable, "-m", "venv", str(folder))

    def pip(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs `pip install` without what the environment of the caller says about Python and compilers."""
        unwanted = ("PYTHONPATH", "WINIT_KERNELS", "WINIT_CC", "WINIT_TARGET", "WINIT_PLATFORM", "CC")
        inherited = {name: value for name, value in os.environ.items() if name not in unwanted}
        return run(
            *(str(self.python), "-m", "pip", "install", "--disable-pip-version-check", *words),
            env={**inherited, **variables},
        )

    def use(self, *words: str) -> dict[str, Any]:
        """Runs use_package.py, and returns what it prints; `error` if it fails."""
        return used(run(str(self.python), "-I", str(HERE / "use_package.py"), *words, env=bare(), cwd=self.folder))


def bare(**variables: str) -> dict[str, str]:
    """Returns an environment that names neither a command nor kernels."""
    return {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **variables}


def used(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Reads what use_package.py printed."""
    if result.returncode:
        return {"error": ending(result)}
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def check_use(checks: Checks, found: dict[str, Any], backend: str, what: str) -> None:
    """Checks that an installation gives the bytes of the documents by the backend that is expected."""
    fills = found.get("bytes") == BYTES and found.get("digest") == DIGEST
    checks.check(
        found.get("backend") == backend and fills, f"{what} fills the vector by {backend} {'' if fills else found}"
    )


def check_wheels(checks: Checks, files: Files, environment: Environment) -> None:
    """Installs the wheels, each in place of the one before."""
    wheels = environment.folder / "wheels"
    wheels.mkdir()
    for path in (files.native, files.pure, files.command):
        shutil.copy(path, wheels)
    offline = ("--no-index", "--find-links", str(wheels))
    installed = environment.pip(*offline, "winit-registry[cli]", PIP_FIND_LINKS="")
    checks.check(installed.returncode == 0, f"pip installs winit-registry[cli] without an index {ending(installed)}")
    found = environment.use("record", str(environment.folder / "winit.sqlite"))
    check_use(checks, found, "native", "the wheel of this platform, which pip prefers to the one for any platform,")
    checks.check(
        found.get("command") == str(environment.folder / "bin" / "winit-registry"),
        f"the package finds the command of its own environment, without a PATH {found.get('error', '')}",
    )
    checks.check(found.get("recorded bytes") == BYTES, "Registry.create records a run with this command")
    versions = [found.get("version"), found.get("version of the command")]
    checks.check(
        None not in versions and versions[0] == versions[1], f"package and command have the same version {versions}"
    )
    times = [environment.use("fill").get("import milliseconds", 0.0) for _ in range(5)]
    print(f"`import winit; winit.Recipe` takes {min(times):.0f} ms beyond NumPy, the minimum of 5", flush=True)

    folder = environment.folder / "target"
    target = environment.pip(*offline, "--no-deps", "--target", str(folder), str(files.native), str(files.command))
    script = str(shutil.copy(HERE / "use_package.py", environment.folder))
    found = used(run(str(environment.python), script, "record", f"{folder}.sqlite", env=bare(PYTHONPATH=str(folder))))
    checks.check(
        found.get("command") == str(folder / "bin" / "winit-registry") and found.get("recorded bytes") == BYTES,
        f"the package finds the command in a folder of pip install --target {ending(target)} {found.get('error', '')}",
    )

    pure = environment.pip("--force-reinstall", "--no-deps", str(files.pure))
    checks.check(pure.returncode == 0, f"pip installs the wheel for any platform {ending(pure)}")
    check_use(checks, environment.use("fill"), "numpy", "the wheel for any platform")


def check_sources(checks: Checks, files: Files, environment: Environment) -> None:
    """Installs from a checkout and from the source distribution, with a compiler and without."""
    # Without isolation, pip cannot fetch ziglang: a machine without the index, or with neither clang nor zig's wheel.
    tools = environment.pip("hatchling>=1.26", "editables")
    if tools.returncode:
        checks.note(f"hatchling cannot be installed here. Installations from source are not checked. {ending(tools)}")
        return
    checkout = environment.folder / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", "libwinit_kernels.*", "winit_kernels.dll", "tests")
    shutil.copytree("python", checkout / "python", ignore=ignored)
    shutil.copytree("Sources/CWinitKernels", checkout / "Sources" / "CWinitKernels")
    project = str(checkout / "python")
    local = ("--force-reinstall", "--no-deps", "--no-build-isolation", "--no-index", "--verbose")

    if shutil.which("clang"):
        editable = environment.pip(*local, "--editable", project)
        found = environment.use("fill")
        check_use(checks, found, "native", f"pip install --editable ./python, with clang, {ending(editable)}")
        checks.check(
            str(found.get("file", "")).startswith(str(checkout.resolve())), "an editable installation is the checkout"
        )
        source = environment.pip(*local, str(files.source))
        check_use(checks, environment.use("fill"), "native", f"the source distribution, with clang, {ending(source)}")
    else:
        checks.note("there is no clang. Installations that compile the kernels are not checked.")
    # The library of the editable installation is still in the checkout.
    empty = environment.folder / "empty"
    empty.mkdir()
    without = environment.pip(*local, project, PATH=str(empty))
    check_use(
        checks,
        environment.use("fill"),
        "numpy",
        f"pip install ./python, with neither clang nor ziglang, {ending(without)}",
    )
    said = "the kernels could not be built, so this installation uses NumPy, which is slower"
    checks.check(said in without.stdout + without.stderr, "an installation without kernels says so and why")


def check_fresh_system(checks: Checks, files: Files, environment: Environment, system: System) -> None:
    """Installs the wheels in a Debian that has Python and nothing else, without a network."""
    version = system.run("python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'").stdout.strip()
    wheels = system.root / "root" / "wheels"
    wheels.mkdir()
    machine = platform.machine()
    tags = [f"--platform=manylinux_{minor}_{machine}" for minor in ("2_17", "2_27", "2_28")]
    downloaded = run(
        *(
            str(environment.python),
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary=:all:",
        ),
        *("--dest", str(wheels), "--python-version", version, *tags, "numpy", "pip"),
    )
    if downloaded.returncode:
        checks.note(f"the wheels of NumPy and pip cannot be downloaded for the fresh Debian. {ending(downloaded)}")
        return
    for path in (files.native, files.pure, files.command, HERE / "use_package.py"):
        shutil.copy(path, wheels)
    # Debian's Python has neither pip nor ensurepip. A wheel of pip can be run.
    installed = system.run(
        "! command -v cc && ! command -v clang && python3 -m venv --without-pip /root/venv\n"
        "/root/venv/bin/python $(echo /root/wheels/pip-*.whl)/pip install --quiet --no-index --find-links /root/wheels "
        "'winit-registry[cli]'"
    )
    checks.check(installed.returncode == 0, f"pip installs winit-registry[cli] in a fresh Debian {ending(installed)}")
    found = used(system.run("cd /root && venv/bin/python -I wheels/use_package.py record winit.sqlite"))
    check_use(checks, found, "native", f"the wheel in a fresh Debian with Python {version} and NumPy's wheel")
    checks.check(
        found.get("command") == "/root/venv/bin/winit-registry" and found.get("recorded bytes") == BYTES,
        f"the wheel of the command records a run in a fresh Debian {found.get('error', '')}",
    )
    again = system.run("cd /root && . venv/bin/activate && winit-registry verify example && winit-registry doctor")
    checks.check(again.returncode == 0, f"the command is on the PATH of the environment {ending(again)}")


def check_arm(checks: Checks, wheel: Path, folder: Path) -> None:
    """Runs the library of the wheel for 64-bit Arm in qemu, linked with a C program against the wheel's header."""
    is_arm = platform.machine() == "aarch64"
    qemu = shutil.which("qemu-aarch64")
    if sys.platform != "linux" or (not is_arm and (qemu is None or not (ARM_SYSTEM / "lib").is_dir())):
        checks.note("qemu-aarch64, or a C library for it, is missing. The wheel for 64-bit Arm is not run.")
        return
    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    kernels = folder / "winit" / "kernels"
    program = folder / "print_vector"
    linked = run(
        *(str(TOOLS_PYTHON), "-m", "ziglang", "cc", "-target", "aarch64-linux-gnu.2.17", "-O1"),
        *(f"-I{kernels / 'include'}", str(HERE / "print_vector.c"), f"-L{kernels}", "-lwinit_kernels"),
        *("-o", str(program)),
    )
    if not checks.check(linked.returncode == 0, f"a program links with the wheel for 64-bit Arm {ending(linked)}"):
        return
    if is_arm or qemu is None:
        result = run(str(program), env={"LD_LIBRARY_PATH": str(kernels)})
    else:
        result = run(qemu, "-L", str(ARM_SYSTEM), "-E", f"LD_LIBRARY_PATH={kernels}", str(program))
    checks.check(
        result.stdout.split() == [KERNELS_VERSION, "neon", BYTES],
        f"the wheel for 64-bit Arm fills the vector by NEON {result.stdout.strip()} {ending(result)}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Check the files of the Python package.")
    parser.add_argument("prefix", type=Path, help="the prefix of an installation that tools/install made")
    arguments = parser.parse_args()
    checks = Checks()
    files = make_files(checks, arguments.prefix)
    if files is not None:
        with tempfile.TemporaryDirectory(prefix="python-package-") as name:
            folder = Path(name).resolve()
            check_arm(checks, files.arm, folder / "arm")
            environment = Environment(folder / "environment")
            numpy = environment.pip("numpy")
            if numpy.returncode:
                checks.note(f"NumPy cannot be installed here. The wheels are not installed. {ending(numpy)}")
            else:
                check_wheels(checks, files, environment)
                check_sources(checks, files, environment)
            if sys.platform == "linux":
                try:
                    with fresh_system(CACHE) as system:
                        check_fresh_system(checks, files, environment, system)
                except CannotMake as reason:
                    checks.note(f"the wheels are not tried in a fresh Debian: {reason}")
    print(f"Python package: {checks.summary()}")
    if checks.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
