"""How much memory a process holds, as the system counts it."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path


def resident_bytes(process: int | None = None) -> int | None:
    """Bytes of physical memory of a process (None: this one); None where the system does not say or it has ended.

    From /proc on Linux; elsewhere only of this process, and then the most it ever had (getrusage).
    """
    statm = Path("/proc") / str(process or "self") / "statm"
    try:
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    if process is not None:
        return None
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def give_back() -> bool:
    """Return memory that was freed to the system; False where the C library has no call for it.

    glibc keeps what threads freed for their next request. A server makes a thread a visitor and a click, each with
    arrays of some megabytes, so without this it would in time hold several times what it uses.
    """
    try:
        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (OSError, AttributeError, TypeError):  # another C library, another system
        return False
