"""The pytest plug-in: the fixture `winit`, which compares models with runs and snapshots, audits and diagnoses them.

    def test_step_0(winit):
        winit.check(Model(), "gpt2@sha256:e6dc")   # against a run of the registry
        winit.check(Model())                       # against a snapshot beside the test
        winit.audit(Model)                         # every element was written
        winit.diagnose(Model, batch)               # signals and gradients neither vanish nor explode

pytest loads the plug-in in every session of an environment that has it. It imports NumPy and the rest of winit when a
test uses the fixture, and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .fixture import WinitFixture

_KEY = pytest.StashKey["list[str]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--winit-update` and the setting `winit_registry`."""
    group = parser.getgroup("winit")
    group.addoption(
        "--winit-update",
        action="store_true",
        help="write the snapshots of initial weights that winit.check compares with",
    )
    parser.addini("winit_registry", "the registry file for references, relative to the root of the tests", default="")


@pytest.fixture
def winit(request: pytest.FixtureRequest) -> WinitFixture:
    """Compares models with runs, recipes and snapshots, and audits them."""
    from .fixture import WinitFixture

    return WinitFixture(request, request.config.stash.setdefault(_KEY, []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says which snapshots were written."""
    written = config.stash.get(_KEY, [])
    if written:
        noun = "snapshot" if len(written) == 1 else "snapshots"
        terminalreporter.section("winit")
        terminalreporter.write_line(f"{len(written)} {noun} of initial weights written:")
        for path in sorted(written):
            terminalreporter.write_line(f"  {path}")
