"""`winit.caching.computed_once`: attributes that are computed once, without a lock."""

from __future__ import annotations

import threading

from winit.caching import computed_once


class Slow:
    def __init__(self) -> None:
        self.calls = 0
        self.inside, self.go = threading.Event(), threading.Event()

    @computed_once
    def value(self) -> int:
        """The number of calls."""
        self.calls += 1
        if self.calls == 1:
            self.inside.set()
            self.go.wait(60)
        return self.calls


def test_a_value_is_kept() -> None:
    slow = Slow()
    slow.go.set()
    assert (slow.value, slow.value, slow.calls) == (1, 1, 1)
    assert Slow.value.__doc__ == "The number of calls."


def test_a_thread_that_computes_locks_out_no_other_thread() -> None:
    slow = Slow()
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    assert slow.inside.wait(60)
    assert slow.value == 2  # with functools.cached_property of Python 3.11, this waits for the first thread
    slow.go.set()
    thread.join(60)
