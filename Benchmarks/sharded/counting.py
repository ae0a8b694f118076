"""What a process has used so far: memory, bytes of files, bytes sent over TCP, processor time. Linux counts it."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

_INFO = 216  # up to tcpi_bytes_retrans of struct tcp_info, linux/tcp.h; Linux 4.19 and newer
_BYTES_RECEIVED, _BYTES_SENT, _BYTES_SENT_AGAIN = 128, 200, 208


@dataclass(frozen=True)
class Counts:
    """What a process has used.

    Attributes:
        resident: Its memory now, in bytes.
        peak: The most memory since the last call of `reset_peak`.
        read: Bytes read from files by system calls, whether the page cache had them or not.
        counting: How many bytes this count itself read after it had asked for `read`.
        sent: Payload that its open TCP connections sent, without headers and repeated segments.
        received: Payload that they received.
        processor: Seconds of processors, of all threads.
    """

    resident: int
    peak: int
    read: int
    counting: int
    sent: int
    received: int
    processor: float


def counts() -> Counts:
    """Returns what this process has used."""
    files, status = Path("/proc/self/io").read_bytes(), Path("/proc/self/status").read_bytes()
    memory = _fields(status)
    sent, received = tcp_bytes()
    times = os.times()
    return Counts(
        resident=1024 * memory["VmRSS"],
        peak=1024 * memory["VmHWM"],
        read=_fields(files)["rchar"],
        counting=len(files) + len(status),
        sent=sent,
        received=received,
        processor=times.user + times.system,
    )


def reset_peak() -> None:
    """Makes the peak of memory the memory that is in use now (man 5 proc, clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def free_unused() -> None:
    """Gives memory that was freed back to the system, where the C library can (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def tcp_bytes() -> tuple[int, int]:
    """Returns the bytes that the open TCP connections of this process sent and received, as the kernel counts them.

    Other processes, headers of packets and repeated segments do not count.
    """
    sent = received = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            if not os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                continue
            own = os.dup(int(name))
        except OSError:
            continue  # the descriptor of the listing itself
        with socket.socket(fileno=own) as one:
            if one.family not in (socket.AF_INET, socket.AF_INET6) or one.type != socket.SOCK_STREAM:
                continue
            info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO)
        if len(info) < _INFO:
            raise OSError("this kernel does not count the bytes of a TCP connection; Linux 4.19 or newer does")
        sent += _number(info, _BYTES_SENT) - _number(info, _BYTES_SENT_AGAIN)
        received += _number(info, _BYTES_RECEIVED)
    return sent, received


def _number(info: bytes, at: int) -> int:
    return int(struct.unpack_from("=Q", info, at)[0])


def _fields(text: bytes) -> dict[str, int]:
    """The numbers of lines `NAME: NUMBER …`."""
    found = {}
    for line in text.decode().splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdigit():
            found[name] = int(words[0])
    return found


def available_memory() -> int:
    """Returns how many bytes the machine can give to processes without swapping."""
    return 1024 * _fields(Path("/proc/meminfo").read_bytes())["MemAvailable"]
