"""What holds for every test."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Lets Ctrl-C raise KeyboardInterrupt. A shell starts jobs in the background with SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
