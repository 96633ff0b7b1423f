import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.console import Log, is_routine
from launcher.errors import LaunchError
from launcher.locks import is_running
from launcher.progress import run_step
from launcher.serve import refuse_taken, welcome
from launcher.supervisor import MOST_DEATHS, Child, Supervisor

SECONDS = 20
LOGS = Path("logs")
SLEEPS = "import time; time.sleep(600)"
# A child with a child of its own, which would outlive it.
FAMILY = f"""
import pathlib, subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "{SLEEPS}"])
pathlib.Path(sys.argv[1]).write_text(str(grandchild.pid))
time.sleep(600)
"""


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    made: list[Child] = []

    def child(script: str, *arguments: str) -> Child:
        command = [sys.executable, "-c", script, *arguments]
        made.append(Child("worker", command, dict(os.environ), tmp_path, Log(tmp_path / "worker.log")))
        return made[-1]

    yield child
    Supervisor(made).stop()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def pid_in(path: Path) -> int:
    until(lambda: path.exists() and path.read_text() != "")
    return int(path.read_text())


def test_stopping_ends_children_and_theirs(child: Callable[..., Child], tmp_path: Path) -> None:
    supervisor = Supervisor([child(FAMILY, str(tmp_path / "pid"))])
    supervisor.start()
    grandchild = pid_in(tmp_path / "pid")
    supervisor.stop()
    until(lambda: not _alive(grandchild))


def test_a_dead_childs_own_go_before_it_is_started_again(child: Callable[..., Child], tmp_path: Path) -> None:
    tended = child(FAMILY, str(tmp_path / "pid"))
    tended.start()
    grandchild = pid_in(tmp_path / "pid")
    assert tended.process is not None
    tended.process.kill()
    until(lambda: tended.process is not None and tended.process.poll() is not None)
    tended.tend(100.0)
    until(lambda: not _alive(grandchild))
    assert tended.process is None
    tended.tend(100.5)
    assert tended.process is None, "it waits before it tries again"
    tended.tend(101.1)
    assert tended.process is not None


def test_one_that_keeps_dying_ends_the_launch(child: Callable[..., Child]) -> None:
    tended = child("raise SystemExit(3)")
    pauses: list[float] = []
    now = 100.0

    def die() -> None:
        tended.start()
        until(lambda: tended.process is not None and tended.process.poll() is not None)
        tended.tend(now)

    for _ in range(MOST_DEATHS - 1):
        die()
        pauses.append(tended.start_at - now)
    assert pauses == [1.0, 2.0, 4.0, 8.0]
    with pytest.raises(LaunchError, match=r"worker process keeps stopping \(exit code 3\)"):
        die()


def test_deaths_long_ago_are_forgotten(child: Callable[..., Child]) -> None:
    tended = child("raise SystemExit(3)")
    for now in range(0, 100 * MOST_DEATHS, 100):
        tended.start()
        until(lambda: tended.process is not None and tended.process.poll() is not None)
        tended.tend(float(now))
    assert len(tended.deaths) == 1


def test_one_that_ignores_sigterm_is_killed(
    child: Callable[..., Child], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launcher.supervisor.STOP_SECONDS", 0.3)
    deaf = "import pathlib, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    started = child(f"{deaf} pathlib.Path(sys.argv[1]).write_text('1'); {SLEEPS}", str(tmp_path / "ready"))
    started.start()
    pid_in(tmp_path / "ready")
    process = started.process
    assert process is not None
    Supervisor([started]).stop()
    assert process.returncode == -signal.SIGKILL


def test_the_terminal_shows_what_is_not_routine(
    child: Callable[..., Child], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ['{"event": "sealed", "level": "info"}', '{"event": "late", "level": "warning"}', "Subject: Welcome", "{"]
    tended = child(f"print({chr(10).join(lines)!r}); import time; time.sleep(600)")
    tended.env = {**tended.env, "PYTHONUNBUFFERED": "1"}
    tended.start()
    until(lambda: (tmp_path / "worker.log").read_text().count("\n") == len(lines))
    tended.tend(100.0)
    assert capsys.readouterr().out.splitlines() == lines[1:]
    assert is_routine(lines[0])


def test_the_log_of_the_launch_before_is_kept(tmp_path: Path) -> None:
    for launch in ("first", "second", "third"):
        with Log(tmp_path / "api.log").open() as output:
            output.write(launch.encode())
    assert (tmp_path / "api.old.log").read_text() == "second"
    assert (tmp_path / "api.log").read_text() == "third"


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LaunchError, match=f"Port {port} is in use"):
            refuse_taken(port)
    refuse_taken(port)


def test_a_failed_step_shows_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_step("Quiet", [sys.executable, "-c", "print('hidden')"], os.environ, tmp_path)
    with pytest.raises(LaunchError, match=r"(?s)Loud: failed.*shown"):
        run_step("Loud", [sys.executable, "-c", "raise SystemExit('shown')"], os.environ, tmp_path)
    assert "hidden" not in capsys.readouterr().out


def test_the_accounts_are_told_of_in_the_demonstration_only() -> None:
    assert "copydesk-demo" in welcome(8000, LOGS, demo=True)
    assert "copydesk-demo" not in welcome(8000, LOGS, demo=False)


def _alive(pid: int) -> bool:
    """A grandchild is nobody's here to reap: where no init does, it stays as a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return sys.platform != "linux" and is_running(pid)
    return state != "Z"
