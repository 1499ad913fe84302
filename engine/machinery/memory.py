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


def tame_allocator() -> bool:
    """Let all threads allocate from two pools, and large blocks come from the system and go back to it at once.

    Call before there are threads. False where that cannot be said. glibc opens up to eight pools for each core, and
    what one thread frees is of no use to the others: with a thread for every click, a server soon holds twice what it
    uses. And it learns to keep blocks of up to 32 MB in its pools, where small ones that lie between hold them open;
    8 MB and more have only batches of pictures (the largest maps of one have 5 MB, and stay quick).
    """
    arena_max, pools, mmap_threshold, large = -8, 2, -3, 8 << 20  # M_ARENA_MAX and M_MMAP_THRESHOLD of malloc.h
    try:
        library = ctypes.CDLL(None)
        return bool(library.mallopt(arena_max, pools)) and bool(library.mallopt(mmap_threshold, large))
    except (OSError, AttributeError, TypeError):  # another C library, another system
        return False


def give_back() -> bool:
    """Return memory that was freed to the system; False where the C library has no call for it.

    glibc keeps what threads freed for their next request. A server makes a thread a visitor and a click, each with
    arrays of some megabytes, so without this it would in time hold several times what it uses.
    """
    try:
        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (OSError, AttributeError, TypeError):  # another C library, another system
        return False
