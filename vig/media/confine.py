"""Takes everything from the decoder child that it does not need, before it reads a hostile byte.

Linux loses most: no network, no files (Landlock, where the kernel has it), no core dump, no
debugger, bounded memory, processor time and open files. macOS keeps the resource limits. Windows
has none of this here: there the fresh process without keys and the parent's watchdog remain.
Each measure is tried alone; :func:`confine` says which ones hold.
"""

from __future__ import annotations

import ctypes
import os
import random
import struct
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
# Landlock has the same three system call numbers on every architecture (Linux 5.13).
_LANDLOCK_CREATE: Final = 444
_LANDLOCK_RESTRICT: Final = 446
# Every file right of Landlock's first version; and, from its fourth, TCP bind and connect.
_LANDLOCK_FILES: Final = (1 << 13) - 1
_LANDLOCK_TCP: Final = 3


def drop_network() -> bool:
    """Move into an empty network name space. Must be called while there is one thread only."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(
        libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0
    )


def drop_privileges() -> list[str]:
    """No new privileges, no debugger, no core dump, no files; the names of what took hold."""
    held: list[str] = []
    if sys.platform != "linux":
        return held
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        held.append("no new privileges")
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0:
        held.append("not dumpable")
    for rights in ((_LANDLOCK_FILES, _LANDLOCK_TCP), (_LANDLOCK_FILES,)):
        wanted = struct.pack(f"={len(rights)}Q", *rights)
        ruleset = libc.syscall(_LANDLOCK_CREATE, wanted, len(wanted), 0)
        if ruleset < 0:
            continue
        if libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0:
            held.append("no files")
        os.close(ruleset)
        break
    return held


def few_processors(most: int = 4) -> None:
    """Keep to a few processors, chosen by chance so that several children do not share them.

    The libraries start a thread for each processor they see, and each thread reserves memory: on
    a machine with 64 of them an ordinary film would not fit into the limit.
    """
    if sys.platform == "linux":
        seen = os.sched_getaffinity(0)
        if len(seen) > most:
            os.sched_setaffinity(0, random.sample(sorted(seen), most))


def limit(memory: int, seconds: int) -> list[str]:
    """Bound memory (bytes) and processor time (seconds); forbid writing files and core dumps."""
    if sys.platform == "win32":
        return []
    import resource

    held: list[str] = []
    wanted = [
        ("no core dump", resource.RLIMIT_CORE, 0, 0),
        ("no file written", resource.RLIMIT_FSIZE, 0, 0),
        ("few open files", resource.RLIMIT_NOFILE, 32, 32),
        ("bounded memory", resource.RLIMIT_AS, memory, memory),
        ("bounded time", resource.RLIMIT_CPU, seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]),
    ]
    for name, what, soft, hard in wanted:
        try:
            resource.setrlimit(what, (soft, hard))
        except (ValueError, OSError):
            continue
        held.append(name)
    return held


def grant_time(seconds: int) -> None:
    """Raise the processor time limit to what was used so far and ``seconds`` more."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard < 0 else min(soft, hard), hard))
