"""Which account runs the database server: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import LaunchError


@dataclass(frozen=True)
class Account:
    """`uid is None`: stay who we are."""

    uid: int | None = None
    gid: int | None = None

    @property
    def switches(self) -> bool:
        return self.uid is not None

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        if not self.switches:
            return True
        # The shell and not Python: the interpreter itself may lie in a home that is closed to it.
        return self._succeeds(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)])

    def can_run(self, program: Path) -> bool:
        return self._succeeds([str(program), "--version"])

    def _succeeds(self, command: list[str]) -> bool:
        try:
            done = subprocess.run(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                user=self.uid,
                group=self.gid,
                extra_groups=[] if self.switches else None,
                check=False,
            )
        except OSError:
            return False
        return done.returncode == 0


def server_account() -> Account:
    if os.geteuid() != 0:
        return Account()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        account = Account(uid=entry.pw_uid, gid=entry.pw_gid)
        if account.can_enter(Path("/")):
            return account
    raise LaunchError(
        "PostgreSQL refuses to run as root and no account `postgres` or `nobody` can be used: "
        "run this as an ordinary user, or set DATABASE_URL."
    )
