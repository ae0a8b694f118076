"""Builds the C kernels and puts them into the wheel; without a compiler, the wheel has NumPy code only and says so.

$WINIT_KERNELS decides: `native` fails if the kernels cannot be built, `none` leaves them out, and anything else builds
them if it can. $WINIT_TARGET cross-compiles with zig, and $WINIT_PLATFORM is then the platform tag of the wheel.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

sys.path.insert(0, str(Path(__file__).resolve().parent))
import build_kernels

_ZIGLANG = "ziglang>=0.15"
_ZIGLANG_SYSTEMS = ("linux", "darwin", "win32")


class KernelsBuildHook(BuildHookInterface):  # type: ignore[misc]
    """The hook of the target `wheel`."""

    def dependencies(self) -> list[str]:
        """Asks for ziglang where there is no clang, on platforms that ziglang has a wheel for."""
        if os.environ.get("WINIT_KERNELS") == "none":
            return []
        if os.environ.get("WINIT_TARGET"):
            return [_ZIGLANG]
        is_supported = sys.platform in _ZIGLANG_SYSTEMS and platform.machine().lower() in build_kernels.MACHINES
        return [] if not is_supported or build_kernels.clang() or build_kernels.zig() else [_ZIGLANG]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the library before the files of the wheel are collected."""
        wanted, target = os.environ.get("WINIT_KERNELS", ""), os.environ.get("WINIT_TARGET")
        if wanted == "none":
            self.app.display_warning("winit: $WINIT_KERNELS is `none`, so the wheel has no kernels and uses NumPy")
            return
        name = build_kernels.library_name(target)
        if version == "editable":
            library = Path(self.root) / "src" / "winit" / "kernels" / name
        else:
            self._folder = tempfile.TemporaryDirectory(prefix="winit-kernels-")
            library = Path(self._folder.name) / name
        try:
            command = build_kernels.build(library, target)
        except build_kernels.CannotBuild as error:
            if wanted == "native" or target:
                raise SystemExit(f"winit: the kernels could not be built: {error}") from error
            self.app.display_warning(
                f"winit: the kernels could not be built, so this installation uses NumPy, which is slower: {error}"
            )
            return
        self.app.display_info(f"winit: the kernels were built by {command}")
        if version == "editable":
            return
        build_data["force_include"][str(library)] = f"winit/kernels/{name}"
        header = build_kernels.sources() / "include" / "winit_kernels.h"
        build_data["force_include"][str(header)] = "winit/kernels/include/winit_kernels.h"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{os.environ.get('WINIT_PLATFORM') or _platform()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes the library that the wheel has a copy of."""
        folder = getattr(self, "_folder", None)
        if folder is not None:
            folder.cleanup()


def _platform() -> str:
    """The platform tag of this machine for a library that promises nothing about other machines."""
    return next(tag.platform for tag in sys_tags() if not tag.platform.startswith(("manylinux", "musllinux")))
