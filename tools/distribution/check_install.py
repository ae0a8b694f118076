"""Checks what tools/install makes, the program and the Debian package, in a fresh Debian without Swift too.

tools/check-install calls this in the root of the repository:

    PYTHONPATH=tools python3 -m distribution.check_install PROGRAM PACKAGE [--ordinary COMMAND]
"""

import argparse
import hashlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from . import check_completions
from .fresh_system import CannotMake, System, fresh_system
from .results import Checks, run

NAME = "winit-registry"
MAXIMUM_SIZE = 45_000_000
# What a program may need from the system.
SYSTEM = re.compile(r"(libc|libm|ld-linux.*|libdl|libpthread|librt|libutil)\.so\.\d+")
FILES = [
    f"bin/{NAME}",
    f"share/man/man1/{NAME}.1",
    f"share/man/man1/{NAME}-create.1",
    f"share/bash-completion/completions/{NAME}",
    f"share/zsh/site-functions/_{NAME}",
    f"share/fish/vendor_completions.d/{NAME}.fish",
    f"share/doc/{NAME}/copyright",
]


def install(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run("tools/install", *arguments, env={**os.environ, **variables})


def tree(folder: Path) -> dict[str, str]:
    """Returns every path below a folder with its kind and digest."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        key = str(path.relative_to(folder))
        if path.is_symlink():
            found[key] = os.readlink(path)
        else:
            found[key] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return found


def check_program(checks: Checks, program: Path, ordinary: Path | None) -> None:
    size = program.stat().st_size
    checks.check(size <= MAXIMUM_SIZE, f"the program has at most 45 MB ({size / 1e6:.1f} MB)")
    if sys.platform == "linux":
        dynamic = run("readelf", "-d", str(program)).stdout
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
        others = [library for library in needed if not SYSTEM.fullmatch(library)]
        checks.check(not others, f"the program needs only the C library ({', '.join(needed)})")
        checks.check("PATH)" not in dynamic, "the program looks for libraries only where the system does")
        kind = run("readelf", "-h", "--wide", str(program)).stdout
        checks.check("DYN (Position-Independent" in kind, "the system loads the program at a random address")
        sections = run("readelf", "-S", "--wide", str(program)).stdout
        checks.check(".symtab" not in sections and ".debug_info" not in sections, "the program is stripped")
    if ordinary is not None:
        times: dict[Path, list[float]] = {program: [], ordinary: []}
        for _ in range(60):
            for command in times:
                start = time.perf_counter()
                subprocess.run([command, "version"], stdout=subprocess.DEVNULL, check=True)
                times[command].append((time.perf_counter() - start) * 1000)
        (low, middle), (other_low, other_middle) = [(min(t), statistics.median(t)) for t in times.values()]
        print(
            f"start of `version`, minimum and median of 60: {low:.1f} and {middle:.1f} ms; the ordinary build "
            f"{other_low:.1f} and {other_middle:.1f} ms; ratio of the medians {middle / other_middle:.2f}",
            flush=True,
        )


def check_without_icu(checks: Checks, program: Path, folder: Path) -> None:
    """Checks that time zones and languages, whose data the program lacks, change nothing and stop nothing."""
    (folder / "m.yaml").write_text("tensors: {w: {shape: [3], init: {scheme: normal, std: 1}}}\n")
    run(str(program), "create", "m", "--spec", "m.yaml", "--seed", "1", cwd=folder)
    zones = ["", "UTC", "Europe/Berlin", "Asia/Kolkata", ":/etc/localtime", "EST5EDT,M3.2.0,M11.1.0", "garbage", "../x"]
    languages = ["C", "C.UTF-8", "tr_TR.UTF-8", "garbage"]
    outputs: set[tuple[object, ...]] = set()
    for zone in zones:
        for language in languages:
            environment = {**os.environ, "TZ": zone, "LANG": language, "LC_ALL": language}
            for words in (["list", "--since", "2020-01-01T10:00"], ["log"], ["list", "--since", "Tuesday"]):
                result = run(str(program), *words, cwd=folder, env=environment)
                outputs.add((*words, result.returncode, result.stdout, result.stderr))
    checks.check(len(outputs) == 3, "dates are in UTC, and errors the same, in every time zone and language")


def check_installation(checks: Checks, folder: Path) -> None:
    """Installs, installs again over a running program, and removes."""
    prefix = folder / "a prefix"
    (prefix / "share/man").mkdir(parents=True)
    (prefix / "share/man/mine").write_text("another program's file")
    before = tree(prefix)
    result = install(str(prefix))
    checks.check(
        result.returncode == 0, f"tools/install PREFIX succeeds {result.stderr[-300:] if result.returncode else ''}"
    )
    missing = [path for path in FILES if not (prefix / path).is_file()]
    checks.check(not missing, f"the installation has every file {' '.join(missing)}")
    check_pages(checks, prefix / "share/man/man1")
    program = prefix / "bin" / NAME

    work = folder / "work"
    work.mkdir()
    (work / "m.yaml").write_text("tensors: {w: {shape: [1000, 1000], init: {scheme: normal, std: 1}}}\n")
    created = run(str(program), "create", "m", "--spec", "m.yaml", "--seed", "1", cwd=work)
    checks.check(created.returncode == 0, f"the installed program creates a run {created.stderr}")
    # The pipe is full long before the file ends, so the program runs until the pipe is read.
    running = subprocess.Popen([program, "get", "m", "-o", "-"], cwd=work, stdout=subprocess.PIPE)
    first = program.stat().st_ino
    installed = tree(prefix)
    again = install(str(prefix))
    assert running.stdout is not None
    written = len(running.stdout.read())
    checks.check(
        again.returncode == 0 and running.wait() == 0 and written > 4_000_000 and program.stat().st_ino != first,
        "an installation over a running program replaces the file, and the running program ends well",
    )
    checks.check(tree(prefix) == installed, "a second installation gives the same files")

    stale = prefix / "share/man/man1" / f"{NAME}-former.1"
    stale.write_text("a page of an earlier version")
    with (prefix / "share" / NAME / "installed-files").open("a") as file:
        file.write(f"share/man/man1/{NAME}-former.1\n../work/m.yaml\nshare/../../work/m.yaml\n")
    install(str(prefix))
    checks.check(not stale.exists(), "an installation removes the files that only an earlier version had")
    checks.check((work / "m.yaml").exists(), "a list of files cannot name files outside the prefix")
    removed = install("--uninstall", str(prefix))
    checks.check(removed.returncode == 0 and tree(prefix) == before, "--uninstall leaves what was there before")
    twice = install("--uninstall", str(prefix))
    checks.check(twice.returncode == 1, "a second --uninstall says that nothing is installed")

    staged = folder / "staged"
    install("/usr", DESTDIR=str(staged))
    listed = (staged / "usr/share" / NAME / "installed-files").read_text() if staged.exists() else ""
    checks.check(
        (staged / "usr/bin" / NAME).is_file() and str(staged) not in listed, "DESTDIR is put before the prefix"
    )
    with tempfile.TemporaryDirectory() as name:
        archived = install("--archive", name)
        archives = list(Path(name).glob("*.tar.gz"))
        checks.check(archived.returncode == 0 and len(archives) == 1, "--archive writes one file")
        if archives:
            with tarfile.open(archives[0]) as archive:
                files = {info.name.split("/", 1)[1]: info for info in archive if info.isfile()}
            checks.check(
                set(FILES) <= set(files) and all(info.uid == 0 for info in files.values()),
                "the archive has every file, owned by root",
            )


def check_pages(checks: Checks, folder: Path) -> None:
    """Checks the man pages with man's and mandoc's own warnings."""
    pages = sorted(folder.glob(f"{NAME}*.1*"))
    # Only the man of man-db, which knows --version, has warnings.
    has_man = shutil.which("man") is not None and run("man", "--version").returncode == 0
    has_mandoc = shutil.which("mandoc") is not None
    if not has_man and not has_mandoc:
        checks.note("neither man-db nor mandoc is installed. The man pages are not checked.")
        return
    bad: list[str] = []
    for page in pages:
        if has_man:
            environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"}
            shown = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(page), env=environment)
            if shown.returncode or shown.stderr:
                bad.append(f"{page.name}: {shown.stderr.strip()[:200]}")
        if has_mandoc:
            lint = run("mandoc", "-Tlint", "-Wwarning", str(page))
            if lint.returncode:
                bad.append(f"{page.name}: {lint.stdout.strip()[:200]}")
    checks.check(not bad, f"there are no warnings about {len(pages)} man pages {'; '.join(bad)[:1000]}")


def check_package(checks: Checks, package: Path, cache: Path, ordinary: Path | None) -> None:
    """Checks the contents of the package, and installs, uses and removes it in a fresh system."""
    contents = run("dpkg-deb", "--contents", str(package)).stdout.splitlines()
    checks.check(
        all(line.split()[1] == "root/root" for line in contents) and any(f"/bin/{NAME}" in line for line in contents),
        "the package holds the program, and root owns every file",
    )
    control = run("dpkg-deb", "--field", str(package)).stdout
    depends = (re.findall(r"^Depends: (.*)$", control, re.M) or [""])[0]
    checks.check("libc6 (>= 2." in depends and "swift" not in control.lower(), f"the package depends on {depends}")
    with tempfile.TemporaryDirectory() as name:
        install("--deb", name)
        copies = list(Path(name).glob("*.deb"))
        same = bool(copies) and copies[0].read_bytes() == package.read_bytes()
        checks.check(same, "the same program gives the same package, byte for byte")

    try:
        with fresh_system(cache) as system:
            check_in_fresh_system(checks, package, system, ordinary)
    except CannotMake as reason:
        checks.note(f"the Debian package is not tried in a fresh Debian: {reason}")


def check_in_fresh_system(checks: Checks, package: Path, system: System, ordinary: Path | None) -> None:
    """Installs, uses and removes the package in a system without Swift."""
    root = system.root

    def files() -> dict[str, str]:
        ignored = ("var/lib/dpkg", "var/log", "proc", "root/", "dev", "var/cache/ldconfig", "etc/ld.so.cache")
        return {path: kind for path, kind in tree(root).items() if not path.startswith(ignored)}

    before = files()
    shutil.copy(package, root / "root" / package.name)
    found = system.run("! ls /usr/lib/swift /opt/swift 2>/dev/null && ! command -v swift")
    checks.check(found.returncode == 0, "the fresh system has no Swift")
    installed = system.run(f"dpkg -i /root/{package.name} && dpkg --verify {NAME} && dpkg -s {NAME}")
    checks.check("install ok installed" in installed.stdout, f"the package installs {installed.stderr[-300:]}")
    listed = system.run(f"dpkg -L {NAME}").stdout
    for path in [
        f"/usr/share/man/man1/{NAME}.1.gz",
        f"/usr/share/man/man1/{NAME}-create.1.gz",
        f"/usr/share/bash-completion/completions/{NAME}",
        f"/usr/share/zsh/vendor-completions/_{NAME}",
        f"/usr/share/fish/vendor_completions.d/{NAME}.fish",
    ]:
        checks.check(path in listed and (root / path[1:]).is_file(), f"the package installs {path}")
    shutil.copy("specs/gpt2.yaml", root / "root/gpt2.yaml")
    (root / "root/small.yaml").write_text("tensors: {w: {shape: [300, 70], init: {scheme: orthogonal}}}\n")
    used = system.run(
        f"cd /root; {NAME} version; {NAME} create gpt2 --spec gpt2.yaml --seed 42 --recipe-only\n"
        f"{NAME} get gpt2 -o gpt2.safetensors; {NAME} verify gpt2 --against gpt2.safetensors\n"
        f"{NAME} create small --spec small.yaml --seed 1; {NAME} verify small; {NAME} doctor\n"
        f"{NAME} list --since 1d; {NAME} show small; {NAME} log"
    )
    checks.check(used.returncode == 0, f"create, get, verify and others work {used.stderr[-300:]}")
    if ordinary is not None and used.returncode == 0:
        with tempfile.TemporaryDirectory() as name:
            words = [
                "create",
                "gpt2",
                "--spec",
                str(Path("specs/gpt2.yaml").resolve()),
                "--seed",
                "42",
                "--recipe-only",
            ]
            run(str(ordinary), *words, cwd=name)
            run(str(ordinary), "get", "gpt2", "-o", "gpt2.safetensors", cwd=name)
            same = run("cmp", f"{name}/gpt2.safetensors", str(root / "root/gpt2.safetensors")).returncode == 0
            checks.check(same, "the weights of GPT-2 have the bits that the ordinary build gives")
    removed = system.run(f"dpkg --purge {NAME}")
    after = files()
    left = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    checks.check(removed.returncode == 0 and not left, f"the removal leaves the system as it was {left[:5]}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Check what tools/install makes.")
    parser.add_argument("program", type=Path, help="the program that tools/install built")
    parser.add_argument("package", type=Path, nargs="?", help="the Debian package that tools/install wrote")
    parser.add_argument("--ordinary", type=Path, help="the command of `swift build`, to compare with")
    arguments = parser.parse_args()
    checks = Checks()
    check_program(checks, arguments.program, arguments.ordinary)
    with tempfile.TemporaryDirectory(prefix="installation-") as name:
        check_installation(checks, Path(name))
        check_without_icu(checks, arguments.program.resolve(), Path(name))
    failures, shells = check_completions.check_all(arguments.program.resolve(), [])
    checks.check(not failures, f"command lines are completed in {', '.join(shells)} {'; '.join(failures)}")
    for kind in set(check_completions.SHELLS) - set(shells):
        checks.note(f"{kind} is not installed, or too old. Its completions are not checked.")
    if arguments.package is None:
        checks.note("there is no dpkg-deb. The Debian package is not checked.")
    else:
        check_package(checks, arguments.package, Path(".build/chroot"), arguments.ordinary)
    print(f"installation: {checks.summary()}")
    if checks.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
