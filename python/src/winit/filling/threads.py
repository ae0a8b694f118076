"""A loop on several threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from ..errors import BadInput

T = TypeVar("T")


def default_threads() -> int:
    """Returns how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0)) or 1
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def thread_count(threads: int | None) -> int:
    """Returns the number of threads to use: the given one, or a thread for each processor.

    Raises:
        BadInput: If the number is below 1.
    """
    if threads is None:
        return default_threads()
    if threads < 1:
        raise BadInput(f"threads is {threads}, but must be at least 1")
    return threads


def for_each(items: Iterable[T], body: Callable[[T], None], threads: int) -> None:
    """Calls `body` with each item, on several threads.

    The threads end before the function returns, so a process that forks has none of them, and a child has no pool that
    it could wait for in vain. The calling thread works too.

    Args:
        items: The items. They are taken one at a time, by whichever thread is free.
        body: Called once for each item, in the order in which they begin.
        threads: How many threads to use at most.

    Raises:
        BaseException: The first exception of a call, also a KeyboardInterrupt of the calling thread. Items that have
            not begun are then left out, and the calls in progress end first.
    """
    if threads == 1:
        for item in items:
            body(item)
        return
    remaining, lock = iter(items), threading.Lock()
    failures: list[BaseException] = []

    def work() -> None:
        while not failures:
            with lock:
                try:
                    item = next(remaining)
                except StopIteration:
                    return
                except BaseException as error:
                    failures.append(error)
                    return
            try:
                body(item)
            except BaseException as error:
                failures.append(error)

    others = []
    try:
        for _ in range(threads - 1):
            other = threading.Thread(target=work, name="winit-fill", daemon=True)
            try:
                other.start()
            except RuntimeError:  # the system refuses more threads; those that there are do the work
                break
            others.append(other)
        work()
    except BaseException as error:  # a KeyboardInterrupt between two statements
        failures.append(error)
    for other in others:
        while other.is_alive():
            try:
                other.join()
            except BaseException as error:  # a KeyboardInterrupt: the threads still write
                failures.append(error)
    if failures:
        raise failures[0]
