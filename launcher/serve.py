"""`run.py`: sets everything up, fills the demonstration world, serves until Ctrl-C."""

import errno
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from launcher.backend import Backend, backend, code_hash
from launcher.console import Log
from launcher.data import DataFolder
from launcher.errors import LaunchError
from launcher.progress import Step, run_shown, run_step, say
from launcher.signals import Stop, ignore_signals, stop_on_signals
from launcher.supervisor import Child, Supervisor
from launcher.venv import ensure_venv

HOST = "127.0.0.1"
READY_PATH = "/healthz/ready/"
READY_SECONDS = 180
WORKERS = 2
THREADS = 4
PASSWORD = "copydesk-demo"  # noqa: S105 (the demonstration's, printed for everyone)


def serve(root: Path, environ: Mapping[str, str], *, port: int, folder: Path, fresh: bool) -> None:
    stop_on_signals()
    data = DataFolder(folder)
    try:
        for taken in (port, port + 1):
            refuse_taken(taken)
        data.open()
        data.take()
        with data.lock:
            python = ensure_venv(root, "run", environ)
            if fresh:
                data.clear()
                data.open()
            with backend(root, python, environ, data, port) as database:
                _prepare(root, python, data, database)
                _run(root, python, data, database, port)
    except Stop:
        say("Stopped.")


def refuse_taken(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port that only rests after an earlier connection is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise LaunchError(
                    f"Port {port} is in use: stop what uses it, or name another one with --port."
                ) from None
            raise LaunchError(f"Port {port} cannot be used: {error.strerror}.") from None


def _prepare(root: Path, python: str, data: DataFolder, database: Backend) -> None:
    stamp = f"{database.own} {code_hash(root)}"
    if database.own is not None and data.prepared.exists() and data.prepared.read_text() == stamp:
        return
    data.prepared.unlink(missing_ok=True)
    command = [python, "-m", "django", "migrate", "--verbosity", "0"]
    run_step("Migrating the database", command, database.owner_env, root)
    if database.demo and run_shown([python, "-m", "django", "load_demo"], database.owner_env, root) != 0:
        raise LaunchError("The demonstration world could not be loaded; the reason is above.")
    if database.own is not None:
        data.prepared.write_text(stamp)


def _run(root: Path, python: str, data: DataFolder, database: Backend, port: int) -> None:
    supervisor = Supervisor(children(root, python, database, port, data.logs))
    try:
        supervisor.start()
        with Step("Starting API, worker and stream") as step:
            wait_until_ready(supervisor, database, port, step)
        say(welcome(port, data.logs, demo=database.demo))
        while True:
            _tend(supervisor, database)
            time.sleep(0.2)
    finally:
        ignore_signals()
        say("Stopping …")
        supervisor.stop()


def children(root: Path, python: str, database: Backend, port: int, logs: Path) -> list[Child]:
    stream = [
        *(python, "-m", "uvicorn", "--host", HOST, "--port", str(port + 1), "--log-level", "warning"),
        *("--timeout-graceful-shutdown", "3", "copydesk.config.stream:application"),
    ]
    worker = [python, "-m", "django", "run_worker"]
    env = database.env
    return [
        api(root, python, env, port, logs),
        Child("worker", worker, env, root, Log(logs / "worker.log")),
        Child("stream", stream, env, root, Log(logs / "stream.log")),
    ]


def api(root: Path, python: str, env: Mapping[str, str], port: int, logs: Path) -> Child:
    command = [
        *(python, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)),
        *("--workers", str(WORKERS), "--respawn-failed-workers", "--workers-kill-timeout", "3"),
        # The longest that granian takes: a thread that is let go loses its database connection.
        *("--blocking-threads", str(THREADS), "--blocking-threads-idle-timeout", "600"),
        *("--log-level", "warning", "copydesk.config.wsgi:application"),
    ]
    return Child("API", command, env, root, Log(logs / "api.log"), at_our_death=signal.SIGTERM)


def _tend(supervisor: Supervisor, database: Backend) -> None:
    trouble = database.trouble()
    if trouble is not None:
        raise LaunchError(trouble)
    supervisor.tend()


def wait_until_ready(supervisor: Supervisor, database: Backend, port: int, step: Step) -> None:
    # Never through a proxy that the environment may name.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = f"http://{HOST}:{port}{READY_PATH}"
    until = time.monotonic() + READY_SECONDS
    last = "no answer"
    while time.monotonic() < until:
        _tend(supervisor, database)
        try:
            with opener.open(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            last = f"HTTP {error.code}"
        except OSError as error:
            last = str(error)
        step.tick()
        time.sleep(0.1)
    raise LaunchError(f"{url} was not ready after {READY_SECONDS} s ({last}).")


def welcome(port: int, logs: Path, *, demo: bool) -> str:
    base = f"http://{HOST}:{port}"
    lines = [
        "",
        f"  API    {base}/api/v1/",
        f"  Docs   {base}/api/v1/docs/",
        f"  Logs   {logs}",
    ]
    if demo:
        lines += [
            "",
            f"  Password of every account: {PASSWORD}",
            "  Website atlas     client@atlas.test client2@ writer@ writer2@ writer3@ editor@ support@ admin@",
            "  Website borealis  the same names @borealis.test",
            "  All websites      superadmin@copydesk.test",
            "",
            "  Log in:",
            f"  curl -s {base}/api/v1/auth/login/ -H 'X-Website: atlas' -H 'Content-Type: application/json' \\",
            f"""    -d '{{"email": "client@atlas.test", "password": "{PASSWORD}"}}'""",
        ]
    return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])
