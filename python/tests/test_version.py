"""The version stands in the library, and everything that repeats it agrees."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def version_in(path: str, pattern: str) -> str:
    """The version that a pattern finds in a file of the repository."""
    match = re.search(pattern, (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    assert match, f"{path} states no version"
    return match.group(1)


def test_the_python_package_and_the_citation_have_the_version_of_the_library() -> None:
    library = version_in("Sources/WinitRegistry/Version.swift", r'static let version = "([^"]+)"')
    assert version_in("python/src/winit/__init__.py", r'^__version__ = "([^"]+)"') == library
    assert version_in("CITATION.cff", r'^version: "?([^"\n]+)"?$') == library


def test_the_changelog_has_a_section_for_the_version_of_the_library() -> None:
    library = version_in("Sources/WinitRegistry/Version.swift", r'static let version = "([^"]+)"')
    assert version_in("CHANGELOG.md", r"^## ([0-9.]+)") == library


def test_the_extra_for_the_command_asks_for_the_version_of_the_package() -> None:
    library = version_in("Sources/WinitRegistry/Version.swift", r'static let version = "([^"]+)"')
    series = version_in("python/pyproject.toml", r'^cli = \["winit-registry-cli~=([^"]+)"\]$')
    assert series == ".".join([*library.split(".")[:2], "0"])
