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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import check_completions

NAME = "winit-registry"
MAXIMUM_SIZE = 45_000_000
# What a program may need from the system.
SYSTEM = re.compile(r"(libc|libm|libgcc_s|ld-linux.*|libdl|libpthread|librt|libutil)\.so\.\d+")
FILES = [
    f"bin/{NAME}",
    f"share/man/man1/{NAME}.1",
    f"share/man/man1/{NAME}-create.1",
    f"share/bash-completion/completions/{NAME}",
    f"share/zsh/site-functions/_{NAME}",
    f"share/fish/vendor_completions.d/{NAME}.fish",
    f"share/doc/{NAME}/copyright",
]


class Checks:
    """The failures so far, and what could not be checked."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.notes: list[str] = []
        self.passed = 0

    def check(self, condition: bool, text: str) -> None:
        if condition:
            self.passed += 1
            print(f"ok: {text}", flush=True)
        else:
            self.failures.append(text)
            print(f"FAILED: {text}", flush=True)

    def note(self, text: str) -> None:
        self.notes.append(text)
        print(f"NOTE: {text}", flush=True)


def run(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, **options)  # type: ignore[call-overload,no-any-return]


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
        checks.check(not others, f"the program needs only the C library and libgcc ({', '.join(needed)})")
        checks.check("PATH)" not in dynamic, "the program looks for libraries only where the system does")
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


def repository(apt: str) -> tuple[str, str] | None:
    """Returns the address and the code name of this system's main package repository, as its apt knows them."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    name = release.get("VERSION_CODENAME", "").strip('"')
    for line in run(apt, "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)").stdout.splitlines():
        address, code, component = [*line.split(), "", "", ""][:3]
        if name and code == name and component == "main":
            return address, code
    return None


def make_chroot(checks: Checks, cache: Path) -> Path | None:
    """Returns an archive of a minimal system, made once with debootstrap; None if that is not possible here."""
    archive = cache / "chroot.tar"
    if archive.exists():
        return archive
    apt = shutil.which("apt-get")
    found = repository(apt) if apt else None
    reason = (
        "debootstrap is not installed"
        if shutil.which("debootstrap") is None
        else "debootstrap needs root"
        if os.geteuid() != 0
        else "apt knows no package repository of this system"
        if found is None
        else ""
    )
    if not reason and found is not None:
        cache.mkdir(parents=True, exist_ok=True)
        root = Path(tempfile.mkdtemp(prefix="chroot-", dir=cache))
        print(f"making a fresh {found[1]} with debootstrap …", file=sys.stderr, flush=True)
        made = run("debootstrap", "--variant=minbase", found[1], str(root), found[0])
        if made.returncode == 0:
            # Packages are not needed again, and neither are device files.
            shutil.rmtree(root / "var/cache/apt/archives", ignore_errors=True)
            partial = archive.with_name("chroot.tar.new")
            subprocess.run(["tar", "-C", str(root), "--one-file-system", "-cf", str(partial), "."], check=True)
            partial.replace(archive)
        else:
            reason = f"debootstrap failed: {made.stdout.strip().splitlines()[-1:]}"
        shutil.rmtree(root, ignore_errors=True)
    if reason:
        checks.note(f"the Debian package is not tried in a fresh Debian: {reason}")
        return None
    return archive


@contextmanager
def fresh_system(archive: Path) -> Iterator[Path]:
    """Unpacks the minimal system into a folder of its own."""
    root = Path(tempfile.mkdtemp(prefix="system-", dir=archive.parent))
    try:
        subprocess.run(["tar", "-C", str(root), "-xf", str(archive)], check=True)
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


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

    archive = make_chroot(checks, cache)
    if archive is None:
        return
    with fresh_system(archive) as root:

        def inside(script: str) -> subprocess.CompletedProcess[str]:
            # /proc is mounted in a mount namespace of its own, which ends with the command.
            shell = 'mount -t proc proc "$0/proc" 2>/dev/null; exec chroot "$0" /usr/bin/env -i "$@"'
            variables = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]
            unshare = ["unshare", "--mount"] if run("unshare", "--mount", "true").returncode == 0 else []
            return run(*unshare, "sh", "-c", shell, str(root), *variables, "sh", "-ec", script)

        def system() -> dict[str, str]:
            ignored = ("var/lib/dpkg", "var/log", "proc", "root/", "dev", "var/cache/ldconfig", "etc/ld.so.cache")
            return {path: kind for path, kind in tree(root).items() if not path.startswith(ignored)}

        before = system()
        shutil.copy(package, root / "root" / package.name)
        found = inside("! ls /usr/lib/swift /opt/swift 2>/dev/null && ! command -v swift")
        checks.check(found.returncode == 0, "the fresh system has no Swift")
        installed = inside(f"dpkg -i /root/{package.name} && dpkg --verify {NAME} && dpkg -s {NAME}")
        checks.check("install ok installed" in installed.stdout, f"the package installs {installed.stderr[-300:]}")
        listed = inside(f"dpkg -L {NAME}").stdout
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
        used = inside(
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
        removed = inside(f"dpkg --purge {NAME}")
        after = system()
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
    print(f"installation: {checks.passed} passed, {len(checks.failures)} failed, {len(checks.notes)} not checked")
    if checks.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
