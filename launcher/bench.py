"""`run.py bench`: a world of N orders in a data folder of its own, loaded once, and every GET route measured on it."""

import argparse
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.backend import Backend, backend
from launcher.data import DataFolder
from launcher.errors import LaunchError
from launcher.postgres import LOADING
from launcher.progress import Step, run_shown, run_step
from launcher.serve import HOST, api, wait_until_ready
from launcher.signals import Stop, ignore_signals, stop_on_signals
from launcher.supervisor import Supervisor
from launcher.venv import ensure_venv

SETTINGS_MODULE = "copydesk.config.bench"
LEAST_ORDERS = 60
# Where another database is named, it is left alone.
OF_OTHERS = ("DATABASE_URL", "DATABASE_OWNER_URL")


@dataclass(frozen=True)
class Wanted:
    orders: int
    data: Path
    json: Path | None
    against: Path | None
    fresh: bool
    rounds: int
    load_only: bool


def parse(root: Path, arguments: Sequence[str]) -> Wanted:
    parser = argparse.ArgumentParser(prog="run.py bench", allow_abbrev=False)
    parser.add_argument("--orders", type=int, required=True, help=f"of all websites together, {LEAST_ORDERS} or more")
    parser.add_argument("--json", type=Path, default=None, help="file for the figures")
    parser.add_argument("--against", type=Path, default=None, help="the figures of another run, to compare with")
    parser.add_argument("--data", type=Path, default=None, help="folder of the loaded world (.bench/N)")
    parser.add_argument("--fresh", action="store_true", help="load anew what an earlier run left in that folder")
    parser.add_argument("--rounds", type=int, default=4, help="over all routes, 15 requests each (4)")
    parser.add_argument("--load-only", action="store_true", help="measure nothing")
    options = parser.parse_args(arguments)
    if options.orders < LEAST_ORDERS:
        parser.error(f"--orders: {LEAST_ORDERS} or more")
    return Wanted(
        orders=options.orders,
        data=options.data or root / ".bench" / str(options.orders),
        json=options.json and options.json.absolute(),
        against=options.against and options.against.absolute(),
        fresh=options.fresh,
        rounds=options.rounds,
        load_only=options.load_only,
    )


def bench(root: Path, given: Mapping[str, str], arguments: Sequence[str]) -> int:
    wanted = parse(root, arguments)
    environ = {name: value for name, value in given.items() if name not in OF_OTHERS}
    stop_on_signals()
    data = DataFolder(wanted.data)
    try:
        data.open()
        data.take()
        with data.lock:
            python = ensure_venv(root, "run", environ)
            if not is_loaded(data, wanted):
                with backend(root, python, environ, data, None, LOADING) as database:
                    _load(root, python, data, database, wanted.orders)
                os.sync()
            if wanted.load_only:
                return 0
            port = _free_port()
            with backend(root, python, environ, data, port) as database:
                return _measure(root, python, data, database, port, wanted)
    except Stop:
        return 130


def is_loaded(data: DataFolder, wanted: Wanted) -> bool:
    """Whether the folder holds the wanted world, whole. One that was cut off is removed, as with --fresh."""
    note = _note(data)
    holds = json.loads(note.read_text()) if note.exists() else None
    if holds is None and data.prepared.exists():
        raise LaunchError(f"{data.path} holds another database: name another folder with --data.")
    if holds is not None and not wanted.fresh:
        if holds["orders"] != wanted.orders:
            raise LaunchError(f"{data.path} holds {holds['orders']} orders: name another --data, or load --fresh.")
        if "seconds" in holds:
            return True
    if holds is not None:
        data.clear()
        data.open()
    return False


def _load(root: Path, python: str, data: DataFolder, database: Backend, orders: int) -> None:
    note = _note(data)
    note.write_text(json.dumps({"orders": orders}))
    django = [python, "-m", "django"]
    run_step("Migrating the database", [*django, "migrate", "--verbosity", "0"], database.owner_env, root)
    load = [*django, "load_bench", "--orders", str(orders), "--json", str(note.with_suffix(".new"))]
    if run_shown(load, database.owner_env, root) != 0:
        raise LaunchError("The world could not be loaded; the reason is above.")
    data.prepared.write_text("bench")
    note.with_suffix(".new").rename(note)


def _measure(root: Path, python: str, data: DataFolder, database: Backend, port: int, wanted: Wanted) -> int:
    env = {**database.env, "DJANGO_SETTINGS_MODULE": SETTINGS_MODULE}
    supervisor = Supervisor([api(root, python, env, port, data.logs)])
    measure = [
        *(python, "-m", "django", "measure_bench", "--url", f"http://{HOST}:{port}"),
        *("--loaded", str(_note(data)), "--rounds", str(wanted.rounds)),
        *(("--json", str(wanted.json)) if wanted.json else ()),
        *(("--against", str(wanted.against)) if wanted.against else ()),
    ]
    try:
        supervisor.start()
        with Step("Starting the API") as step:
            wait_until_ready(supervisor, database, port, step)
        return run_shown(measure, {**env, "COPYDESK_ROLE": "owner"}, root)
    finally:
        ignore_signals()
        supervisor.stop()


def _note(data: DataFolder) -> Path:
    return data.path / "bench.json"


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
