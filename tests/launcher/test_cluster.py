"""With a real server: it starts, it stops, and it never outlives its launcher."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from launcher.binaries import find_binaries
from launcher.cli import ROOT
from launcher.data import DataFolder
from launcher.errors import LaunchError
from launcher.identity import server_account
from launcher.locks import FileLock, is_running
from launcher.postgres import THROWAWAY, Cluster
from launcher.throwaway import sweep, throwaway_cluster

GONE_SECONDS = 30
HOLD = """
import os, sys, time
from launcher.throwaway import throwaway_cluster
with throwaway_cluster(sys.executable, os.environ) as started:
    pid = (started.cluster.data / "postmaster.pid").read_text().splitlines()[0]
    print(started.folder, pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own, which is closed to the account of the server."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


def cluster(folder: Path, **options: list[int]) -> Cluster:
    return Cluster(
        binaries=find_binaries(sys.executable, {}),
        folder=folder,
        account=server_account(),
        settings=THROWAWAY,
        log=folder / "log",
        sync=False,
        **options,  # type: ignore[arg-type]
    )


def wait_until_gone(pid: int) -> None:
    until = time.monotonic() + GONE_SECONDS
    while is_running(pid):
        assert time.monotonic() < until, f"process {pid} is still there"
        time.sleep(0.05)


def server_pid(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().splitlines()[0])


def test_it_starts_stops_and_keeps_its_data(folder: Path) -> None:
    first = cluster(folder)
    first.start()
    with psycopg.connect(first.superuser_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'é' AS word")
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SELECT lower('É')").fetchone() == ("é",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
    assert first.socket.stat().st_mode & 0o777 == 0o700
    pid = server_pid(first)
    first.stop()
    assert not is_running(pid)
    assert not first.socket.exists()
    second = cluster(folder)
    second.start()
    try:
        with psycopg.connect(second.superuser_url) as connection:
            assert connection.execute("SELECT word FROM kept").fetchone() == ("é",)
    finally:
        second.stop()


def test_a_half_made_folder_is_made_anew_and_a_strangers_pid_forgotten(folder: Path) -> None:
    started = cluster(folder)
    (folder / f"{started.data.name}.new").mkdir()
    (folder / f"{started.data.name}.new" / "half").touch()
    started.create()
    (started.data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    started.start()
    started.stop()
    assert not (started.data / "half").exists()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    started = cluster(folder)
    started.create()
    (started.data / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(LaunchError, match="nonsense"):
        started.start()


def test_the_server_holds_the_lock_that_it_is_given(folder: Path) -> None:
    data = DataFolder(folder / "data")
    data.open()
    data.take()
    started = cluster(data.path, pass_fds=[data.lock.fileno()])
    started.start()
    data.lock.release()
    assert not FileLock(data.lock.path).acquire()
    started.stop()
    again = FileLock(data.lock.path)
    assert again.acquire()
    again.release()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part in it is Linux's")
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_launcher_leaves_no_server(sign: signal.Signals) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    with holder, holder.stdout:
        folder, pid = holder.stdout.readline().split()
        assert is_running(int(pid))
        holder.send_signal(sign)
        holder.wait()
    wait_until_gone(int(pid))
    # Its files go with the next run, once the last of its processes let go of the lock.
    until = time.monotonic() + GONE_SECONDS
    while Path(folder).exists() and time.monotonic() < until:
        sweep(Path(folder).parent)
        time.sleep(0.05)
    assert not Path(folder).exists()


def test_a_living_run_is_not_swept() -> None:
    with throwaway_cluster(sys.executable, os.environ) as started:
        sweep(started.folder.parent)
        with psycopg.connect(started.cluster.superuser_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not started.folder.exists()
