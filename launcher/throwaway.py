"""A cluster for one run of the tests, in a temporary folder that holds everything of that run."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.binaries import find_binaries, within_reach
from launcher.identity import server_account
from launcher.locks import FileLock
from launcher.postgres import THROWAWAY, Cluster

PREFIX = "copydesk-run-"


@dataclass(frozen=True)
class Throwaway:
    folder: Path
    cluster: Cluster


@contextlib.contextmanager
def throwaway_cluster(python: str, environ: Mapping[str, str], seed: Path | None = None) -> Iterator[Throwaway]:
    """`seed`: the data of a cluster that was stopped, to begin with a copy of it."""
    sweep(Path(tempfile.gettempdir()))
    account = server_account()
    new = Path(tempfile.mkdtemp(prefix=f"new-{PREFIX}"))
    lock = FileLock(new / "lock")
    lock.acquire()
    # Named so only once it is locked, or another run's sweep might take it for a dead one's.
    folder = new.rename(new.with_name(new.name.removeprefix("new-")))
    try:
        # Others may pass through, for the server's account; what is inside is closed to them.
        folder.chmod(0o711)
        cluster = Cluster(
            binaries=within_reach(find_binaries(python, environ), account),
            folder=folder,
            account=account,
            settings=THROWAWAY,
            log=folder / "postgres.log",
            sync=False,
            pass_fds=[lock.fileno()],
            socket_parent=folder,
        )
        if seed is not None:
            adopt(seed, cluster)
        cluster.start()
        try:
            yield Throwaway(folder, cluster)
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def adopt(seed: Path, cluster: Cluster) -> None:
    shutil.copytree(seed, cluster.data)
    cluster.data.chmod(0o700)
    for folder, _, files in os.walk(cluster.data):
        cluster.account.own(Path(folder))
        for file in files:
            cluster.account.own(Path(folder, file))


def sweep(parent: Path) -> None:
    """Removes what runs that were killed left: the lock is free once the last of their processes is gone."""
    for folder in parent.glob(f"{PREFIX}*"):
        lock = FileLock(folder / "lock")
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid() or not lock.acquire():
                continue
        except OSError:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
