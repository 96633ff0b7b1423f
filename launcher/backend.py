"""The database behind everything the launcher starts, and the environment that tells of it."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.binaries import find_binaries
from launcher.data import DataFolder, Running
from launcher.errors import LaunchError
from launcher.postgres import DURABLE, durable_cluster, tail, url
from launcher.progress import Step, run_step
from launcher.signals import ignore_signals

DATABASE = "copydesk"
SETTINGS_MODULE = "copydesk.config.settings"
FOREIGN_PYTHON = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Backend:
    env: Mapping[str, str]
    # The name of the cluster's folder, if it is ours: of that one we know what was done to it.
    own: str | None
    demo: bool
    # A sentence once the database has gone, which ends the launch.
    trouble: Callable[[], str | None]

    @property
    def owner_env(self) -> dict[str, str]:
        return {**self.env, "COPYDESK_ROLE": "owner"}


def base_env(environ: Mapping[str, str], root: Path) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name not in FOREIGN_PYTHON}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": SETTINGS_MODULE,
        "PYTHONPATH": str(root),
        "PYTHONUNBUFFERED": "1",
    }


def child_env(environ: Mapping[str, str], root: Path, data: DataFolder, port: int | None) -> dict[str, str]:
    env = base_env(environ, root)
    env["COPYDESK_DATA"] = str(data.path)
    env.setdefault("COPYDESK_SECRET_KEY", data.secret_key())
    if port is not None:
        env["COPYDESK_STREAM_URL"] = f"http://127.0.0.1:{port + 1}"
        env.setdefault("COPYDESK_FRONTEND_URL", f"http://127.0.0.1:{port}")
    return env


def own_env(environ: Mapping[str, str], root: Path, data: DataFolder, running: Running) -> dict[str, str]:
    socket = Path(running.socket)
    return {
        **child_env(environ, root, data, running.port),
        "DATABASE_URL": url(socket, "app", DATABASE),
        "DATABASE_OWNER_URL": url(socket, "app_owner", DATABASE),
        "COPYDESK_DEMO": "1",
    }


def given_env(environ: Mapping[str, str], root: Path, data: DataFolder, port: int | None) -> dict[str, str]:
    """A server of the person's own: its roles are theirs to make, and the demonstration must be asked for."""
    if not environ.get("DATABASE_OWNER_URL"):
        raise LaunchError(
            "DATABASE_URL is set, so DATABASE_OWNER_URL must be too: the first serves as the role `app`, the second"
            " migrates as `app_owner` (docs/how-to/production.md)."
        )
    return child_env(environ, root, data, port)


@contextlib.contextmanager
def backend(
    root: Path,
    python: str,
    environ: Mapping[str, str],
    data: DataFolder,
    port: int | None,
    settings: Mapping[str, str] = DURABLE,
) -> Iterator[Backend]:
    """The lock of `data` must be held."""
    if environ.get("DATABASE_URL"):
        env = given_env(environ, root, data, port)
        yield Backend(env=env, own=None, demo=env.get("COPYDESK_DEMO") == "1", trouble=lambda: None)
        return
    binaries = find_binaries(python, environ)
    log = data.logs / "postgres.log"
    data.forget_running()
    cluster = durable_cluster(binaries, data.path, log, [data.lock.fileno()], settings)
    if not cluster.exists:
        data.prepared.unlink(missing_ok=True)
    with Step(f"Starting PostgreSQL {binaries.major}"):
        cluster.start()

    def trouble() -> str | None:
        return None if cluster.poll() is None else f"The database server stopped:\n{tail(log)}"

    try:
        running = Running(socket=str(cluster.socket), port=port)
        # Noted before it is used: after a kill the next launch removes the socket's folder.
        data.note_running(running)
        if not data.prepared.exists():
            command = [python, "-m", "copydesk.tenancy.roles", cluster.superuser_url, DATABASE]
            run_step("Making the database and its roles", command, base_env(environ, root), root)
        yield Backend(env=own_env(environ, root, data, running), own=cluster.data.name, demo=True, trouble=trouble)
    finally:
        ignore_signals()
        cluster.stop()
        data.forget_running()


def code_hash(root: Path) -> str:
    """The same code on the same data has nothing to migrate and nothing to load."""
    seen = hashlib.sha256()
    files = [*sorted((root / "copydesk").rglob("*.py")), *sorted((root / "copydesk").rglob("*.sql"))]
    for path in [*files, root / "requirements" / "run.lock"]:
        seen.update(str(path.relative_to(root)).encode())
        seen.update(path.read_bytes())
    return seen.hexdigest()
