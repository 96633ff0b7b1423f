"""Long steps say what they do and how long it took."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from launcher.errors import LaunchError
from launcher.orphans import spawn

QUIET_SECONDS = 10


def say(text: str, end: str = "\n") -> None:
    try:
        print(text, end=end, flush=True)
    except OSError:
        # Nobody reads on (a closed pipe, a closed terminal): no reason to leave the stopping undone.
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115


class Step:
    """A counting line on a terminal; elsewhere a sign of life every ten seconds.

    Whoever waits calls `tick`: a thread would be one too many when processes are forked.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.live = sys.stdout.isatty()
        self.started = self.said = time.monotonic()

    def tick(self) -> None:
        now = time.monotonic()
        if now - self.said >= (1 if self.live else QUIET_SECONDS):
            self.said = now
            seconds = int(now - self.started)
            if self.live:
                say(f"\r{self.text} … {seconds} s", end="")
            else:
                say(f"  … {seconds} s")

    def __enter__(self) -> Self:
        say(f"{self.text} …", end="" if self.live else "\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        outcome = "done" if error is None else "failed"
        took = f"{outcome}, {time.monotonic() - self.started:.1f} s"
        say(f"\r{self.text} … {took}" if self.live else f"  {took}")


def run_step(text: str, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
    """Runs `command`, and shows what it wrote only if it fails."""
    with tempfile.TemporaryFile() as output, Step(text) as step:
        code = _wait(spawn(command, env=env, cwd=cwd, output=output), step.tick)
        if code != 0:
            output.seek(0)
            written = output.read().decode(errors="replace").strip()
            raise LaunchError(f"{text}: failed.\n{written}")


def run_shown(command: Sequence[str], env: Mapping[str, str], cwd: Path, *, own_group: bool = True) -> int:
    """Runs `command`, which tells its own progress."""
    return _wait(spawn(command, env=env, cwd=cwd, own_group=own_group), lambda: None)


def _wait(child: subprocess.Popen[bytes], tick: Callable[[], None]) -> int:
    try:
        while True:
            try:
                return child.wait(0.2)
            except subprocess.TimeoutExpired:
                tick()
    except BaseException:
        child.kill()
        child.wait()
        raise
