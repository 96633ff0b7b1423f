"""The migrated database that each worker's is a copy of, kept from run to run until a migration changes."""

import contextlib
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from launcher.binaries import find_binaries
from launcher.errors import LaunchError
from launcher.locks import FileLock
from launcher.postgres import url
from launcher.progress import run_step, say
from launcher.throwaway import throwaway_cluster

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".template"
DATABASE = "copydesk_template"
# All that migrating depends on: tests/launcher/test_template.py holds migrations to it.
SOURCES = (
    *("copydesk/**/migrations/**/*", "copydesk/core/**/*", "copydesk/tenancy/**/*", "copydesk/config/settings.py"),
    *("launcher/*", "requirements/dev.lock", "tests/template.py"),
)
BUILD_SECONDS = 600


@contextlib.contextmanager
def held() -> Iterator[Path]:
    """The data of a stopped cluster that holds the template, to be copied meanwhile and never started."""
    CACHE.mkdir(exist_ok=True)
    lock = FileLock(CACHE / "lock")
    if not lock.wait(BUILD_SECONDS, on_wait=lambda: say("Another run makes the tests' database: waiting for it …")):
        raise LaunchError("Another run has been making the tests' database for ten minutes.")
    with lock:
        data = CACHE / key()
        if not data.is_dir():
            build(data)
        yield data


def build(data: Path) -> None:
    with throwaway_cluster(sys.executable, os.environ) as started:
        cluster = started.cluster
        env = {**os.environ, **environment(cluster.socket, DATABASE, started.folder), "COPYDESK_ROLE": "owner"}
        env.pop("COPYDESK_DEMO", None)
        roles = [sys.executable, "-m", "copydesk.tenancy.roles", cluster.superuser_url, DATABASE]
        run_step("Making the tests' database and its roles", roles, env, ROOT)
        migrate = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        run_step("Migrating the tests' database, once for these migrations", migrate, env, ROOT)
        cluster.stop()
        # Only the newest is kept; nobody copies an older one, since we hold the lock.
        for old in CACHE.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
        new = data.with_suffix(".new")
        shutil.copytree(cluster.data, new)
        new.rename(data)


def environment(socket: Path, database: str, folder: Path) -> dict[str, str]:
    """What a process that works on `database` is started with, as in production."""
    return {
        "DJANGO_SETTINGS_MODULE": "copydesk.config.settings",
        "DATABASE_URL": url(socket, "app", database),
        "DATABASE_OWNER_URL": url(socket, "app_owner", database),
        "COPYDESK_DATA": str(folder / "data" / database),
        "COPYDESK_SECRET_KEY": "only-for-tests-" + "0123456789" * 5,
        "COPYDESK_STREAM_URL": "http://127.0.0.1:9",
    }


def key() -> str:
    seen = hashlib.sha256(str(find_binaries(sys.executable, os.environ).postgres.resolve()).encode())
    for path in sources():
        seen.update(str(path.relative_to(ROOT)).encode())
        seen.update(path.read_bytes())
    return seen.hexdigest()[:16]


def sources() -> Iterator[Path]:
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and path.suffix != ".pyc":
                yield path
