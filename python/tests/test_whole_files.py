"""Files from elsewhere are read whole up to a maximum, and every failure names the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from winit import BadInput, NotFound, Unavailable
from winit.whole_files import read_whole


def test_a_file_of_the_maximum_is_read_and_a_longer_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * (1 << 20))
    assert read_whole(str(path), 1 << 20, "a test") == b"x" * (1 << 20)
    path.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(BadInput, match=r"file has more than 1 MiB, the maximum for a test$"):
        read_whole(str(path), 1 << 20, "a test")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=f"there is no file {tmp_path}/none"):
        read_whole(f"{tmp_path}/none", 10, "a test")
    with pytest.raises(Unavailable, match=f"{tmp_path} cannot be read: Is a directory"):
        read_whole(str(tmp_path), 10, "a test")
    with pytest.raises(Unavailable, match="cannot be read: embedded null byte"):
        read_whole("a\0b", 10, "a test")
