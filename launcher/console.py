"""What the children say: all of it in their log files, on the terminal only what a person waits for."""

import json
from pathlib import Path
from typing import IO

from launcher.progress import say

ROUTINE = ("debug", "info")


class Log:
    """A file and not a pipe: whoever writes to it neither waits for us nor minds our death."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            path.replace(path.with_suffix(".old.log"))
        self.path = path
        path.touch(mode=0o600)
        self._reader = path.open("rb")
        self._rest = b""

    def open(self) -> IO[bytes]:
        return self.path.open("ab")

    def show_news(self) -> None:
        *lines, self._rest = (self._rest + self._reader.read()).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace")
            if not is_routine(text):
                say(text)


def is_routine(line: str) -> bool:
    """A structured line of an ordinary event; mails, warnings and tracebacks are something else."""
    if not line.startswith("{"):
        return False
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return isinstance(event, dict) and event.get("level") in ROUTINE
