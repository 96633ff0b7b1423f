"""Keeps the children running, and ends them together with whatever they started."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher.console import Log
from launcher.errors import LaunchError
from launcher.orphans import spawn
from launcher.progress import say

STOP_SECONDS = 10.0
# A child that dies this often within a minute will not get better.
MOST_DEATHS = 5
DEATHS_WITHIN = 60.0


@dataclass
class Child:
    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    log: Log
    # What the kernel sends when the launcher is killed: SIGTERM only to one that has children of its own to end.
    at_our_death: signal.Signals = signal.SIGKILL
    deaths: list[float] = field(default_factory=list)
    start_at: float = 0.0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open() as output:
            self.process = spawn(
                self.command, env=self.env, cwd=self.cwd, output=output, at_our_death=self.at_our_death
            )

    def signal_group(self, sign: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, sign)

    def tend(self, now: float) -> None:
        self.log.show_news()
        if self.process is None:
            if now >= self.start_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        # Its own children would keep the port, and the next one could not have it.
        self.signal_group(signal.SIGKILL)
        self.process = None
        self.log.show_news()
        self.deaths = [*(death for death in self.deaths if now - death < DEATHS_WITHIN), now]
        if len(self.deaths) >= MOST_DEATHS:
            raise LaunchError(
                f"The {self.name} process keeps stopping ({_ending(code)}): see above, and {self.log.path}."
            )
        pause = 2.0 ** (len(self.deaths) - 1)
        self.start_at = now + pause
        say(f"The {self.name} process stopped ({_ending(code)}); starting it again in {pause:.0f} s.")


class Supervisor:
    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children

    def start(self) -> None:
        for child in self.children:
            child.start()

    def tend(self) -> None:
        for child in self.children:
            child.tend(time.monotonic())

    def stop(self) -> None:
        started = [child for child in self.children if child.process is not None]
        for child in started:
            assert child.process is not None
            # Only to the child itself: it ends its own in the order it knows.
            child.process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for child in started:
            assert child.process is not None
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, until - time.monotonic()))
            child.signal_group(signal.SIGKILL)
            child.process.wait()
            child.process = None
            child.log.show_news()


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
