"""No child outlives the launcher: on Linux the kernel sees to it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

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


def spawn(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    output: int | IO[bytes] | None = None,
    at_our_death: signal.Signals = signal.SIGKILL,
    own_group: bool = True,
) -> subprocess.Popen[bytes]:
    """`own_group`: Ctrl-C in the terminal then reaches us only, and whoever the child starts can be found."""
    return subprocess.Popen(
        command,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL if own_group else None,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        process_group=0 if own_group else None,
        preexec_fn=die_with_parent(at_our_death),
    )
