"""Puts an installed command into the wheel.

$WINIT_PREFIX is the prefix of an installation that tools/install made, and $WINIT_PLATFORM the wheel's platform tag.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommandBuildHook(BuildHookInterface):  # type: ignore[misc]
    """The hook of the target `wheel`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the program as a script, and its man pages and completions as data."""
        prefix, platform = os.environ.get("WINIT_PREFIX"), os.environ.get("WINIT_PLATFORM")
        if not prefix or not platform:
            raise SystemExit(
                "winit-registry-cli: tools/wheels makes this wheel: it sets WINIT_PREFIX and WINIT_PLATFORM"
            )
        root = Path(prefix)
        build_data["shared_scripts"][str(root / "bin" / "winit-registry")] = "winit-registry"
        for path in sorted((root / "share").rglob("*")):
            # The list of installed files is that of tools/install --uninstall; pip has a list of its own.
            if path.is_file() and path.name != "installed-files":
                build_data["shared_data"][str(path)] = str(path.relative_to(root))
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
