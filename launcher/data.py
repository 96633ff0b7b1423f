"""The data folder: everything that the demonstration leaves on the disk."""

import json
import os
import re
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from launcher.errors import LaunchError
from launcher.identity import server_account
from launcher.locks import FileLock
from launcher.postgres import SOCKET_PREFIX, cluster_home

MARKER = "copydesk-data.txt"
MARKER_TEXT = "Made by Copydesk's run.py; `run.py --fresh` removes what it made here.\n"
FOLDERS = ("files", "mail", "static", "logs")
OURS = (
    *FOLDERS,
    *("prepared", "secret_key", "secret_key.new", "cluster.json", "cluster.json.new", "bench.json", "bench.new"),
)
CLUSTER_DATA = re.compile(r"pg\d+(\.new)?")
STOP_SECONDS = 40


@dataclass(frozen=True)
class Running:
    """Where the cluster of this folder is reached, while it is up."""

    socket: str
    port: int | None


class DataFolder:
    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.lock = FileLock(self.path / "lock")

    def open(self) -> None:
        """Makes the folder, or refuses one that somebody else made."""
        if self.path.exists() and not self.is_ours():
            raise LaunchError(f"{self.path} is not empty and was not made by Copydesk: name another one with --data.")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Another account of the database server passes through; what is inside closes itself.
        self.path.chmod(0o711 if server_account().switches else 0o700)
        (self.path / MARKER).write_text(MARKER_TEXT)
        for name in FOLDERS:
            (self.path / name).mkdir(mode=0o700, exist_ok=True)

    def is_ours(self) -> bool:
        if not self.path.is_dir():
            return False
        return (self.path / MARKER).is_file() or not any(self.path.iterdir())

    def take(self) -> None:
        """Ours alone until this process and the database server that inherits the lock are gone."""
        if self.lock.acquire():
            return
        if self.lock.holder_is_running():
            raise LaunchError(f"{self.path} is in use by another launch: stop that one, or name another --data.")
        if not self.lock.wait(STOP_SECONDS):
            raise LaunchError(f"The database server of a launch that was killed still uses {self.path}.")

    def clear(self) -> None:
        """`--fresh`: removes what we made, and nothing else. The lock must be held."""
        if not self.is_ours():
            raise LaunchError(f"--fresh refuses {self.path}: it was not made by Copydesk.")
        self.forget_running()
        for entry in self.path.iterdir():
            if entry.name in OURS or CLUSTER_DATA.fullmatch(entry.name):
                _remove(entry)
        home = cluster_home(self.path, server_account())
        if home != self.path:
            shutil.rmtree(home)

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def prepared(self) -> Path:
        """Holds the hash of the code that last migrated and filled the database."""
        return self.path / "prepared"

    def secret_key(self) -> str:
        path = self.path / "secret_key"
        if not path.exists():
            new = path.with_suffix(".new")
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            new.rename(path)
        return path.read_text()

    def note_running(self, running: Running) -> None:
        new = self.path / "cluster.json.new"
        new.write_text(json.dumps(asdict(running)))
        new.rename(self.path / "cluster.json")

    def running(self) -> Running | None:
        try:
            known = json.loads((self.path / "cluster.json").read_text())
            return Running(socket=known["socket"], port=known["port"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def forget_running(self) -> None:
        """Also after a launch that was killed, whose socket folder nobody removed."""
        running = self.running()
        if running is not None and Path(running.socket).name.startswith(SOCKET_PREFIX):
            shutil.rmtree(running.socket, ignore_errors=True)
        (self.path / "cluster.json").unlink(missing_ok=True)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
