"""No child outlives the launcher: on Linux the kernel sees to it."""

import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1

try:
    import ctypes

    # Loaded before any fork: between fork and exec nothing may take the loader's lock.
    _libc = ctypes.CDLL(None) if sys.platform == "linux" else None
except (ImportError, OSError):
    _libc = None


def die_with_parent(sign: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`, which runs after the change of uid (that change clears the setting).

    To be used from the main thread only: the kernel watches the thread that forked.
    """
    libc = _libc
    if libc is None:
        return None
    parent = os.getpid()

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
