"""A PostgreSQL cluster of our own: made once, reached by a socket only, gone when we are gone."""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

from launcher.binaries import Binaries, shared_home, within_reach
from launcher.errors import LaunchError
from launcher.identity import Account, server_account
from launcher.orphans import die_with_parent

SUPERUSER = "postgres"
# sun_path holds 107 bytes on Linux and 103 on macOS, PostgreSQL's lock file beside it included.
LONGEST_SOCKET = 103 - len("/.s.PGSQL.5432.lock")
SOCKET_PREFIX = "copydesk-"
START_SECONDS = 120
STOP_SECONDS = 30

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "random_page_cost": "1.1",
    "log_checkpoints": "off",
}
DURABLE: Mapping[str, str] = {
    "max_connections": "100",
    "idle_in_transaction_session_timeout": "60s",
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_insert_scale_factor": "0.02",
    "max_wal_size": "2GB",
}
THROWAWAY: Mapping[str, str] = {
    "max_connections": "200",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "autovacuum_naptime": "10s",
}
LOADING: Mapping[str, str] = {
    **THROWAWAY,
    "max_connections": "20",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "shared_buffers": "1GB",
}
"""For a large load into a folder of its own: what is cut off is begun again."""


def url(socket: Path, role: str, database: str) -> str:
    return f"postgresql://{role}@/{database}?host={quote(str(socket), safe='/')}"


@dataclass
class Cluster:
    """`folder` holds the data, in a folder of its own named by PostgreSQL's major version."""

    binaries: Binaries
    folder: Path
    account: Account
    settings: Mapping[str, str]
    log: Path
    sync: bool = True
    pass_fds: Sequence[int] = ()
    socket_parent: Path | None = None
    socket: Path = field(init=False)
    _server: subprocess.Popen[bytes] | None = field(init=False, default=None)

    @property
    def data(self) -> Path:
        return self.folder / f"pg{self.binaries.major}"

    @property
    def superuser_url(self) -> str:
        return url(self.socket, SUPERUSER, "postgres")

    @property
    def exists(self) -> bool:
        return self.data.is_dir()

    def create(self) -> None:
        """Killed half way it leaves only a `.new` folder, which the next one replaces."""
        new = self.data.with_name(f"{self.data.name}.new")
        if new.exists():
            shutil.rmtree(new)
        new.mkdir(mode=0o700)
        self.account.own(new)
        options = [f"--pgdata={new}", f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8"]
        if not self.sync:
            options.append("--no-sync")
        output = b""
        for locale in self._locales():
            # Killed, it leaves a process of its own that goes on writing: that holds the lock until it ends.
            maker = self._spawn(
                [str(self.binaries.initdb), *options, *locale], subprocess.PIPE, signal.SIGKILL, self.pass_fds
            )
            output, _ = maker.communicate()
            if maker.returncode == 0:
                new.rename(self.data)
                return
        raise LaunchError(f"PostgreSQL could not create its data folder {new}:\n{output.decode(errors='replace')}")

    def start(self) -> None:
        if not self.exists:
            self.create()
        self._forget_stale_pid()
        self.socket = _socket_folder(self.socket_parent)
        self.account.own(self.socket)
        settings = {**SETTINGS, **self.settings, "unix_socket_directories": str(self.socket)}
        command = [str(self.binaries.postgres), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            # SIGINT is PostgreSQL's fast shutdown.
            self._server = self._spawn(command, log, signal.SIGINT, self.pass_fds)
        try:
            self._wait_until_ready(self._server)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                if server.poll() is None:
                    server.send_signal(sign)
                try:
                    server.wait(STOP_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    continue
            shutil.rmtree(self.socket, ignore_errors=True)

    def poll(self) -> int | None:
        return self._server.poll() if self._server is not None else None

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if server.poll() is not None:
                raise LaunchError(f"PostgreSQL stopped while starting:\n{tail(self.log)}")
            # The line that pg_ctl itself waits for.
            if _pid_file(self.data)[7:8] == ["ready"]:
                return
            time.sleep(0.01)
        raise LaunchError(f"PostgreSQL was not ready after {START_SECONDS} s:\n{tail(self.log)}")

    def _forget_stale_pid(self) -> None:
        """After a crash the pid in the file may belong to a stranger, and PostgreSQL would not start."""
        lines = _pid_file(self.data)
        if not lines:
            return
        until = time.monotonic() + STOP_SECONDS
        while _is_server(int(lines[0]), self.data):
            if time.monotonic() > until:
                raise LaunchError(f"A PostgreSQL server (process {lines[0]}) still uses {self.data}.")
            time.sleep(0.05)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _locales(self) -> list[list[str]]:
        if self.binaries.major >= 17:
            # The wheels are built without ICU, and libc's locales differ from machine to machine.
            return [["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
        return [["--locale=C.UTF-8"], ["--locale=C"]]

    def _spawn(
        self,
        command: list[str],
        output: int | IO[bytes],
        at_our_death: signal.Signals,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Of its own, so that Ctrl-C in the terminal leaves the order of stopping to us.
            process_group=0,
            pass_fds=pass_fds,
            preexec_fn=die_with_parent(at_our_death),
            user=self.account.uid,
            group=self.account.gid,
            extra_groups=[] if self.account.switches else None,
        )


def durable_cluster(
    binaries: Binaries, folder: Path, log: Path, pass_fds: Sequence[int], settings: Mapping[str, str] = DURABLE
) -> Cluster:
    account = server_account()
    return Cluster(
        binaries=within_reach(binaries, account),
        folder=cluster_home(folder, account),
        account=account,
        settings=settings,
        log=log,
        pass_fds=pass_fds,
    )


def cluster_home(folder: Path, account: Account) -> Path:
    """`folder`, or one of its own elsewhere where the server's account cannot get to `folder`."""
    if account.can_enter(folder):
        return folder
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    home = shared_home() / f"data-{name}"
    home.mkdir(mode=0o711, exist_ok=True)
    return home


def tail(log: Path, lines: int = 15) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _socket_folder(preferred: Path | None) -> Path:
    for parent in (preferred, tempfile.gettempdir(), "/tmp"):  # noqa: S108 (mkdtemp makes it 0700)
        if parent is not None and len(f"{parent}/{SOCKET_PREFIX}12345678") <= LONGEST_SOCKET:
            return Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=parent))
    raise LaunchError("No temporary folder has a path short enough for a socket.")


def _pid_file(data: Path) -> list[str]:
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
    except OSError:
        return []


def _is_server(pid: int, data: Path) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
    except OSError:
        # Not Linux, or no such process; minimal Linux images have no `ps`, everything else does.
        listing = ["/bin/ps", "-p", str(pid), "-o", "args="]
        try:
            command = subprocess.run(listing, capture_output=True, text=True, check=False).stdout
        except OSError:
            return False
    return f"-D {data}" in command
