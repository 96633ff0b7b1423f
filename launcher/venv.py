"""The virtual environment, built from a hash-pinned lock file and stamped with that file's hash."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from launcher.errors import LaunchError
from launcher.locks import FileLock
from launcher.progress import run_step, say

Profile = Literal["run", "dev"]
WAIT_SECONDS = 900


@dataclass(frozen=True)
class Stamp:
    """Written last: a venv without one was killed while it was made, and is made anew."""

    profile: Profile
    lock: str

    @classmethod
    def read(cls, path: Path) -> "Stamp | None":
        try:
            known = json.loads(path.read_text())
            return cls(profile=known["profile"], lock=known["lock"])
        except (OSError, ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class Venv:
    root: Path
    environ: Mapping[str, str]

    @property
    def folder(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.folder / "copydesk.json"

    def lock_file(self, profile: Profile) -> Path:
        return self.root / "requirements" / f"{profile}.lock"

    def wanted(self, profile: Profile) -> Stamp:
        """What a venv for `profile` is stamped with; one that has the developers' tools keeps them."""
        known = Stamp.read(self.stamp)
        if known is not None and known.profile == "dev":
            profile = "dev"
        return Stamp(profile, hashlib.sha256(self.lock_file(profile).read_bytes()).hexdigest())

    def ready(self, profile: Profile) -> bool:
        return Stamp.read(self.stamp) == self.wanted(profile) and runs(self.python)

    def ensure(self, profile: Profile) -> Path:
        if self.ready(profile):
            return self.python
        lock = FileLock(self.root / ".venv.lock")
        if not lock.wait(WAIT_SECONDS, on_wait=lambda: say("Another launch is setting up .venv: waiting for it …")):
            raise LaunchError("Another launch has been setting up .venv for a quarter of an hour; stop it first.")
        with lock:
            if not self.ready(profile):
                self._build(profile)
        return self.python

    def _build(self, profile: Profile) -> None:
        wanted = self.wanted(profile)
        finished = Stamp.read(self.stamp) is not None and runs(self.python)
        self.stamp.unlink(missing_ok=True)
        uv = shutil.which("uv", path=self.environ.get("PATH"))
        if not finished:
            if self.folder.exists():
                shutil.rmtree(self.folder)
            self._create(with_pip=uv is None)
        elif uv is None and runs(self.folder / "bin" / "uv"):
            uv = str(self.folder / "bin" / "uv")
        self._install(wanted.profile, uv)
        unfinished = self.stamp.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(wanted)))
        unfinished.rename(self.stamp)

    def _create(self, *, with_pip: bool) -> None:
        if with_pip and importlib.util.find_spec("ensurepip") is None:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise LaunchError(
                f"This Python cannot make virtual environments with pip (it lacks ensurepip): install the package"
                f" python{version}-venv (Debian, Ubuntu), or uv, and start again."
            )
        options = [] if with_pip else ["--without-pip"]
        command = [sys.executable, "-m", "venv", *options, str(self.folder)]
        run_step("Making .venv", command, self.environ, self.root)

    def _install(self, profile: Profile, uv: str | None) -> None:
        lock = self.lock_file(profile)
        count = sum(1 for line in lock.read_text().splitlines() if line[:1].isalnum())
        text = f"Installing {count} packages into .venv"
        only_what_is_locked = ["--only-binary", ":all:", "--require-hashes"]
        if uv is not None:
            command = [uv, "pip", "sync", "--python", str(self.python), *only_what_is_locked, str(lock)]
            try:
                run_step(text, command, self.environ, self.root)
            except LaunchError as error:
                # uv does not read pip's configuration, where a mirror or a certificate may be named.
                if importlib.util.find_spec("ensurepip") is None:
                    raise
                say(f"{error}\nTrying pip instead.")
            else:
                return
        if not runs(self.python, "-m", "pip"):
            run_step("Adding pip to .venv", [str(self.python), "-m", "ensurepip"], self.environ, self.root)
        pip = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        run_step(text, [*pip, *only_what_is_locked, "-r", str(lock)], self.environ, self.root)


def ensure_venv(root: Path, profile: Profile, environ: Mapping[str, str]) -> str:
    """The python to run everything with. COPYDESK_VENV names a venv that is used as it is."""
    given = environ.get("COPYDESK_VENV")
    if given:
        python = Path(given).absolute() / "bin" / "python"
        if not runs(python):
            raise LaunchError(f"COPYDESK_VENV is {given}, where no Python can be run.")
        return str(python)
    # Inside a venv of the person's own, pip would be told to install for that one.
    foreign = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")
    kept = {name: value for name, value in environ.items() if name not in foreign}
    return str(Venv(root, kept).ensure(profile))


def runs(program: Path, *arguments: str) -> bool:
    if not os.access(program, os.X_OK):
        return False
    command = [str(program), *arguments, "--version"]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0
