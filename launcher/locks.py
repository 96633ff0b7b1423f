"""A lock that the kernel lets go of when its holders die, however they die."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from launcher.errors import LaunchError

try:
    import fcntl
except ImportError:
    sys.exit("Copydesk's launcher runs on Linux and macOS; on Windows, run it inside WSL.")


class FileLock:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        return self._fd is not None

    def fileno(self) -> int:
        """For `pass_fds`: a child that inherits the lock keeps it when this process is killed."""
        assert self._fd is not None
        return self._fd

    def acquire(self) -> bool:
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        except BaseException:
            os.close(fd)
            raise
        if not _same_file(fd, self.path):
            # Its last holder removed the file between our open and our flock.
            os.close(fd)
            return self.acquire()
        os.ftruncate(fd, 0)
        os.write(fd, str(os.getpid()).encode())
        self._fd = fd
        return True

    def wait(self, seconds: float, *, on_wait: Callable[[], None] = lambda: None) -> bool:
        if self.acquire():
            return True
        on_wait()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.05)
            if self.acquire():
                return True
        return False

    def holder_is_running(self) -> bool:
        """Whether the process that took the lock lives; what it started may outlive it briefly."""
        try:
            pid = int(self.path.read_text() or 0)
        except (OSError, ValueError):
            return False
        return pid > 0 and is_running(pid)

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        if not self.held and not self.wait(600):
            raise LaunchError(f"Another launch has held {self.path} for ten minutes; stop it first.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _same_file(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False
